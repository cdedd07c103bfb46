import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import attack_scores
from synthgen.metrics import membership as module
from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.membership import Membership, membership, split_holdout
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.rng import stream

MIXED = ["distance", "distance, uncalibrated", "density", "likelihood-ratio", "classifier"]
WIDE = ["span", "mean score", "linear classifier"]
COVERAGE = Path(__file__).parents[2] / "benchmarks" / "results" / "membership-coverage.json"


def numbers(matrix):
    columns = tuple(CodedColumn(f"g{j}", "continuous", c) for j, c in enumerate(np.array(matrix.T)))
    return CodedTable(columns, len(matrix))


@pytest.fixture
def tables(people, coded):
    found = coded(real=people(400, 1), holdout=people(600, 2), other=people(400, 3))
    return found | {"parts": split_holdout(found["holdout"], 0)}


@pytest.fixture
def attack(tables):
    nonmembers, reference, _ = tables["parts"]
    return lambda synthetic, seed=0: membership(tables["real"], synthetic, nonmembers, reference, seed)


@pytest.fixture(scope="module")
def genes():
    draw = stream(0, "test.genes")
    weights = draw.normal(size=(10, 800))

    def make(n):
        return draw.normal(size=(n, 10)) @ weights + draw.normal(size=(n, 800))

    real = make(150)
    mean, parts = real.mean(axis=0), split_holdout(numbers(make(360)), 0)
    full = mean + draw.normal(size=(300, 150)) @ (real - mean) / np.sqrt(149)
    return {"real": numbers(real), "full": numbers(full), "parts": parts}


def test_a_bootstrap_of_the_real_rows_is_found_out(attack, tables):
    found = attack(bootstrap(tables["real"], 400, stream(0, "test")))
    assert found.auc.low > 0.7 and found.best in MIXED[:2]
    assert found.tpr.low > 0.4
    assert [a.name for a in found.attacks] == MIXED
    assert (found.n_members, found.n_nonmembers, found.n_reference, found.n_synthetic) == (200, 200, 200, 400)
    assert (found.n_columns, found.n_wide_columns, found.reason) == (6, 0, None)


def test_fresh_rows_and_shuffled_columns_stay_dark(attack, tables):
    for synthetic in (tables["parts"][2], independent_columns(tables["real"], 400, stream(0, "test"))):
        found = attack(synthetic)
        assert found.auc.low < 0.5 < found.auc.high
        assert found.tpr.low < 0.01 < found.tpr.high


def test_training_rows_with_noise_are_found_out(people, coded):
    real, draw = people(300, 1), stream(0, "test.noise")
    near = real.assign(
        height=real.height + draw.normal(0, 0.5, 300), weight=real.weight + draw.normal(0, 0.5, 300)
    )
    tables = coded(real=real, synthetic=near, holdout=people(600, 2))
    nonmembers, reference, _ = split_holdout(tables["holdout"], 0)
    assert membership(tables["real"], tables["synthetic"], nonmembers, reference, 0).auc.low > 0.6


def test_the_headline_is_of_attacks_chosen_on_other_candidates(attack, tables):
    found = attack(tables["other"])
    assert set(found.chosen) <= set(MIXED) and len(found.chosen) == 2
    largest = max(a.auc.value for a in found.attacks)
    assert found.auc.value < largest
    assert next(a for a in found.attacks if a.name == found.best).auc.value == largest


def test_the_exposed_rows_are_members_by_their_place_in_the_real_table(tables):
    # only the first thirty real rows are in the synthetic table
    copied = bootstrap(tables["real"].take(np.arange(30)), 400, stream(0, "test"))
    nonmembers, reference, _ = tables["parts"]
    found = membership(tables["real"], copied, nonmembers, reference, 0)
    assert found.exposed_by in MIXED[:2] and len(found.exposed) == module.N_EXPOSED
    rows, scores = [e.row for e in found.exposed], [e.score for e in found.exposed]
    tried = module._draw(tables["real"], 200, 0, "members").rows
    assert set(rows) <= set(tried.tolist()) and len(set(rows)) == len(rows)
    copies_tried = sum(r < 30 for r in tried)
    assert all(r < 30 for r in rows[: min(copies_tried, 20) - 1])
    assert scores == sorted(scores, reverse=True) and 0.99 < scores[0] <= 1


def test_the_seed_repeats_the_figures(attack, tables):
    assert attack(tables["other"], 4) == attack(tables["other"], 4)
    assert attack(tables["other"], 4).auc != attack(tables["other"], 5).auc


def test_the_outcome_goes_through_json(attack, tables):
    found = attack(tables["other"])
    assert from_plain_data(Membership, json.loads(json.dumps(to_plain_data(found)))) == found


def test_the_holdout_is_split_in_disjoint_parts(tables):
    parts = tables["parts"]
    assert [p.n_rows for p in parts] == [200, 200, 200]
    keys = np.concatenate([part.row_keys for part in parts])
    assert len(np.unique(keys)) == 600
    again = split_holdout(tables["holdout"], 0)
    assert all((a.columns[0].values == b.columns[0].values).all() for a, b in zip(parts, again, strict=True))


def test_a_large_holdout_gives_no_more_non_members_than_are_tried(monkeypatch, tables):
    monkeypatch.setattr(module, "MAX_CANDIDATES", 50)
    nonmembers, reference, fresh = split_holdout(tables["holdout"], 0)
    assert (nonmembers.n_rows, reference.n_rows, fresh.n_rows) == (50, 275, 275)
    found = membership(tables["real"], tables["other"], tables["parts"][0], reference, 0)
    assert found.n_members == found.n_nonmembers == 50
    assert found.tpr == Estimate(None)


def test_rows_and_columns_are_capped(monkeypatch, attack, tables):
    caps = {"MAX_SYNTHETIC": 80, "MAX_FITTED": 30, "MAX_FEATURES": 4, "MAX_TREE_COLUMNS": 1}
    for name, value in caps.items():
        monkeypatch.setattr(attack_scores, name, value)
    monkeypatch.setattr(module, "MAX_REFERENCE", 60)
    found = attack(tables["other"])
    assert (found.n_reference, found.n_synthetic) == (60, 80)
    assert 1 <= found.n_columns <= 2


def test_copies_are_found_among_synthetic_rows_that_were_not_drawn(monkeypatch, attack, tables):
    monkeypatch.setattr(attack_scores, "MAX_SYNTHETIC", 20)
    copied = bootstrap(tables["real"], 1_000, stream(0, "test"))
    found = attack(copied)
    assert found.n_synthetic == 20 and found.best in MIXED[:2] and found.auc.low > 0.8


@pytest.mark.parametrize("n", [0, 1, 5, 29])
def test_a_holdout_that_is_too_small_gives_a_reason(people, coded, n):
    tables = coded(real=people(50, 1), holdout=people(40, 2))
    parts = split_holdout(tables["holdout"].take(np.arange(n)), 0)
    assert sum(p.n_rows for p in parts) == n
    found = membership(tables["real"], tables["real"], *parts[:2], 0)
    assert found.auc == found.tpr == Estimate(None) and found.attacks == found.exposed == found.chosen == ()
    assert "Hold out 30 rows or more" in found.reason


def test_too_few_real_or_synthetic_rows_give_a_reason(tables):
    nonmembers, reference, _ = tables["parts"]
    few = tables["real"].take(np.arange(9))
    assert "10 real rows. Got 9" in membership(few, tables["other"], nonmembers, reference, 0).reason
    assert "10 synthetic rows. Got 9" in membership(tables["real"], few, nonmembers, reference, 0).reason
    none = CodedTable((), 50)
    assert membership(none, none, none, none, 0).reason == "No column can be compared."


def test_thirty_held_out_rows_and_ten_real_ones_are_enough_to_run(people, coded):
    tables = coded(real=people(10, 1), holdout=people(30, 2), synthetic=people(10, 3))
    parts = split_holdout(tables["holdout"], 0)
    found = membership(tables["real"], tables["synthetic"], *parts[:2], 0)
    assert 0 <= found.auc.low <= found.auc.value <= found.auc.high <= 1
    assert found.tpr == Estimate(None) and len(found.exposed) == 10


def odd_frames():
    draw = stream(0, "test.odd")
    n = 60
    normal = draw.normal(size=n)
    return {
        "one number": pd.DataFrame({"x": normal}),
        "one level column": pd.DataFrame({"g": draw.choice(["a", "b"], n)}),
        "constants": pd.DataFrame({"x": [1.0] * n, "g": ["a"] * n}),
        "an empty column": pd.DataFrame({"x": normal, "y": [np.nan] * n}),
        "huge values": pd.DataFrame({"x": normal, "y": np.where(normal > 1, 1e300, -1e300)}),
        "many levels": pd.DataFrame({"g": [f"level {i}" for i in draw.integers(0, 500, n)]}),
    }


@pytest.mark.parametrize("case", odd_frames())
def test_odd_columns_are_no_trouble(case, coded):
    frame = odd_frames()[case]
    tables = coded(real=frame, holdout=frame.sample(frac=1, random_state=0))
    parts = split_holdout(tables["holdout"], 0)
    found = membership(tables["real"], tables["real"], *parts[:2], 0)
    assert 0 <= found.auc.low <= found.auc.value <= found.auc.high <= 1
    assert all(a.auc.value is not None for a in found.attacks)


def test_sampling_from_the_full_covariance_is_found_out_by_the_span_and_by_no_distance(genes):
    nonmembers, reference, fresh = genes["parts"]
    found = membership(genes["real"], genes["full"], nonmembers, reference, 0)
    assert found.best == "span" and found.chosen == ("span", "span") and found.auc.low > 0.95
    others = {a.name: a.auc.value for a in found.attacks if a.name != "span"}
    assert list(others) == [*MIXED, *WIDE[1:]]
    assert max(others[name] for name in MIXED) < 0.7
    assert found.n_wide_columns == 800 and found.n_columns == 800
    dark = membership(genes["real"], fresh, nonmembers, reference, 0)
    assert dark.auc.low < 0.5 < dark.auc.high


def test_wide_rows_are_capped_and_the_wide_attacks_need_columns(genes, monkeypatch):
    nonmembers, reference, _ = genes["parts"]
    monkeypatch.setattr(attack_scores, "_FEWEST_WIDE", 20)
    monkeypatch.setattr(attack_scores, "_WIDE_CELLS", 800 * 30)
    found = membership(genes["real"], genes["full"], nonmembers, reference, 0)
    assert found.n_members == 30 and found.n_wide_columns == 800
    monkeypatch.setattr(attack_scores, "MIN_WIDE_COLUMNS", 801)
    found = membership(genes["real"], genes["full"], nonmembers, reference, 0)
    assert [a.name for a in found.attacks] == MIXED and found.n_wide_columns == 0


def test_wide_columns_that_are_constant_or_missing_are_not_counted():
    matrix = stream(0, "test").normal(size=(90, 70))
    matrix[:, :25] = 3.0
    table = numbers(matrix)
    parts = split_holdout(table, 0)
    found = membership(table, table, *parts[:2], 0)
    assert [a.name for a in found.attacks] == MIXED and found.n_wide_columns == 0


def test_the_intervals_cover_in_the_simulation_and_the_docstring_quotes_it():
    cases = {c["case"]: c for c in json.loads(COVERAGE.read_text())["cases"]}
    words = " ".join(membership.__doc__.split())
    for case in cases.values():
        assert case["draws"] == 500 and 0.93 <= case["coverage"] <= 0.97
        assert f"{case['coverage']:.1%} (AUC {case['true_auc']:.2f})".replace("0.", ".", 1) in words
        assert f"{case['largest_auc_mean_error']:+.3f}".replace("0.", ".", 1) in words
