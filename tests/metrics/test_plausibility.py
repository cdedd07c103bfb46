"""Plausible rows: what detectors of combinations pass, and what they do not."""

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import DataError
from synthgen.metrics.baselines import independent_columns
from synthgen.metrics.intervals import wilson
from synthgen.metrics.plausibility import (
    LEVEL,
    MIN_ROWS,
    mixtures,
    plausibility,
)
from synthgen.metrics.walk_lengths import walk_lengths
from synthgen.metrics.walk_shares import Passes, share, share_difference, share_variance
from synthgen.rng import stream


def ring(n, seed):
    """Points on a circle, and in which half they lie: no column alone tells anything."""
    draw = stream(seed, "test.ring")
    angle = draw.uniform(0, 2 * np.pi, n)
    x, y = np.cos(angle) + draw.normal(0, 0.05, n), np.sin(angle) + draw.normal(0, 0.05, n)
    return pd.DataFrame({"x": x, "y": y, "half": np.where(y > 0, "up", "down")})


def modes(n, seed):
    """One column of two heaps with nothing between."""
    draw = stream(seed, "test.modes")
    return pd.DataFrame({"x": np.where(draw.random(n) < 0.5, -3, 3) + draw.normal(0, 0.3, n)})


def passed(found, name):
    return found.candidates[name].as_samples.rows.mean()


@pytest.fixture(scope="module")
def judged_ring():
    from synthgen.metrics.tables import code_tables
    from synthgen.table.infer import infer_schema

    frames = {
        name: ring(n, i) for i, (name, n) in enumerate([("real", 700), ("samples", 900), ("fresh", 900)])
    }
    middle = frames["fresh"].assign(x=0.0, y=0.0)
    coded = code_tables({**frames, "middle": middle}, infer_schema(frames["real"]))
    coded["independent"] = independent_columns(coded["fresh"], 900, stream(0, "test"))
    candidates = {k: v for k, v in coded.items() if k not in ("real", "samples")}
    return plausibility(coded["real"], coded["samples"], candidates, 0)


def test_rows_of_the_same_source_pass_in_95_percent(judged_ring):
    for found in (judged_ring.candidates["fresh"].as_samples, judged_ring.candidates["fresh"].as_reference):
        assert found.rows.mean() == pytest.approx(1 - LEVEL, abs=0.03)  # ties pass
    assert judged_ring.reference.as_reference.rows.mean() == pytest.approx(1 - LEVEL, abs=2 / 700)


def test_rows_without_combinations_and_rows_in_the_hole_do_not_pass(judged_ring):
    assert passed(judged_ring, "independent") < 0.5
    assert passed(judged_ring, "middle") < 0.05
    assert judged_ring.candidates["middle"].percentile.max() < LEVEL
    assert judged_ring.auc.low > 0.85


def test_a_gap_within_one_column_is_a_hole(coded):
    tables = coded(real=modes(500, 1), samples=modes(500, 2), fresh=modes(500, 3), gap=modes(500, 4) * 0)
    found = plausibility(tables["real"], tables["samples"], {k: tables[k] for k in ("fresh", "gap")}, 0)
    assert passed(found, "gap") == 0
    assert passed(found, "fresh") > 0.9


def test_a_model_worse_than_the_real_rows_is_told_by_their_threshold(coded):
    real = ring(600, 1)
    blurred = [ring(600, s).assign(x=lambda t: t.x * 0.6, y=lambda t: t.y * 0.6) for s in (2, 3)]
    tables = coded(real=real, samples=blurred[0], fresh=blurred[1])
    verdicts = plausibility(tables["real"], tables["samples"], {"fresh": tables["fresh"]}, 0)
    fresh = verdicts.candidates["fresh"]
    assert fresh.as_samples.rows.mean() > 0.85
    assert fresh.as_reference.rows.mean() < 0.3
    assert verdicts.reference.as_samples.rows.mean() > 0.99


def test_independent_columns_tell_nothing(coded):
    draw = stream(0, "test.noise")
    frames = [pd.DataFrame(draw.normal(size=(400, 3)), columns=list("abc")) for _ in range(3)]
    tables = coded(real=frames[0], samples=frames[1], fresh=frames[2])
    tables["independent"] = independent_columns(tables["fresh"], 400, draw)
    found = plausibility(
        tables["real"], tables["samples"], {k: tables[k] for k in ("fresh", "independent")}, 0
    )
    assert passed(found, "independent") == pytest.approx(passed(found, "fresh"), abs=0.06)


def test_the_same_seed_gives_the_same_verdicts(coded):
    tables = coded(real=ring(80, 1), samples=ring(90, 2), fresh=ring(30, 3))
    first, again, other = (
        plausibility(tables["real"], tables["samples"], {"fresh": tables["fresh"]}, s) for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.candidates["fresh"].percentile, again.candidates["fresh"].percentile)
    assert (first.candidates["fresh"].percentile != other.candidates["fresh"].percentile).any()


def test_missing_values_levels_dates_and_empty_columns_are_taken(people, coded):
    frames = [people(n, i).assign(empty=np.nan) for i, n in enumerate((MIN_ROWS, 60, 30))]
    tables = coded(real=frames[0], samples=frames[1], fresh=frames[2])
    found = plausibility(tables["real"], tables["samples"], {"fresh": tables["fresh"]}, 0)
    assert found.n_reference == MIN_ROWS
    assert ((found.candidates["fresh"].percentile >= 0) & (found.candidates["fresh"].percentile <= 1)).all()


def test_too_few_rows_are_refused(coded):
    tables = coded(real=ring(MIN_ROWS - 1, 1), samples=ring(50, 2))
    with pytest.raises(DataError, match=f"at least {MIN_ROWS} rows.*Got {MIN_ROWS - 1}"):
        plausibility(tables["real"], tables["samples"], {}, 0)


def test_a_table_without_columns_is_refused(coded):
    tables = coded(real=ring(50, 1), samples=ring(50, 2))
    with pytest.raises(DataError, match="no column to judge"):
        plausibility(tables["real"].select([]), tables["samples"].select([]), {}, 0)


def test_mixtures_are_means_of_numbers_and_the_nearer_level(coded):
    a = pd.DataFrame({"x": [0.0, 1.5], "k": [0, 10], "g": ["a", "b"], "m": [np.nan, 2.5]})
    b = pd.DataFrame({"x": [1.0, 2.5], "k": [5, 20], "g": ["b", "b"], "m": [1.5, 4.5]})
    big = pd.concat([a, b] * 10, ignore_index=True)
    tables = coded(all=big, a=a, b=b)
    found = mixtures(tables["a"], tables["b"], np.array([0, 0.25, 0.75, 1]))
    values = {c.name: c.values for c in found.columns}
    np.testing.assert_allclose(values["x"], [0, 0.25, 0.75, 1, 1.5, 1.75, 2.25, 2.5])
    levels = found.column("g").levels
    assert [levels[i] for i in values["g"]] == ["a", "a", "b", "b"] + ["b"] * 4
    np.testing.assert_array_equal(values["m"], [np.nan, np.nan, 1.5, 1.5, 2.5, 3.0, 4.0, 4.5])


def test_whole_numbers_stay_whole_in_mixtures(coded):
    a = pd.DataFrame({"k": np.arange(200) // 7})
    tables = coded(a=a, b=a.iloc[::-1].reset_index(drop=True))
    (column,) = mixtures(tables["a"], tables["b"], np.array([0.3])).columns
    np.testing.assert_array_equal(column.values, np.rint(0.7 * a.k + 0.3 * a.k[::-1].to_numpy()))


def test_the_interval_of_independent_rows_is_wilsons():
    rows = (np.arange(400) < 300)[:, None] * 1.0
    found, by_wilson = share(Passes(rows, rows * 0)), wilson(299.25, 399)
    assert (found.value, found.low, found.high) == pytest.approx(
        (0.75, by_wilson.low, by_wilson.high), rel=1e-6
    )


def test_rows_of_one_walk_that_agree_count_as_one():
    rows = np.repeat((np.arange(100) < 60)[:, None] * 1.0, 9, axis=1)
    alone = rows[:, [0]]
    both = [share(Passes(r, r * 0)) for r in (rows, alone)]
    assert both[0] == both[1]
    scattered = rows.ravel()[stream(0, "test").permutation(900)].reshape(100, 9)
    spread = share(Passes(scattered, scattered * 0))
    assert spread.high - spread.low < 0.5 * (both[1].high - both[1].low)


def test_the_threshold_makes_intervals_wider():
    rows = (np.arange(5000) % 2)[:, None] * 1.0
    sure, unsure = share(Passes(rows, rows * 0)), share(Passes(rows, np.full_like(rows, 0.05)))
    assert unsure.high - unsure.low == pytest.approx(2 * 1.96 * np.hypot(0.05, 0.5 / np.sqrt(5000)), rel=0.02)
    assert sure.high - sure.low < 0.03


def test_differences_have_both_variances_and_the_slack_that_is_not_shared():
    a, b = np.eye(2)[[0, 1] * 50], np.ones((40, 1))
    found = share_difference(Passes(a, a * 0 + 0.03), Passes(b, b * 0 + 0.01))
    half = 1.959964 * np.sqrt(share_variance(a) + share_variance(b) + 0.02**2)
    assert (found.value, found.low) == pytest.approx((-0.5, -0.5 - half), rel=1e-4)


def test_where_all_agree_the_variance_is_not_zero():
    assert 0 < share_variance(np.ones((10, 3))) < share_variance(np.ones((5, 3)))
    assert share(Passes(np.ones((1, 4)), np.zeros((1, 4)))).high == 1


def test_lengths_of_an_even_walk_and_of_a_jump():
    t = np.linspace(0, 1, 11)[:, None]
    even, jump = np.hstack([3 * t, 4 * t]), np.hstack([3 * (t > 0.5), 4 * (t > 0.5)])
    found = walk_lengths(np.stack([even, even]))
    assert (found.step.value, found.ends.value, found.largest.value) == pytest.approx((0.5, 5, 0.1))
    assert walk_lengths(np.stack([jump, jump])).largest.value == pytest.approx(1)


def test_walks_that_stand_still_have_no_largest_step():
    found = walk_lengths(np.zeros((3, 4, 2)))
    assert found.step.value == 0
    assert found.largest.value is None
    assert walk_lengths(np.zeros((1, 4, 2))).step.low is None
