import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import coordinates as space
from synthgen.metrics import manifold as module
from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.coordinates import coordinates, some_columns
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.manifold import alpha_precision_beta_recall, density_coverage, manifold
from synthgen.rng import stream
from tests.reference.prdc_density_coverage import build

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "prdc_density_coverage.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("expected", REFERENCE["cases"], ids=lambda c: f"{c['case']}, k={c['k']}")
def test_density_and_coverage_equal_prdc(expected):
    density, coverage = density_coverage(*build()[expected["case"]], expected["k"])
    assert density == pytest.approx(expected["density"], rel=1e-12)
    assert coverage == pytest.approx(expected["coverage"], rel=1e-12)


def direct_alpha_beta(real, fake):
    """The definitions, one point and one level at a time, as synthcity's AlphaPrecision takes them."""

    def distance(a, b):
        return float(np.sqrt(((a - b) ** 2).sum()))

    centre, fake_centre = real.mean(axis=0), fake.mean(axis=0)
    to_centre = [distance(x, centre) for x in real]
    nearest_fake = [min(range(len(fake)), key=lambda j, x=x: distance(x, fake[j])) for x in real]
    reach = [
        distance(x, fake[nearest_fake[i]]) <= min(distance(x, z) for j, z in enumerate(real) if j != i)
        for i, x in enumerate(real)
    ]
    of_nearest = [distance(fake[j], fake_centre) for j in nearest_fake]
    precision_gap = recall_gap = total = 0.0
    for i in range(30):
        level = i / 29
        ball, fake_ball = np.quantile(to_centre, level), np.quantile(of_nearest, level)
        inside = sum(distance(y, centre) <= ball for y in fake) / len(fake)
        recalled = sum(r and d <= fake_ball for r, d in zip(reach, of_nearest, strict=True)) / len(real)
        precision_gap += abs(inside - level)
        recall_gap += abs(recalled - level)
        total += level
    return 1 - precision_gap / total, 1 - recall_gap / total


@pytest.mark.parametrize("case", list(build()))
def test_alpha_precision_and_beta_recall_equal_their_definitions(case):
    real, fake = build()[case]
    np.testing.assert_allclose(
        alpha_precision_beta_recall(real, fake), direct_alpha_beta(real, fake), rtol=1e-12
    )


def test_uniform_points_shrunk_to_half_the_radius_have_a_known_alpha_precision():
    # on a line, P(alpha) = min(2 alpha, 1); the integral gives 1/2, the mean over 30 levels a little more
    real, levels = np.linspace(-1, 1, 40_001)[:, None], np.linspace(0, 1, 30)
    expected = 1 - (np.minimum(2 * levels, 1) - levels).sum() / levels.sum()
    distances = module._alpha_distances(real, real / 2)
    assert module._alpha_precision(*distances) == pytest.approx(expected, abs=1e-4)
    assert expected == pytest.approx(0.5, abs=0.02)


def test_a_copy_covers_all_even_where_every_row_has_equals():
    levels = np.eye(3)[np.arange(60) % 3]
    assert density_coverage(levels, levels, 5) == pytest.approx((20 / 5, 1.0))


def test_few_points_have_fewer_neighbours():
    points = np.array([[0.0], [1.0], [3.0]])
    assert density_coverage(points, np.array([[0.5]]), 5) == pytest.approx((3 / 2, 1.0))


def test_the_distances_are_taken_in_parts(monkeypatch):
    real, fake = build()["other rows"]
    whole = density_coverage(real, fake, 5), alpha_precision_beta_recall(real, fake)
    monkeypatch.setattr(module, "_CELLS", 1_000)
    assert (density_coverage(real, fake, 5), alpha_precision_beta_recall(real, fake)) == whole


@pytest.fixture
def tables(people, coded):
    tables = coded(real=people(700, 1), holdout=people(500, 2))
    tables["floor"] = independent_columns(tables["real"], 700, stream(0, "test"))
    tables["copy"] = bootstrap(tables["real"], 700, stream(1, "test"))
    return tables


def test_fresh_rows_lie_where_the_real_ones_do(people, coded):
    tables = coded(real=people(700, 1)[["height", "weight"]], holdout=people(500, 2)[["height", "weight"]])
    found = manifold(tables["real"], tables["holdout"], 0)
    assert (found.n_rows, found.n_columns) == (500, 2)
    assert found.density.low < 1 < found.density.high
    assert found.coverage.value > 0.9 and found.alpha_precision.value > 0.9
    assert found.beta_recall.low < 0.5 < found.beta_recall.high


def test_shuffled_columns_lie_elsewhere_and_copies_lie_closer_than_fresh_rows(tables):
    fresh, floor, copy = (manifold(tables["real"], tables[w], 0) for w in ("holdout", "floor", "copy"))
    assert floor.density.high < fresh.density.low and floor.coverage.high < fresh.coverage.low
    assert floor.beta_recall.high < fresh.beta_recall.low < fresh.beta_recall.high < copy.beta_recall.low


def test_a_part_of_the_rows_covers_a_part(tables):
    tall = np.flatnonzero(tables["holdout"].column("height").values > 175)
    found = manifold(tables["real"], tables["holdout"].take(tall), 0)
    assert found.alpha_precision.high < 0.95 and found.coverage.high < 0.8


def test_the_intervals_hold_the_mean_of_many_draws(people, coded):
    drawn = []
    for i in range(30):
        tables = coded(real=people(120, 100 + i), other=people(120, 200 + i))
        drawn.append(manifold(tables["real"], tables["other"], i))
    for name in ("density", "coverage", "alpha_precision", "beta_recall"):
        found = [getattr(d, name) for d in drawn]
        mean = np.mean([e.value for e in found])
        assert sum(e.low <= mean <= e.high for e in found) >= 25, name


def test_the_seed_repeats_the_figures(tables, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 100)
    assert manifold(tables["real"], tables["holdout"], 4) == manifold(tables["real"], tables["holdout"], 4)
    assert manifold(tables["real"], tables["holdout"], 4) != manifold(tables["real"], tables["holdout"], 5)
    assert manifold(tables["real"], tables["holdout"], 4).n_rows == 100


def test_columns_are_capped_by_their_coordinates(tables, monkeypatch):
    monkeypatch.setattr(space, "MAX_COORDINATES", 5)
    found = manifold(tables["real"], tables["holdout"], 0)
    assert 1 <= found.n_columns <= 2
    assert len(some_columns(tables["real"], 1, stream(0, "test"))) == 1


def test_rows_are_fewer_where_coordinates_are_many(tables, monkeypatch):
    monkeypatch.setattr(space, "_MAX_WORK", 1.0)
    monkeypatch.setattr(space, "_MIN_ROWS", 50)
    assert manifold(tables["real"], tables["holdout"], 0).n_rows == 50


def test_coordinates_leave_out_what_is_zero_throughout(coded):
    frames = [pd.DataFrame({"x": np.arange(1.0, 9.0), "y": np.arange(8.0) % 3}) for _ in range(2)]
    tables = coded(real=frames[0], other=frames[1])
    first, second, n_columns = coordinates(tables["real"], tables["other"], 100, stream(0, "test"))
    assert first.shape == second.shape == (8, 2) and n_columns == 2


def test_one_row_gives_empty_estimates(people, coded):
    tables = coded(real=people(20, 1), other=people(1, 2))
    found = manifold(tables["real"], tables["other"], 0)
    assert found.density == found.beta_recall == Estimate(None) and found.n_rows == 1


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1.0] * 12}),
        pd.DataFrame({"x": [1.0] * 12, "y": [np.nan] * 12}),
        pd.DataFrame({"g": ["a", "b"] * 6}),
        pd.DataFrame({"x": [1e300, -1e300, *range(10)]}),
        pd.DataFrame({"x": [1.0, np.nan, 3.0] * 4, "g": pd.Series(["a", None, "b"] * 4)}),
    ],
    ids=["constant", "empty column", "levels", "huge", "missing"],
)
def test_odd_tables_equal_themselves(coded, frame):
    tables = coded(real=frame, other=frame)
    found = manifold(tables["real"], tables["other"], 0)
    assert found.coverage.value == 1 and found.density.value >= 1
    for estimate in (found.density, found.coverage, found.alpha_precision, found.beta_recall):
        assert estimate.low <= estimate.value <= estimate.high


def test_a_level_that_the_real_table_lacks_lies_outside(coded):
    tables = coded(
        real=pd.DataFrame({"g": ["a", "b", "c"] * 10}), other=pd.DataFrame({"g": ["a", "d", "d"] * 10})
    )
    found = manifold(tables["real"], tables["other"], 0)
    assert found.coverage.value == pytest.approx(1 / 3)
    assert found.beta_recall.high < 0.9
