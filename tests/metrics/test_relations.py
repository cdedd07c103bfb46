import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, fisher_exact

from synthgen.metrics import relations, rules_function
from synthgen.metrics.relations import KeptRelation, find_relations, relations_kept
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.rng import stream

EDUCATION = np.array(["school", "college", "bachelor", "master", "doctor"])


def related(n, seed):
    """A table full of relations, and two columns that have none."""
    draw = stream(seed, "test.relations")
    a, b, c = draw.normal(20, 4, n), np.exp(draw.normal(1, 1, n)), draw.integers(0, 50, n)
    height, weight = draw.normal(1.7, 0.1, n), draw.normal(75, 12, n).clip(40)
    x, level = draw.normal(size=n), draw.integers(0, 5, n)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 500 * 86_400, n), "s")
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "c": c,
            "total": a + b + c,
            "height": height,
            "weight": weight,
            "bmi": (weight / height**2).round(2),
            "x": x,
            "y": x**2,
            "education": EDUCATION[level],
            "years": np.array([10, 12, 15, 17, 21])[level],
            "graduate": level >= 2,
            "start": start,
            "end": start + pd.to_timedelta(draw.exponential(3 * 86_400, n).round(), "s"),
            "noise": draw.normal(size=n),
            "correlated": 0.95 * a + 0.31 * 4 * draw.normal(size=n),
        }
    )


WORDS = {
    "total = a + b + c",
    "bmi = weight / height^2",
    "education determines years",
    "education determines graduate",
    "y is a function of x",
    "start <= end",
}
NOISY = {
    "total = a + b + c": "total",
    "bmi = weight / height^2": "bmi",
    "education determines years": "years",
    "y is a function of x": "y",
}


@pytest.fixture
def kept(coded):
    """The relations of one frame, and how another keeps them, by their words."""

    def judge(real, other):
        tables = coded(real=real, synthetic=other)
        estimate, found = relations_kept(find_relations(tables["real"], 0), tables["synthetic"], 0)
        return estimate, {r.words: r for r in found}

    return judge


def test_every_relation_is_found_once_and_nothing_else(kept):
    estimate, found = kept(related(1_500, 0), related(1_500, 1))
    assert set(found) == WORDS
    assert estimate.value > 0.985 and estimate.low <= estimate.value <= estimate.high
    for relation in found.values():
        assert relation.real > 0.97 and relation.other > 0.97 and relation.p_value > 0.01
        assert (relation.n_real, relation.n_other) == (750, 1_500)


@pytest.mark.parametrize("words", NOISY)
def test_noise_of_five_percent_in_one_relation_is_found_and_named(kept, words):
    other = related(1_500, 1)
    column = other[NOISY[words]].astype(float)
    other[NOISY[words]] = column + stream(0, "test.noise").normal(0, 0.05 * column.std(), 1_500)
    _, found = kept(related(1_500, 0), other)
    assert {w for w, r in found.items() if r.p_value < 1e-4} == {words}
    assert found[words].other < 0.85


def test_noise_in_an_input_is_found(kept):
    other = related(1_500, 1)
    other["x"] += stream(0, "test.noise").normal(0, 0.05, 1_500)
    _, found = kept(related(1_500, 0), other)
    assert found["y is a function of x"].p_value < 1e-20


def test_a_broken_order_is_found(kept):
    other = related(1_500, 1)
    other["end"] += pd.to_timedelta(stream(0, "test.noise").normal(0, 7 * 86_400, 1_500).round(), "s")
    _, found = kept(related(1_500, 0), other)
    assert {w for w, r in found.items() if r.p_value < 1e-4} == {"start <= end"}


def test_a_wrong_level_in_five_percent_of_the_rows_is_found(kept):
    other = related(1_500, 1)
    rows = stream(0, "test.rows").permutation(1_500)[:75]
    other.loc[rows, "education"] = "doctor"
    _, found = kept(related(1_500, 0), other)
    assert {w for w, r in found.items() if r.p_value < 1e-4} == {
        "education determines years",
        "education determines graduate",
    }


def test_shuffled_columns_keep_no_relation(kept):
    other = related(1_500, 1)
    for name in other:
        other[name] = other[name].to_numpy()[stream(0, f"test.{name}").permutation(1_500)]
    estimate, found = kept(related(1_500, 0), other)
    assert all(r.p_value < 1e-20 for r in found.values())
    assert estimate.value < 0.4


def test_a_copy_of_the_rows_that_taught_a_relation_is_not_at_fault(coded):
    table = coded(real=related(400, 0))["real"]
    for relation in relations_kept(find_relations(table, 0), table, 0)[1]:
        assert relation.p_value > 0.5


def test_the_p_value_is_fisher_s(kept):
    other = related(1_000, 1)
    rows = stream(0, "test.rows").permutation(1_000)[:20]
    other.loc[rows, "total"] += 5
    relation = kept(related(1_000, 0), other)[1]["total = a + b + c"]
    hits = round(relation.other * 1_000), round(relation.real * 500)
    table = [[hits[0], 1_000 - hits[0]], [hits[1], 500 - hits[1]]]
    assert relation.other == pytest.approx(0.98, abs=0.02)
    assert relation.p_value == pytest.approx(fisher_exact(table, alternative="less")[1])


def test_correlated_columns_have_no_relation(coded):
    draw = stream(0, "test.correlated")
    common = draw.normal(size=(1_000, 1))
    x = np.sqrt(0.95) * common + np.sqrt(0.05) * draw.normal(size=(1_000, 12))
    frame = pd.DataFrame(x + 3 * (np.arange(12) == 5), columns=[f"x{j}" for j in range(12)])
    frame["exp"] = np.exp(frame["x0"] + 0.3 * draw.normal(size=1_000)) - 1
    frame["rank"] = frame["x1"].rank(pct=True).mul(10).round() + (draw.random(1_000) < 0.05)
    frame["level"] = np.where(frame["x2"] + 0.2 * draw.normal(size=1_000) > 0, "up", "down")
    assert find_relations(coded(real=frame)["real"], 0) == ()


def test_independent_columns_have_no_relation(coded, people):
    found = find_relations(coded(real=people(1_000, 0))["real"], 0)
    assert [r.words for r in found] == ["tall is a function of height"]


def test_fresh_rows_keep_relations_as_often_as_the_level_says():
    def table(n, draw):
        x, a, b = draw.normal(size=(3, n))
        level = draw.integers(0, 20, n)
        values = {
            "x": x,
            "y": np.sin(x),
            "a": a,
            "b": b,
            "sum": (a + b).round(1),
            "half": (level // 2) * 1.0,
        }
        parts = [CodedColumn(name, "continuous", v) for name, v in values.items()]
        return CodedTable((*parts, CodedColumn("level", "categorical", level, tuple(range(20)))), n)

    p_values = []
    for seed in range(150):
        draw = stream(seed, "test.fresh")
        found = find_relations(table(300, draw), seed)
        assert {r.kind for r in found} == {"linear", "function", "dependency"}
        p_values += [r.p_value for r in relations_kept(found, table(400, draw), seed)[1]]
    assert len(p_values) == 450
    assert np.sum(np.array(p_values) <= 0.01) <= binom.ppf(0.999, 450, 0.01)


@pytest.mark.parametrize(("make", "words"), [
    (lambda x: pd.DataFrame({"c": x, "f": (1.8 * x + 32).round(1)}), "f = 1.8 c + 32"),
    (lambda x: pd.DataFrame({"net": np.exp(x), "gross": 1.2 * np.exp(x)}), "gross = 1.2 net"),
])  # fmt: skip
def test_a_change_of_units_is_one_relation(coded, make, words):
    frame = make(stream(0, "test.units").normal(3, 1, 400) * 4)
    assert [r.words for r in find_relations(coded(real=frame)["real"], 0)] == [words]


def test_a_difference_is_written_as_the_sum_that_it_is(coded):
    draw = stream(0, "test.sum")
    gross, tax = np.exp(draw.normal(3, 1, 500)), np.exp(draw.normal(1, 1, 500))
    frame = pd.DataFrame({"gross": gross + tax, "net": gross, "tax": tax})
    assert [r.words for r in find_relations(coded(real=frame)["real"], 0)] == ["gross = net + tax"]


def test_a_chain_is_not_reported_twice(coded):
    draw = stream(0, "test.chain")
    town = draw.integers(0, 40, 2_000)
    frame = pd.DataFrame(
        {"town": [f"t{t}" for t in town], "county": [f"c{t // 4}" for t in town], "coast": town // 20 == 1}
    )
    frame["first"] = draw.random(2_000)
    frame["second"] = frame["first"] + draw.exponential(0.3, 2_000)
    frame["third"] = frame["second"] + draw.exponential(0.3, 2_000)
    words = {r.words for r in find_relations(coded(real=frame)["real"], 0)}
    assert words == {
        "town determines county",
        "county determines coast",
        "first <= second",
        "second <= third",
    }


def test_missing_values_do_not_hide_a_relation(kept):
    frames = [related(2_000, seed)[["a", "b", "c", "total", "noise"]] for seed in (0, 1)]
    frames = [f.mask(stream(k, "test.mask").random(f.shape) < 0.05) for k, f in enumerate(frames)]
    found = kept(*frames)[1]
    assert set(found) == {"total = a + b + c"}
    assert found["total = a + b + c"].n_other == frames[1][["a", "b", "c", "total"]].notna().all(axis=1).sum()


def test_chatterjee_s_coefficient_is_that_of_its_definition():
    draw = stream(0, "test.xi")
    y = draw.integers(0, 30, 200)
    r = np.array([(y <= v).sum() for v in y])
    above = np.array([(y >= v).sum() for v in y])
    expected = 1 - 200 * np.abs(np.diff(r)).sum() / (2 * (above * (200 - above)).sum())
    assert rules_function._xi(y) == pytest.approx(expected)


def test_a_table_without_the_known_levels_cannot_be_judged(kept):
    other = related(400, 1)
    other["education"] = "none"
    estimate, found = kept(related(400, 0), other)
    relation = found["education determines years"]
    assert (relation.other, relation.p_value, relation.n_other) == (None, None, 0)
    assert estimate.value > 0.95


def test_the_same_seed_finds_the_same_and_kept_relations_are_plain_data(kept):
    _, found = kept(related(600, 0), related(500, 1))
    assert kept(related(600, 0), related(500, 1))[1] == found
    for relation in found.values():
        assert from_plain_data(KeptRelation, to_plain_data(relation)) == relation


@pytest.mark.parametrize("frame", [
    pd.DataFrame({"x": np.arange(10.0), "y": np.arange(10.0)}),
    pd.DataFrame({"x": np.arange(300.0)}),
    pd.DataFrame({"x": [np.nan] * 300, "y": [1.0] * 300, "z": ["a"] * 300}),
    pd.DataFrame({"z": ["a", "b", "c"] * 100}),
    pd.DataFrame({"x": np.linspace(-1e300, 1e300, 300), "y": np.geomspace(1e-300, 1e300, 300), "z": np.arange(300) % 7 * 1e299}),
])  # fmt: skip
def test_any_table_can_be_searched_and_judged(coded, frame):
    tables = coded(real=frame, other=frame[:5])
    estimate, found = relations_kept(find_relations(tables["real"], 0), tables["other"], 0)
    assert (estimate.value is None) == (not found)


def test_numbers_far_out_of_range_disobey(kept):
    other = related(400, 1)
    other.loc[:9, "total"], other.loc[:9, "bmi"], other.loc[:9, "y"] = 1e308, -1.0, -1e308
    found = kept(related(400, 0), other)[1]
    for words in ("total = a + b + c", "bmi = weight / height^2", "y is a function of x"):
        assert found[words].other <= 0.975


def test_a_wide_table_is_searched_in_part(monkeypatch):
    monkeypatch.setattr(relations, "MAX_COLUMNS", 30)
    x = stream(0, "test.wide").normal(size=(2_000, 300))
    table = CodedTable(tuple(CodedColumn(str(j), "continuous", v) for j, v in enumerate(x)), 300)
    assert find_relations(table, 0) == ()
    x[1::2] = 2 * x[::2] + 1
    found = find_relations(table, 0)
    assert all(r.kind == "linear" and abs(int(r.inputs[0]) - int(r.target)) == 1 for r in found)
