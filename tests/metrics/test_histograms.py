import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.histograms import MAX_LEVELS, MIN_REAL, N_BINS, marginal
from synthgen.metrics.level_checks import MIN_NAMED
from synthgen.rng import stream


def made(coded, real, synthetic):
    tables = coded(real=pd.DataFrame({"x": real}), synthetic=pd.DataFrame({"x": synthetic}))
    return marginal(tables["real"].columns[0], tables["synthetic"].columns[0])


def counted(values, edges):
    inside = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)
    return np.bincount(inside, minlength=len(edges) - 1)


def test_few_whole_numbers_get_a_bin_each(coded):
    found = made(coded, [1] * 50 + [2] * 100 + [4] * 50, [2, 2, 9, -3])
    assert found.edges == (0.5, 1.5, 2.5, 3.5, 4.5)
    assert found.real == (0.25, 0.5, 0.0, 0.25)
    assert found.synthetic == (0.25, 0.5, 0.0, 0.25)  # -3 and 9 lie beyond: in the end bins


def test_bins_of_many_whole_numbers_hold_equally_many(coded):
    widths = np.diff(made(coded, [*range(1000), 5], range(1000)).edges)
    assert len(set(widths)) == 1 and widths[0] == int(widths[0]) and 10 < len(widths) <= N_BINS


@pytest.mark.parametrize(
    ("n", "least", "most"), [(10, 1, 2), (40, 2, 8), (200, 4, 13), (20_000, 11, N_BINS + 1)]
)
def test_few_rows_get_few_bins(coded, n, least, most):
    values = np.linspace(0.1, 1.1, n)
    assert least <= len(made(coded, values, values).real) <= most


DRAWS = {
    "normal": lambda draw, n: draw.normal(size=n),
    "whole": lambda draw, n: np.floor(draw.normal(0, 40, n)),
    "skewed": lambda draw, n: np.exp(draw.normal(0, 3, n)),
    "decimals": lambda draw, n: draw.normal(0, 1, n).round(1),
    "two values": lambda draw, n: draw.choice([0.25, 17.5], n),
    "mostly zero": lambda draw, n: np.where(np.arange(n) < n - 7, 0.0, np.exp(draw.normal(9, 2, n))),
    "huge": lambda draw, n: draw.normal(size=n) * 1e300,
    "tiny": lambda draw, n: draw.random(n) * 1e-300,
    "close": lambda draw, n: 1e9 + draw.random(n) * 1e-6,
}


@pytest.mark.parametrize("n", [10, 60, 3_000])
@pytest.mark.parametrize("name", DRAWS)
def test_no_bin_and_no_edge_tells_of_fewer_than_five_rows(coded, name, n):
    values = DRAWS[name](stream(n, "test.histograms"), n)
    edges = np.array(made(coded, values, values).edges)
    counts = counted(values, edges)
    assert (np.diff(edges) > 0).all()
    assert ((counts == 0) | (counts >= MIN_REAL)).all()
    # an edge lies farther out than the fifth value from the end by the width of a bin at most
    assert counts[0] >= MIN_REAL and counts[-1] >= MIN_REAL
    ordered = np.sort(values)
    width = np.diff(edges / 10).min() * 10
    assert edges[0] + width * 1.001 > ordered[4] and edges[-1] - width * 1.001 <= ordered[-5]


def test_the_extremes_of_a_column_of_mostly_one_value_are_not_told(coded):
    values = np.zeros(2_000)
    values[:5] = [913.7, 11.1, 87.3, 45_678.9, -77.7]
    found = made(coded, values, values)
    assert -10 <= found.edges[0] <= 0 <= found.edges[-1] <= 10
    values[:7] = [45_678.9, 913.7, 812.3, 800.1, 765.4, 12.3, 1.1]
    found = made(coded, values, values)
    assert 765.4 < found.edges[-1] <= 800  # the fifth from above, up to the width of a bin


def test_merged_bins_are_multiples_of_the_narrowest(coded):
    values = np.concatenate([np.linspace(0.01, 0.99, 400), np.linspace(1.01, 9.99, 30)])
    widths = np.diff(made(coded, values, values).edges)
    times = widths / widths.min()
    assert times.max() > 1.5 and times == pytest.approx(np.round(times))


@pytest.mark.parametrize("n", [1, 4, 9])
def test_fewer_than_ten_values_are_not_shown(coded, n):
    assert made(coded, [*np.linspace(0.1, 1.1, n), np.nan], [0.5]).real == ()


@pytest.mark.parametrize("value", [0.5, 7.0, 0.0, -1e300])
def test_one_value_is_one_full_bin(coded, value):
    found = made(coded, [value] * 10, [value, np.nan])
    assert found.real == found.synthetic == (1.0,)
    assert found.edges[0] <= value < found.edges[1]


def test_an_outlier_does_not_flatten_the_figure(coded):
    found = made(coded, [*np.linspace(0.1, 1.1, 999), 1e9], [0.5])
    assert found.edges[-1] < 2 and sum(found.real) == pytest.approx(1)


def test_datetimes_are_in_seconds(coded):
    dates = pd.Series(pd.to_datetime(["2020-01-01", "2020-01-11"] * 100))
    found = made(coded, dates, dates)
    assert found.kind == "datetime"
    assert found.edges == tuple(1577836800.0 + 86_400 * day for day in range(12))
    hours = pd.Series(pd.to_datetime(["2020-01-01 07:30", "2020-01-02 19:10"] * 100))
    widths = np.diff(made(coded, hours, hours).edges)
    assert set(widths) == {10_800.0} and made(coded, hours, hours).edges[0] == 1577836800 + 6 * 3_600


def test_rare_levels_and_missing_values_are_shown_last(coded):
    levels = [f"level {i:02}" for i in range(20) for _ in range(40 - i)]
    found = made(coded, [*levels, None], ["level 00", "new"])
    assert found.labels[0] == "level 00" and found.labels[-2:] == ("(9 others)", "(missing)")
    assert len(found.labels) == MAX_LEVELS + 2
    assert sum(found.real) == pytest.approx(1) and sum(found.synthetic) == pytest.approx(1)


def test_levels_of_few_real_rows_are_named_only_if_the_synthetic_table_has_them(coded):
    real = ["common"] * 30 + ["enough"] * MIN_NAMED + ["Ann"] * 9 + ["Bob"] + ["Eve"]
    found = made(coded, real, ["common", "Eve", "new"])
    assert found.labels == ("common", "Eve", "new", "enough", "(2 others)")
    assert found.real[-1] == pytest.approx(10 / len(real)) and sum(found.real) == pytest.approx(1)
    assert made(coded, ["common"] * 30 + ["Bob"], ["common"]).labels == ("common", "(1 other)")


def test_an_empty_column_has_no_bins(coded):
    assert made(coded, [np.nan, np.nan], [1.0, 2.0]).real == ()
