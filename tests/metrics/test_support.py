import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from synthgen.metrics import nearest as nearest_module
from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.features import distance_matrix
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.nearest import nearest
from synthgen.metrics.support import (
    NEAR_SHARE,
    Distances,
    NearCopies,
    copies,
    distances_of,
    near_copies_of,
    near_copy_limit,
    ratio_of,
    real_share_of,
)
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.rng import stream


@pytest.fixture
def tables(people, coded):
    return coded(real=people(400, 1), holdout=people(400, 2), fresh=people(400, 3))


def test_copies_are_at_distance_nought_and_counted(tables):
    copied = bootstrap(tables["real"], 300, stream(0, "test"))
    distances = distances_of(nearest(copied, tables["real"], 0))
    assert distances.to_real[-1] < 1e-6 and distances.median.value < 1e-6
    assert copies(copied, tables["real"]).value == 1
    assert copies(tables["fresh"], tables["real"]).value == 0


def test_a_share_of_copies_is_found(people, coded):
    real = people(200, 1)
    synthetic = pd.concat([people(190, 2), real.iloc[:10]], ignore_index=True)
    tables = coded(real=real, synthetic=synthetic)
    found = copies(tables["synthetic"], tables["real"])
    assert found.value == pytest.approx(0.05) and found.low < 0.05 < found.high


def test_a_row_is_not_its_own_copy(people, coded):
    real = people(100, 1)
    table = coded(real=pd.concat([real, real.iloc[:4]], ignore_index=True))["real"]
    assert copies(table, table, itself=True).value == pytest.approx(8 / 104)


def test_shuffled_rows_lie_further_away_than_fresh_ones(tables):
    fresh = distances_of(nearest(tables["fresh"], tables["real"], 0))
    floor = independent_columns(tables["real"], 400, stream(0, "test"))
    assert distances_of(nearest(floor, tables["real"], 0)).median.low > fresh.median.high
    assert fresh.to_real[0] > 0 and all(np.diff(fresh.to_real) >= 0) and fresh.to_real[-1] <= 1


def test_a_row_is_not_its_own_neighbour(tables):
    real = tables["real"]
    own = distances_of(nearest(real, real, 0, itself=True))
    fresh = distances_of(nearest(tables["fresh"], real, 0))
    assert own.to_real[0] > 0 and own.median.value == pytest.approx(fresh.median.value, rel=0.25)


def test_fresh_rows_are_as_near_to_held_out_rows_as_to_real_ones(tables):
    share = real_share_of(nearest(tables["fresh"], tables["real"], 0, holdout=tables["holdout"]))
    assert share.low < 0.5 < share.high


def test_copies_are_nearer_to_the_real_rows(tables):
    copied = bootstrap(tables["real"], 400, stream(0, "test"))
    assert real_share_of(nearest(copied, tables["real"], 0, holdout=tables["holdout"])).low > 0.95


def test_ties_count_one_half(tables):
    real = tables["real"]
    assert real_share_of(nearest(tables["fresh"], real, 0, holdout=real)).value == pytest.approx(0.5)


def test_rows_are_capped(tables, monkeypatch):
    monkeypatch.setattr(nearest_module, "MAX_ROWS", 50)
    monkeypatch.setattr(nearest_module, "MAX_REFERENCE", 250)
    found = distances_of(nearest(tables["fresh"], tables["real"], 0))
    assert (found.n_rows, found.n_reference) == (50, 250)
    found = nearest(tables["fresh"], tables["real"], 0, holdout=tables["holdout"])
    assert len(found.first) == len(found.to_part) == len(found.to_holdout) == 50


def all_distances(first, second):
    """Between the rows of two tables, the second one giving the scale."""
    points, queries = distance_matrix([second, first])
    return cdist(queries.astype(float), points.astype(float))


@pytest.mark.parametrize("n_held", [120, 400])
def test_one_search_finds_what_all_distances_say(tables, n_held):
    real, fresh = tables["real"], tables["fresh"]
    holdout = tables["holdout"].take(np.arange(n_held))
    found = nearest(fresh, real, 0, holdout=holdout)
    expected = np.sort(all_distances(fresh, real), axis=1)
    np.testing.assert_allclose(found.first, expected[:, 0], atol=1e-6)
    np.testing.assert_allclose(found.second, expected[:, 1], atol=1e-6)
    queries = distance_matrix([real, fresh])[1]
    held = distance_matrix([real, holdout])[1]
    to_held = cdist(queries.astype(float), held.astype(float)).min(axis=1)
    np.testing.assert_allclose(found.to_holdout, to_held, atol=1e-6)
    assert (found.to_part >= found.first - 1e-9).all()
    assert np.mean(np.abs(found.to_part - found.first) < 1e-9) == pytest.approx(n_held / 400, abs=0.08)


def test_with_and_without_a_holdout_the_same_rows_are_nearest(tables):
    few = tables["holdout"].take(np.arange(100))
    first = nearest(tables["fresh"], tables["real"], 0)
    second = nearest(tables["fresh"], tables["real"], 0, holdout=few)
    np.testing.assert_array_equal(first.first, second.first)
    np.testing.assert_array_equal(first.second, second.second)
    assert first.to_part is None and first.to_holdout is None


def test_a_row_itself_is_left_out_even_among_its_twins(tables):
    real = tables["real"].take(np.array([0, 0, 0, 0, 1, 2, 3, 3]))
    found = nearest(real, real, 0, itself=True)
    distances = all_distances(real, real)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_allclose(found.first, distances.min(axis=1), atol=1e-6)
    np.testing.assert_allclose(found.second, np.sort(distances, axis=1)[:, 1], atol=1e-6)


def test_the_share_nearer_to_real_rows_needs_a_holdout(tables):
    assert real_share_of(nearest(tables["fresh"], tables["real"], 0)) == Estimate(None)


def test_the_ratio_is_low_for_copies_and_near_one_for_fresh_rows(tables):
    copied = bootstrap(tables["real"], 300, stream(0, "test"))
    assert ratio_of(nearest(copied, tables["real"], 0)).high < 1e-3
    fresh = ratio_of(nearest(tables["fresh"], tables["real"], 0))
    assert 0.6 < fresh.low <= fresh.value <= fresh.high < 1


def test_the_ratio_of_a_row_that_copies_two_alike_is_one(coded):
    frame = pd.DataFrame({"x": [1.0, 1.0, 5.0, 7.0]})
    table = coded(real=frame)["real"]
    assert ratio_of(nearest(table.take(np.array([0])), table, 0)).value == 1
    assert ratio_of(nearest(table.take(np.array([2])), table, 0)).value == 0


def test_with_one_real_row_there_is_no_ratio(tables):
    assert ratio_of(nearest(tables["fresh"], tables["real"].take(np.array([3])), 0)) == Estimate(None)


def test_about_one_in_a_hundred_fresh_rows_is_a_near_copy(people, coded):
    ceilings, shares = [], []
    for seed in range(0, 24, 3):
        tables = coded(real=people(800, seed), holdout=people(800, seed + 1), fresh=people(800, seed + 2))
        limit = near_copy_limit(nearest(tables["holdout"], tables["real"], 0), 0)
        ceilings.append(limit.ceiling.value)
        shares.append(near_copies_of(nearest(tables["fresh"], tables["real"], 0), limit.limit).value)
    # the 1% quantile of 400 values is just below the fifth, and the fifth has 5/401 of the rest below it
    assert np.mean(ceilings) == pytest.approx(NEAR_SHARE * 1.25, rel=0.5)
    assert np.mean(shares) == pytest.approx(NEAR_SHARE * 1.25, rel=0.5)


def test_near_copies_are_found_where_no_copy_is_exact(people, coded):
    real = people(1000, 1)
    nearly = real.iloc[:100].assign(height=lambda t: t.height + 0.01, weight=lambda t: t.weight - 0.01)
    synthetic = pd.concat([people(900, 2), nearly], ignore_index=True)
    tables = coded(real=real, synthetic=synthetic, holdout=people(1000, 3))
    assert copies(tables["synthetic"], tables["real"]).value < 0.01
    limit = near_copy_limit(nearest(tables["holdout"], tables["real"], 0), 0).limit
    share = near_copies_of(nearest(tables["synthetic"], tables["real"], 0), limit)
    assert share.low > 0.08 and share.value == pytest.approx(0.1, abs=0.03)


def test_where_rows_repeat_by_nature_the_ceiling_says_so(coded):
    draw = stream(4, "test")
    frames = {
        name: pd.DataFrame({"g": draw.choice(list("abcd"), 200), "h": draw.choice(list("xy"), 200)})
        for name in ("real", "holdout", "fresh")
    }
    tables = coded(**frames)
    limit = near_copy_limit(nearest(tables["holdout"], tables["real"], 0), 0)
    assert limit.limit == 0 and limit.ceiling.value == 1
    assert near_copies_of(nearest(tables["fresh"], tables["real"], 0), limit.limit).value == 1


def test_the_limit_is_set_and_tried_on_different_halves(tables):
    found = nearest(tables["holdout"], tables["real"], 0)
    far = dataclasses.replace(found, first=np.arange(400.0))
    limit = near_copy_limit(far, 0)
    tried = limit.ceiling.value * 200
    # of the values 0, 1, ... up to the limit some are in either half
    assert tried == pytest.approx(round(tried)) and 0 <= tried < limit.limit + 1


def test_missing_equals_missing_and_zero_equals_minus_zero():
    odd_nan = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)[0]
    one, other = (
        CodedTable(
            (CodedColumn("x", "continuous", np.array(v)), CodedColumn("g", "categorical", np.array(g))), 4
        )
        for v, g in (
            ([0.0, np.nan, 1.0, 2.0], [-1, 0, 1, 1]),
            ([-0.0, odd_nan, 1.0, 2.0], [-1, 0, -1, 0]),
        )
    )
    assert copies(other, one).value == 0.5


def test_rows_that_swap_two_values_are_no_copies():
    draw = stream(0, "test")
    a, b = draw.integers(0, 3, (2, 20_000)).astype(float)
    table, swapped = (
        CodedTable((CodedColumn("x", "integer", x), CodedColumn("y", "integer", y)), 20_000)
        for x, y in ((a, a + 1), (a + 1, a))
    )
    assert copies(swapped, table).value == 0
    mixed = CodedTable((CodedColumn("x", "integer", a), CodedColumn("y", "integer", b + 1)), 20_000)
    assert copies(mixed, table).value == pytest.approx(np.mean(a == b))


def test_distances_in_wide_tables_are_over_a_random_choice(monkeypatch):
    monkeypatch.setattr(nearest_module, "MAX_COLUMNS", 20)
    draw = stream(0, "test")
    real, holdout = (
        CodedTable(tuple(CodedColumn(f"x{j}", "continuous", draw.normal(size=60)) for j in range(90)), 60)
        for _ in range(2)
    )
    found = nearest(real.take(np.arange(10)), real, 0, holdout=holdout)
    assert found.n_columns == distances_of(found).n_columns == 20
    assert (found.first < 1e-6).all() and (found.to_holdout > 0.1).all()


def test_tables_of_one_odd_column_have_distances(coded):
    for values in ([np.nan] * 10, [3.0] * 10, list("aabbccddee"), np.arange(10) * 1e307):
        table = coded(real=pd.DataFrame({"x": values}))["real"]
        found = nearest(table, table, 0, holdout=table.take(np.arange(4)))
        assert (found.first == 0).all() and np.isfinite(found.second).all()


def test_the_results_are_plain_data(tables):
    found = nearest(tables["fresh"], tables["real"], 0)
    for kind, value in ((Distances, distances_of(found)), (NearCopies, near_copy_limit(found, 0))):
        assert from_plain_data(kind, json.loads(json.dumps(to_plain_data(value)))) == value
