import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import rare as module
from synthgen.metrics.baselines import bootstrap
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.rare import MAX_SETS, K, Rare, rare_combinations
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.rng import stream


def people_of_levels(n, seed, n_columns=4):
    draw = stream(seed, "test.levels")
    weights = 1 / np.arange(1, 9) ** 1.5
    names = [f"g{i}" for i in range(n_columns)]
    rows = {c: draw.choice(list("abcdefgh"), n, p=weights / weights.sum()) for c in names}
    return pd.DataFrame(rows).where(draw.random((n, n_columns)) > 0.05)


def by_pandas(table, real, columns, itself=False):
    keys = [
        f.loc[:, list(columns)].fillna("missing").astype(str).agg("|".join, axis=1) for f in (table, real)
    ]
    counts = keys[0].map(keys[1].value_counts()).fillna(0) - itself
    return float(((counts > 0) & (counts < K)).mean())


@pytest.mark.parametrize("itself", [False, True])
def test_shares_are_those_counted_by_pandas(coded, itself):
    real, other = people_of_levels(500, 1), people_of_levels(200, 2)
    other.loc[:4, "g0"] = "a level that no real row has"
    tables = coded(real=real, synthetic=real if itself else other)
    found = rare_combinations(tables["synthetic"], tables["real"], 0, itself=itself)
    assert found.n_sets == 4
    for one, columns in zip(found.sets, combinations(real.columns, 3), strict=True):
        assert one.columns == columns
        assert one.share == pytest.approx(by_pandas(real if itself else other, real, columns, itself))
    assert found.share.value == pytest.approx(np.mean([s.share for s in found.sets]))
    assert found.share.low < found.share.value < found.share.high


def test_sorting_counts_as_a_table_of_counts_does():
    draw = stream(0, "test")
    among, keys = draw.integers(0, 50, 300), draw.integers(0, 60, 100)
    expected = np.array([(among == key).sum() for key in keys])
    assert module._counts(among, keys, 60).tolist() == expected.tolist()
    assert module._counts(among, keys, 10**12).tolist() == expected.tolist()


def test_copies_of_rare_people_stand_out_from_held_out_ones(coded):
    tables = coded(real=people_of_levels(300, 1), holdout=people_of_levels(300, 2))
    copied = bootstrap(tables["real"], 300, stream(0, "test"))
    ceiling = rare_combinations(tables["holdout"], tables["real"], 0)
    assert rare_combinations(copied, tables["real"], 0).share.low > ceiling.share.high


def test_fresh_rows_are_like_held_out_ones(coded):
    tables = coded(
        real=people_of_levels(800, 1), holdout=people_of_levels(800, 2), fresh=people_of_levels(800, 3)
    )
    first, second = (rare_combinations(tables[t], tables["real"], 0).share for t in ("holdout", "fresh"))
    assert first.low < second.high and second.low < first.high


def test_the_interval_is_as_wide_as_a_bootstrap_s(coded):
    tables = coded(real=people_of_levels(500, 1), synthetic=people_of_levels(400, 2))
    interval = rare_combinations(tables["synthetic"], tables["real"], 0).share
    draw = stream(5, "test")
    again = [
        rare_combinations(bootstrap(tables["synthetic"], 400, draw), tables["real"], 0).share.value
        for _ in range(200)
    ]
    assert (interval.high - interval.low) / (2 * 1.96 * np.std(again)) == pytest.approx(1, abs=0.2)


def test_every_table_is_judged_on_the_same_sets(coded):
    tables = coded(
        real=people_of_levels(200, 1, 12), a=people_of_levels(100, 2, 12), b=people_of_levels(50, 3, 12)
    )
    first, second = (rare_combinations(tables[t], tables["real"], 3) for t in "ab")
    assert first.n_sets == len({s.columns for s in first.sets}) == MAX_SETS
    assert [s.columns for s in first.sets] == [s.columns for s in second.sets]
    other = rare_combinations(tables["a"], tables["real"], 4)
    assert [s.columns for s in other.sets] != [s.columns for s in first.sets]


def test_the_worst_sets_have_the_largest_shares(coded):
    tables = coded(real=people_of_levels(200, 1, 8), a=people_of_levels(100, 2, 8))
    found = rare_combinations(tables["a"], tables["real"], 0)
    assert [s.share for s in found.worst] == sorted((s.share for s in found.sets), reverse=True)[:5]


def test_few_whole_numbers_count_as_levels_and_others_do_not(coded):
    draw = stream(0, "test")
    frame = people_of_levels(300, 1, 2).assign(
        few=draw.integers(0, 9, 300),
        many=draw.integers(0, 400, 300),
        halves=draw.integers(0, 4, 300) / 2,
        same=1,
    )
    table = coded(real=frame)["real"]
    assert [s.columns for s in rare_combinations(table, table, 0).sets] == [("g0", "g1", "few")]


def test_a_whole_number_that_no_real_row_has_matches_none(coded):
    real = people_of_levels(60, 1, 2).fillna("a").assign(few=np.tile([1, 3, 7], 20))
    tables = coded(real=real, synthetic=real.assign(few=real.few + 1))
    assert rare_combinations(tables["synthetic"], tables["real"], 0).share.value == 0
    assert rare_combinations(tables["real"], tables["real"], 0).share.value > 0


def test_numbers_are_cut_where_there_are_too_few_levels(coded):
    draw = stream(1, "test")
    frame = pd.DataFrame({"x": draw.normal(size=500), "y": draw.normal(size=500), "z": draw.normal(size=500)})
    tables = coded(real=frame, holdout=frame * 1.0001)
    found = rare_combinations(tables["holdout"], tables["real"], 0)
    cuts = {c: np.quantile(frame[c], np.linspace(0, 1, 11)[1:-1], method="lower") for c in frame}
    cells = [
        pd.DataFrame({c: np.searchsorted(cuts[c], f[c]) for c in frame}).astype(str)
        for f in (frame * 1.0001, frame)
    ]
    assert found.sets[0].share == pytest.approx(by_pandas(*cells, frame.columns))


def test_fewer_columns_make_smaller_sets(coded):
    frame = people_of_levels(100, 1, 2)
    table = coded(real=frame)["real"]
    assert [s.columns for s in rare_combinations(table, table, 0).sets] == [("g0", "g1")]
    one = table.without("g1")
    assert [s.columns for s in rare_combinations(one, one, 0).sets] == [("g0",)]


def test_nothing_varies_nothing_is_rare(coded):
    table = coded(real=pd.DataFrame({"x": [1.0] * 9, "none": [np.nan] * 9, "g": ["a"] * 9}))["real"]
    found = rare_combinations(table, table, 0)
    assert (found.share, found.n_sets, found.sets, found.worst) == (Estimate(None), 0, (), ())


def test_a_share_of_nought_has_an_interval(coded):
    frame = pd.DataFrame({"g": ["a", "b"] * 50, "h": ["c"] * 50 + ["d"] * 50, "i": ["e", "f"] * 50})
    table = coded(real=frame)["real"]
    share = rare_combinations(table, table, 0).share
    assert share.value == 0 and share.low == 0 < share.high < 0.1


def test_odd_columns_do_no_harm(coded):
    rows = np.arange(10)
    frame = pd.DataFrame(
        {"huge": rows * 1e300, "none": np.nan, "x": [np.nan, *rows[1:] / 3], "g": list("aabbccddee")}
    )
    tables = coded(real=frame, synthetic=frame.assign(none=rows * 1.0, g="new", huge=-1e307))
    found = rare_combinations(tables["synthetic"], tables["real"], 0)
    assert 0 <= found.share.value <= 1 and found.n_sets == 1


def test_many_rows_and_columns_are_drawn_from(monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 40)
    draw = stream(0, "test")
    columns = tuple(
        CodedColumn(f"x{j}", "integer", draw.integers(0, 3, 80).astype(float)) for j in range(700)
    )
    table = CodedTable(columns, 80)
    found = rare_combinations(table, table, 0)
    assert found.n_sets == MAX_SETS
    assert all((s.share * 40) == pytest.approx(round(s.share * 40)) for s in found.sets)


def test_the_result_is_plain_data(coded):
    tables = coded(real=people_of_levels(60, 1), a=people_of_levels(50, 2))
    found = rare_combinations(tables["a"], tables["real"], 0)
    assert from_plain_data(Rare, json.loads(json.dumps(to_plain_data(found)))) == found
