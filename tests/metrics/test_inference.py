import json

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.inference import MAX_SECRETS, Inference, guess, inference, is_right
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.risk import success_rate
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.rng import stream
from tests.reference.anonymeter_attacks import HALVES, SECRETS, build, numbers


@pytest.fixture
def tables(people, coded):
    return coded(real=people(300, 1), fresh=people(300, 2), holdout=people(300, 3))


def numeric(*values, kind="continuous"):
    return CodedColumn("x", kind, np.array(values, dtype=float))


@pytest.mark.parametrize("secret", SECRETS)
def test_guesses_and_hits_are_those_of_anonymeter(coded, secret):
    tables = coded(**build())
    known = [name for half in HALVES for name in half]
    names = [c.name for c in tables["real"].columns]
    real, synthetic = (tables[t].select([names.index(name) for name in known]) for t in ("real", "synthetic"))
    at = known.index(secret)
    rows = guess(real, synthetic, [at], stream(0, "test"))[0]
    expected = numbers()["inference"][secret]
    assert rows.tolist() == expected["nearest"]
    right = is_right(real.columns[at], synthetic.columns[at].values[rows])
    assert right.tolist() == expected["right"]


def test_a_number_is_right_within_a_twentieth_of_the_guess():
    guessed = np.array([100.0, 100.0, 100.0, 100.0, 0.0, 0.0, 1e-300, 1e308])
    secret = numeric(95, 94.9, 105, 105.1, 0, 1e-20, 1.04e-300, -1.7e308)
    assert is_right(secret, guessed).tolist() == [True, False, True, False, True, False, True, False]


def test_a_guess_of_the_other_sign_is_wrong():
    # anonymeter divides by the guess, with its sign, and takes these for right
    assert is_right(numeric(100, -5, -100), np.array([-10.0, -100.0, -96.0])).tolist() == [False, False, True]


def test_missing_is_guessed_as_missing_only():
    assert is_right(numeric(np.nan, np.nan, 1), np.array([np.nan, 1, np.nan])).tolist() == [
        True,
        False,
        False,
    ]
    levels = CodedColumn("g", "categorical", np.array([-1, -1, 0, 1]), ("a", "b"))
    assert is_right(levels, np.array([-1, 0, -1, 1])).tolist() == [True, False, False, True]


def test_instants_must_be_met_exactly():
    # a twentieth of the seconds since 1970 is years
    day = 86_400.0
    secret = numeric(20_000 * day, 20_000 * day, np.nan, kind="datetime")
    assert is_right(secret, np.array([20_000 * day, 20_001 * day, np.nan])).tolist() == [True, False, True]


def test_copies_give_secrets_away(tables):
    copied = bootstrap(tables["real"], 300, stream(0, "test"))
    found = inference(tables["real"], copied, tables["holdout"], 0)
    assert found.worst.risk.low > 0.3
    assert all(s.risk.attack.low > s.risk.baseline.high for s in found.secrets)


def test_the_worst_of_several_raises_no_alarm_over_fresh_rows(people, coded):
    alarms = 0
    for seed in range(20):
        tables = coded(
            real=people(150, 3 * seed), fresh=people(150, 3 * seed + 1), holdout=people(150, 3 * seed + 2)
        )
        found = inference(tables["real"], tables["fresh"], tables["holdout"], seed)
        alarms += found.worst.risk.low > 0
    assert alarms <= 2


def test_what_holds_of_anyone_is_no_risk(coded):
    draw = stream(2, "test")

    def rows(n):
        x = draw.normal(size=n)
        return pd.DataFrame({"x": x, "y": 3 * x, "sign": np.where(x > 0, "plus", "minus")})

    tables = coded(real=rows(300), synthetic=rows(300), holdout=rows(300))
    found = inference(tables["real"], tables["synthetic"], tables["holdout"], 0, target="sign")
    sign = next(s.risk for s in found.secrets if s.name == "sign")
    assert sign.attack.low > 0.9 > sign.baseline.high and sign.risk.low == 0


def test_shuffled_columns_guess_as_badly_as_random_rows(tables):
    floor = independent_columns(tables["real"], 300, stream(0, "test"))
    found = inference(tables["real"], floor, None, 0)
    assert all(s.risk.attack.low <= s.risk.baseline.high for s in found.secrets)


def test_intervals_are_widened_for_the_number_of_secrets(tables):
    found = inference(tables["real"], tables["fresh"], tables["holdout"], 0)
    assert len(found.secrets) == MAX_SECRETS
    attack = found.worst.attack
    n = found.worst.n_attacks
    expected = [success_rate(hits, n, 1 - 0.05 / MAX_SECRETS) for hits in range(n + 1)]
    assert attack in expected
    assert f"The worst of {MAX_SECRETS} columns" in found.worst.words


def test_the_worst_comes_first(tables):
    copied = bootstrap(tables["real"], 300, stream(0, "test"))
    found = inference(tables["real"], copied, tables["holdout"], 0)
    values = [s.risk.risk.value for s in found.secrets]
    assert values == sorted(values, reverse=True) and found.worst.risk == found.secrets[0].risk.risk


def test_the_target_is_always_guessed(tables):
    for target in ("height", "weight", "children", "group", "tall", "seen"):
        found = inference(tables["real"], tables["fresh"], tables["holdout"], 0, target=target)
        assert target in {s.name for s in found.secrets}
    assert len(inference(tables["real"], tables["fresh"], None, 0, target="no such").secrets) == MAX_SECRETS


def test_the_columns_of_largest_entropy_are_guessed(coded):
    draw = stream(3, "test")
    frame = pd.DataFrame(
        {
            "rare": np.where(np.arange(200) == 0, "a", "b"),
            "constant": 1.0,
            **{f"x{i}": draw.normal(size=200) for i in range(4)},
            "eight": draw.choice(list("abcdefgh"), 200),
            "empty": np.nan,
        }
    )
    table = coded(real=frame)["real"]
    found = inference(table, table, None, 0)
    assert {s.name for s in found.secrets} == {"x0", "x1", "x2", "x3", "eight"}
    found = inference(table, table, None, 0, target="constant")
    assert "constant" not in {s.name for s in found.secrets}


def test_without_a_holdout_there_is_no_risk(tables):
    found = inference(tables["real"], tables["fresh"], None, 0)
    assert found.worst.risk is None and found.worst.control is None
    assert found.worst.attack.value is not None


def test_nothing_to_guess_or_to_guess_from(coded):
    for frame in (pd.DataFrame({"x": [1.0, 2.0, 3.0]}), pd.DataFrame({"x": [1, 1, 1], "y": [2, 2, 2]})):
        table = coded(real=frame)["real"]
        found = inference(table, table, table, 0)
        assert found.worst.attack == Estimate(None) and found.worst.n_attacks == 0 and found.secrets == ()


@pytest.mark.parametrize("kinds", ["numbers", "levels", "odd"])
def test_tables_of_one_kind_and_odd_ones_do_no_harm(coded, kinds):
    rows = np.arange(10)
    frames = {
        "numbers": pd.DataFrame({"x": rows * 1.5, "y": (rows[::-1] - 5) * 1e307}),
        "levels": pd.DataFrame({"g": list("aabbccddee"), "h": list("ababababab")}),
        "odd": pd.DataFrame({"none": [np.nan] * 10, "one": [7] * 10, "x": [np.nan, *rows[1:] * 1.0]}),
    }
    frame = frames[kinds]
    other = frame.iloc[::-1].assign(g="new") if kinds == "levels" else frame.iloc[::-1]
    tables = coded(real=frame, synthetic=other)
    found = inference(tables["real"], tables["synthetic"], tables["real"].take(rows[:3]), 0)
    assert found.worst.n_attacks == 3 and 0 <= found.worst.risk.value <= 1


def test_one_seed_one_answer(tables):
    first, again = (inference(tables["real"], tables["fresh"], tables["holdout"], 7) for _ in range(2))
    assert first == again


def test_wide_tables_are_attacked_on_a_random_choice_with_the_target():
    draw = stream(0, "test")
    real, synthetic = (
        CodedTable(tuple(CodedColumn(f"x{j}", "continuous", draw.normal(size=30)) for j in range(200)), 30)
        for _ in range(2)
    )
    found = inference(real, synthetic, None, 0, target="x199")
    assert "60 columns drawn at random from 200" in found.worst.words
    assert "x199" in {s.name for s in found.secrets}


@pytest.mark.parametrize("which", ["holdout", None])
def test_the_result_is_plain_data(tables, which):
    found = inference(tables["real"], tables["fresh"], tables[which] if which else None, 0)
    assert from_plain_data(Inference, json.loads(json.dumps(to_plain_data(found)))) == found
