import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.histograms import MAX_LEVELS, N_BINS, marginal


def made(coded, real, synthetic):
    tables = coded(real=pd.DataFrame({"x": real}), synthetic=pd.DataFrame({"x": synthetic}))
    return marginal(tables["real"].columns[0], tables["synthetic"].columns[0])


def test_few_whole_numbers_get_a_bin_each(coded):
    found = made(coded, [1, 2, 2, 4], [2, 2, 9, -3])
    assert found.edges == (0.5, 1.5, 2.5, 3.5, 4.5)
    assert found.real == (0.25, 0.5, 0.0, 0.25)
    assert found.synthetic == (0.25, 0.5, 0.0, 0.25)  # -3 and 9 lie beyond: in the end bins


def test_bins_of_many_whole_numbers_hold_equally_many(coded):
    widths = np.diff(made(coded, [*range(1000), 5], range(1000)).edges)
    assert len(set(widths)) == 1 and widths[0] == int(widths[0]) and len(widths) <= N_BINS


@pytest.mark.parametrize(("n", "n_bins"), [(20, 8), (200, 12), (20_000, N_BINS)])
def test_few_rows_get_few_bins(coded, n, n_bins):
    values = np.linspace(0.1, 1.1, n)
    assert len(made(coded, values, values).real) == n_bins


@pytest.mark.parametrize("value", [0.5, 7.0])
def test_one_value_is_one_full_bin(coded, value):
    found = made(coded, [value, value], [value, np.nan])
    assert max(found.real) == max(found.synthetic) == 1.0


def test_an_outlier_does_not_flatten_the_figure(coded):
    found = made(coded, [*np.linspace(0.1, 1.1, 999), 1e9], [0.5])
    assert found.edges[-1] < 2 and sum(found.real) == pytest.approx(1)


def test_datetimes_are_in_seconds(coded):
    dates = pd.to_datetime(["2020-01-01", "2020-01-11"])
    found = made(coded, dates, dates)
    assert found.kind == "datetime" and found.edges[0] == pytest.approx(1577836800, rel=1e-4)


def test_rare_levels_and_missing_values_are_shown_last(coded):
    levels = [f"level {i:02}" for i in range(20) for _ in range(20 - i)]
    found = made(coded, [*levels, None], ["level 00", "new"])
    assert found.labels[0] == "level 00" and found.labels[-2:] == ("(9 others)", "(missing)")
    assert len(found.labels) == MAX_LEVELS + 2
    assert sum(found.real) == pytest.approx(1) and sum(found.synthetic) == pytest.approx(1)


def test_an_empty_column_has_no_bins(coded):
    assert made(coded, [np.nan, np.nan], [1.0, 2.0]).real == ()
