import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import regions as module
from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.regions import Regions, fit_regions
from synthgen.metrics.tables import CodedColumn
from synthgen.rng import stream


def regions(real, other, seed) -> Regions:
    return module.regions(fit_regions(real, seed), other)


def with_mode(n, seed, share=0.1):
    """Rows of which a share lies in a cluster of its own, at x near 6, y near -4 and mostly of group c."""
    draw = stream(seed, "test.mode")
    inside = draw.random(n) < share
    frame = pd.DataFrame({f"noise{j}": draw.normal(size=n) for j in range(4)})
    frame["x"] = np.where(inside, draw.normal(6, 0.3, n), draw.normal(size=n))
    frame["y"] = np.where(inside, draw.normal(-4, 0.3, n), draw.normal(size=n))
    group = np.where(inside & (draw.random(n) < 0.9), "c", draw.choice(["a", "b"], n))
    return frame.assign(group=group, seen=pd.Timestamp("2020-01-01") + pd.to_timedelta(inside * 900, "D"))


@pytest.mark.parametrize("n", [600, 3_000])
def test_a_missing_mode_is_found_and_described(coded, n):
    tables = coded(real=with_mode(n, 1), other=with_mode(n, 2, share=0.0), fresh=with_mode(n, 3))
    found = regions(tables["real"], tables["other"], 0)
    assert sum(r.share_real for r in found.lost) == pytest.approx(0.1, abs=0.05)
    assert all(r.share_other < 0.01 and r.p_value < module.LEVEL for r in found.lost)
    assert found.occupancy.value < regions(tables["real"], tables["fresh"], 0).occupancy.value - 0.03
    words = " ".join(r.words for r in found.lost)
    marks = ("x about 6", "x about 5.9", "y about -4", "y about -3.9", "group = c", "seen about 2022-06-19")
    assert any(m in words for m in marks)
    assert "noise" not in words


def test_a_crowded_mode_is_found_and_described(coded):
    tables = coded(real=with_mode(2_000, 1, share=0.02), other=with_mode(2_000, 2, share=0.3))
    found = regions(tables["real"], tables["other"], 0)
    assert sum(r.share_other for r in found.inflated) == pytest.approx(0.3, abs=0.05) and not found.lost
    assert "seen about 2022-06-19" in " ".join(r.words for r in found.inflated)
    shares = [r.share_other - r.share_real for r in found.inflated]
    assert shares == sorted(shares, reverse=True)


def test_fresh_rows_and_copies_raise_nothing(coded):
    for seed in range(20):
        tables = coded(real=with_mode(400, 2 * seed), fresh=with_mode(300, 2 * seed + 1))
        copied = bootstrap(tables["real"], 400, stream(seed, "test"))
        for other in (tables["fresh"], copied):
            found = regions(tables["real"], other, seed)
            assert not found.lost and not found.inflated
            assert found.occupancy.value > 0.8


def test_shuffled_columns_leave_and_crowd_regions(people, coded):
    real = coded(real=people(3_000, 1))["real"]
    found = regions(real, independent_columns(real, 3_000, stream(0, "test")), 0)
    assert found.inflated and found.occupancy.high < 0.8
    assert (found.n_rows, found.n_columns, found.n_regions) == (3_000, 6, 40)


def test_there_is_a_region_for_every_fifty_real_rows(coded):
    for n, n_regions in ((20, 2), (80, 2), (300, 6), (2_000, 40), (4_000, 40)):
        table = coded(real=with_mode(n, 1))["real"]
        assert regions(table, table, 0).n_regions == n_regions


def test_occupancy_is_one_less_the_total_variation_distance():
    labels = [np.array([0]), np.repeat([0, 1, 2], [50, 30, 20]), np.repeat([0, 1], [30, 70])]
    differences = np.array([0.3 - 0.5, 0.7 - 0.3, 0.0 - 0.2])
    found = module._occupancy(differences, labels)
    assert found.value == pytest.approx(1 - 0.4)
    variance = (np.var([-0.5] * 70 + [0.5] * 30) + np.var([-0.5] * 30 + [0.5] * 70)) / 100
    assert found.value - found.low == pytest.approx(1.96 * np.sqrt(variance), rel=1e-4)


def test_missing_values_mark_a_region(coded):
    draw = stream(0, "test.missing")
    frame = pd.DataFrame({"x": draw.normal(size=800), "g": draw.choice(["a", "b"], 800)})
    holes = frame.copy()
    holes.loc[:119, ["x", "g"]] = np.nan, None
    tables = coded(real=holes, other=frame)
    (lost,) = regions(tables["real"], tables["other"], 0).lost
    assert set(lost.words.split(", ")) == {"x missing", "g missing"}


def test_a_region_of_few_rows_is_not_described(coded, monkeypatch):
    monkeypatch.setattr(module, "MIN_DESCRIBED", 10_000)
    tables = coded(real=with_mode(600, 1), other=with_mode(600, 2, share=0.0))
    found = regions(tables["real"], tables["other"], 0)
    assert found.lost and all(r.words == "" for r in found.lost)


def test_many_columns_are_reduced_and_capped(coded, monkeypatch):
    draw = stream(0, "test.wide")

    def make(n, share):
        inside = draw.random((n, 1)) < share
        return pd.DataFrame(draw.normal(size=(n, 250)) + 2 * inside, columns=[f"v{j}" for j in range(250)])

    tables = coded(real=make(400, 0.2), other=make(400, 0.0))
    found = regions(tables["real"], tables["other"], 0)
    assert sum(r.share_real for r in found.lost) == pytest.approx(0.2, abs=0.1) and found.n_columns == 250
    monkeypatch.setattr(module, "MAX_COORDINATES", 100)
    assert regions(tables["real"], tables["other"], 0).n_columns == 50


def test_rows_are_capped_and_the_seed_repeats_the_figures(coded, monkeypatch):
    monkeypatch.setattr(module, "MAX_COUNTED", 2_000)
    monkeypatch.setattr(module, "MAX_FITTED", 200)
    tables = coded(real=with_mode(5_000, 1), other=with_mode(2_500, 2))
    found = regions(tables["real"], tables["other"], 4)
    assert found == regions(tables["real"], tables["other"], 4) != regions(tables["real"], tables["other"], 5)
    assert found.n_rows == 2_000 and found.n_regions == 8


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
def test_odd_tables_lose_nothing_to_themselves(coded, frame):
    tables = coded(real=frame, other=frame)
    found = regions(tables["real"], tables["other"], 0)
    assert found.lost == found.inflated == () and 0 <= found.occupancy.low <= found.occupancy.value <= 1


def test_one_fit_serves_many_tables(coded):
    tables = coded(real=with_mode(600, 1), other=with_mode(500, 2, share=0.0), fresh=with_mode(300, 3))
    fitted = fit_regions(tables["real"], 0)
    for which in ("other", "fresh", "other"):
        assert module.regions(fitted, tables[which]) == regions(tables["real"], tables[which], 0)


def test_more_levels_than_coordinates_share_one(coded):
    names = [f"n{i:03}" for i in range(150)]
    real = pd.DataFrame(
        {"g": names * 3 + ["big"] * 300, "x": np.r_[np.arange(450.0) % 7, np.full(300, 30.0)]}
    )
    tables = coded(real=real, other=real[:450])
    found = regions(tables["real"], tables["other"], 0)
    assert sum(r.share_real for r in found.lost) == pytest.approx(0.4, abs=0.05)
    assert "g = big" in found.lost[0].words


def test_a_level_of_few_rows_is_not_named():
    draw = stream(0, "test.names")
    codes = np.repeat(np.arange(3), [9, 7, 8])
    whole = CodedColumn(
        "g", "categorical", draw.permutation(np.repeat(np.arange(60), 9)), tuple(map(str, range(60)))
    )
    assert module._level_mark(codes, whole) == (0.0, "")
    assert module._level_mark(np.repeat([0, 1], [10, 14]), whole)[1] == "g = 1"


def test_three_rows_are_too_few(people, coded):
    tables = coded(real=people(3, 1), other=people(30, 2))
    found = regions(tables["real"], tables["other"], 0)
    assert found.occupancy == Estimate(None) and found.n_regions == 0


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (3.14159, "continuous", "3.14"),
        (-32_071.0, "integer", "-32,100"),
        (38.5, "integer", "38.5"),
        (0.0, "continuous", "0"),
        (1.5e-7, "continuous", "1.50e-07"),
        (2.0e9, "continuous", "2.00e+09"),
        (1.6e9, "datetime", "2020-09-13"),
    ],
)
def test_numbers_in_words(value, kind, words):
    assert module._spoken(value, kind) == words
