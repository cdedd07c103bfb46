import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, chi2_contingency, fisher_exact, ks_2samp, wasserstein_distance

from synthgen.metrics import columns
from synthgen.metrics.baselines import independent_columns
from synthgen.metrics.column_faults import ALPHA
from synthgen.metrics.columns import ColumnCheck, column_checks
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.rng import stream

LEVELS = ["A", "B", "C", "D"]


def mixed(n, seed):
    """Six columns of one source: normal, skewed, counts, zero-inflated, levels, instants with times of day."""
    draw = stream(seed, "test.columns")
    zeros = np.where(draw.random(n) < 0.8, 0, np.exp(draw.normal(2, 1.5, n)))
    return pd.DataFrame(
        {
            "normal": pd.Series(draw.normal(0, 3, n)).where(draw.random(n) > 0.05),
            "skewed": np.exp(draw.normal(0, 1.5, n)).round(2),
            "count": draw.poisson(2, n),
            "gain": zeros.round(1),
            "level": pd.Series(draw.choice(LEVELS, n, p=[0.6, 0.28, 0.1, 0.02])).where(draw.random(n) > 0.03),
            "seen": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 500, n), "D"),
        }
    )


def as_coded(frame):
    """The frame as `code_tables` would have it, without the time that this takes."""
    parts = []
    for name, column in frame.items():
        if name == "level":
            codes = pd.Categorical(column, categories=LEVELS).codes.astype(np.int64)
            parts.append(CodedColumn(name, "categorical", codes, tuple(LEVELS)))
        elif name == "seen":
            parts.append(
                CodedColumn(name, "datetime", column.astype("datetime64[s]").astype(np.int64).to_numpy(float))
            )
        else:
            parts.append(CodedColumn(name, "continuous", column.to_numpy(float)))
    return CodedTable(tuple(parts), len(frame))


@pytest.fixture
def checked(coded):
    """The checks of one frame against another, by column."""

    def check(real, other):
        tables = coded(real=real, synthetic=other)
        return {c.name: c for c in column_checks(tables["real"], tables["synthetic"])}

    return check


def found(check):
    return {f.what: f for f in check.faults}


def test_figures_equal_those_of_scipy_and_by_hand(checked):
    draw = stream(1, "test.figures")
    x, y = draw.normal(2, 3, 300), draw.normal(2.5, 3.6, 200)
    y[:20] = np.nan
    check = checked(pd.DataFrame({"x": x}), pd.DataFrame({"x": y}))["x"]
    y = y[20:]
    assert (check.n_real, check.n_other) == (300, 180)
    assert check.wasserstein == pytest.approx(wasserstein_distance(x, y) / x.std(), rel=1e-9)
    assert check.mean_shift == pytest.approx((y.mean() - x.mean()) / x.std(), rel=1e-9)
    assert check.sd_ratio == pytest.approx(y.std() / x.std(), rel=1e-9)
    assert check.outside_range == pytest.approx(((y < x.min()) | (y > x.max())).mean())


@pytest.mark.parametrize(("other", "coverage", "outside"), [
    ([0.0, 10.0], 1.0, 0.0), ([2.0, 7.0], 0.5, 0.0), ([-5.0, 5.0], 0.5, 0.5), ([20.0, 30.0], 0.0, 1.0),
])  # fmt: skip
def test_coverage_of_the_range_is_sdmetrics_range_coverage(checked, other, coverage, outside):
    check = checked(pd.DataFrame({"x": [0.0, 3.0, 10.0]}), pd.DataFrame({"x": other}))["x"]
    assert check.range_coverage == pytest.approx(coverage)
    assert check.outside_range == outside


def test_coverage_of_levels_is_sdmetrics_category_coverage_and_names_what_is_lost(checked):
    real = pd.DataFrame({"x": ["a"] * 15 + ["b"] * 14 + ["c"] * 10 + ["d"]})
    check = checked(real, pd.DataFrame({"x": ["a", "a", "d", "e", "f"]}))["x"]
    assert check.level_coverage == pytest.approx(0.5)
    assert check.lost_levels == ("b", "c") and check.n_lost_levels == 2
    assert check.n_new_levels == 2


def test_lost_levels_of_few_real_rows_are_counted_and_not_named(checked):
    real = pd.DataFrame({"x": ["a"] * 40 + ["Ann"] * 9 + ["Bob"] * 8 + ["Eve"] * 7 + ["Joe"] + ["known"] * 2})
    other = pd.DataFrame({"x": ["a"] * 900 + ["known"] * 100})
    check = checked(real, other)["x"]
    assert check.lost_levels == () and check.n_lost_levels == 4
    assert found(check)["lost level"].words == "3 rare levels never occur"  # Joe's absence may be chance
    assert found(check)["lost level"].effect == pytest.approx(9 / 67)
    assert "'known'" in found(check)["shape"].words or "'a'" in found(check)["shape"].words
    few = checked(real[40:49], other)["x"]
    assert [f.words for f in few.faults if "Ann" in f.words] == [] and found(few)["lost level"]


def test_the_p_value_of_a_shape_is_close_to_scipy_s(checked):
    draw = stream(2, "test.ks")
    x, y = draw.normal(size=800), draw.normal(0.2, 1, 500)
    fault = found(checked(pd.DataFrame({"x": x}), pd.DataFrame({"x": y}))["x"])["shape"]
    expected = ks_2samp(x, y, method="asymp")
    assert fault.effect == pytest.approx(expected.statistic, abs=1e-12)
    assert fault.p_value == pytest.approx(expected.pvalue, rel=0.2)


def test_numbers_of_few_values_and_levels_are_tested_by_chi_square(checked):
    draw = stream(3, "test.chi2")
    x, y = draw.choice(4, 600, p=[0.4, 0.3, 0.2, 0.1]), draw.choice(4, 500, p=[0.25, 0.35, 0.2, 0.2])
    counts = [np.bincount(v, minlength=4) for v in (x, y)]
    expected = chi2_contingency(counts, correction=False).pvalue
    names = np.array(["a", "b", "c", "d"])
    numbers = checked(pd.DataFrame({"x": x.astype(float)}), pd.DataFrame({"x": y.astype(float)}))["x"]
    levels = checked(pd.DataFrame({"x": names[x]}), pd.DataFrame({"x": names[y]}))["x"]
    for check in (numbers, levels):
        assert found(check)["shape"].p_value == pytest.approx(expected, rel=1e-6)


def test_a_column_that_is_ten_percent_too_wide_is_found(checked):
    real, other = mixed(4_000, 2), mixed(4_000, 3)
    other["normal"] *= 1.1
    checks = checked(real, other)
    fault = found(checks["normal"])["scale"]
    assert fault.p_value < 1e-5 and 1.05 < fault.effect < 1.15
    assert fault.words == f"spread {fault.effect:.2f} times the real one"
    assert not any(c.faults for name, c in checks.items() if name != "normal")


def test_at_1500_rows_most_columns_that_are_ten_percent_too_wide_are_found():
    draw = stream(0, "test.scale")
    x, y = draw.normal(size=(200, 1500)), 1.1 * draw.normal(size=(200, 1500))
    tables = [
        CodedTable(tuple(CodedColumn(str(j), "continuous", v) for j, v in enumerate(m)), 1500) for m in (x, y)
    ]
    p_values = [found(c)["scale"].p_value if "scale" in found(c) else 1 for c in column_checks(*tables)]
    assert np.mean(np.array(p_values) < 1e-3) > 0.5


def test_a_shifted_mean_is_found(checked):
    real, other = mixed(1_500, 0), mixed(1_500, 1)
    other["normal"] += 0.6
    fault = found(checked(real, other)["normal"])["location"]
    assert fault.p_value < 1e-4 and 0.1 < fault.effect < 0.3
    assert "above the real one" in fault.words


@pytest.mark.parametrize("name", ["normal", "level"])
def test_a_changed_missing_share_is_found(checked, name):
    real, other = mixed(1_500, 0), mixed(1_500, 1)
    other[name] = other[name].where(stream(0, "test.missing").random(1_500) > 0.1)
    fault = found(checked(real, other)[name])["missing"]
    assert fault.p_value < 1e-6 and 0.05 < fault.effect < 0.15
    assert " missing instead of " in fault.words


@pytest.mark.parametrize(("name", "change", "words"), [
    ("skewed", lambda x: x * 1.0001, "more than 8 decimals where the real column has 2 decimals"),
    ("skewed", lambda x: x.round(1), "1 decimal where the real column has 2 decimals"),
    ("normal", lambda x: x.round(1), "1 decimal where the real column has more than 8 decimals"),
    ("normal", lambda x: x.round(), "whole numbers where the real column has more than 8 decimals"),
    ("count", lambda x: x + 0.5, "1 decimal where the real column has whole numbers"),
    ("seen", lambda x: x + pd.Timedelta("3h"), "times in hours where the real column has times in days"),
])  # fmt: skip
def test_wrong_decimals_are_found(checked, name, change, words):
    real, other = mixed(300, 0), mixed(300, 1)
    other[name] = change(other[name])
    check = checked(real, other)[name]
    assert found(check)["decimals"].words == words
    assert found(check)["decimals"].p_value < 1e-20


def test_more_zeros_are_a_fault_of_shape_and_not_of_decimals(checked):
    draw = stream(0, "test.zeros")
    x = [np.where(draw.random(2_000) < share, 0.0, draw.normal(size=2_000)) for share in (0.97, 0.995)]
    check = checked(pd.DataFrame({"x": x[0]}), pd.DataFrame({"x": x[1]}))["x"]
    assert "decimals" not in found(check) and check.faults


def test_a_lost_level_is_found_and_named(checked):
    real, other = mixed(1_500, 0), mixed(1_500, 1)
    other["level"] = other["level"].where(other["level"] != "D", "A")
    check = checked(real, other)["level"]
    fault = found(check)["lost level"]
    share = (real["level"] == "D").sum() / real["level"].notna().sum()
    assert check.lost_levels == ("D",)
    assert fault.p_value < 1e-5 and fault.effect == pytest.approx(share)
    assert fault.words == f"level 'D' ({share:.1%} of real values) never occurs"


def test_inflated_and_new_levels_are_found(checked):
    real, other = mixed(1_500, 0), mixed(1_500, 1)
    rows = stream(0, "test.levels").permutation(1_500)
    other.loc[rows[:150], "level"] = "C"
    other.loc[rows[150:200], "level"] = "Z"
    check = checked(real, other)["level"]
    assert check.inflated_levels == ("C",) and found(check)["inflated level"].effect > 1.5
    assert check.n_new_levels == 1 and "level 'Z'" in found(check)["new level"].words


def test_values_out_of_range_and_a_range_cut_short_are_found(checked):
    real, other = mixed(1_500, 0), mixed(1_500, 1)
    other.loc[:30, "normal"] = 50 + np.arange(31)
    other["skewed"] = other["skewed"].clip(upper=real["skewed"].quantile(0.95))
    checks = checked(real, other)
    assert "above the real maximum" in found(checks["normal"])["range"].words
    assert found(checks["skewed"])["range"].words.startswith("the highest")


def test_a_shuffled_column_does_not_show(checked):
    real = mixed(1_000, 0)
    other = mixed(1_000, 1)
    before = checked(real, other)
    for name in other:
        other[name] = other[name].to_numpy()[stream(0, f"test.{name}").permutation(1_000)]
    after = checked(real, other)
    for name, check in before.items():
        assert [f.what for f in after[name].faults] == [f.what for f in check.faults]
        assert after[name].wasserstein == pytest.approx(check.wasserstein)


@pytest.mark.parametrize("sizes", [(500, 500), (1_200, 150)])
def test_fresh_rows_fail_no_more_tests_than_the_level_says(sizes):
    n_tests = n_failed = 0
    for seed in range(200 if sizes[0] == 500 else 100):
        tables = [as_coded(mixed(n, 2 * seed + k)) for k, n in enumerate(sizes)]
        for check in column_checks(*tables):
            n_tests += check.n_tests
            n_failed += len({f.what for f in check.faults})
    assert n_tests > 2_000
    assert n_failed <= binom.ppf(0.999, n_tests, ALPHA)


def test_columns_in_blocks_and_one_at_a_time_are_the_same(monkeypatch):
    draw = stream(0, "test.blocks")
    x, y = draw.normal(size=(40, 120)), 1.3 * draw.normal(size=(40, 90))
    x[10:20], y[10:20] = x[10:20].round(1), y[10:20].round(1)
    x[20:30], y[20:30] = draw.integers(0, 3, (10, 120)), draw.integers(0, 4, (10, 90))
    x[30:, ::7] = np.nan
    tables = [
        CodedTable(tuple(CodedColumn(str(j), "continuous", v) for j, v in enumerate(m)), m.shape[1])
        for m in (x, y)
    ]
    together = column_checks(*tables)
    monkeypatch.setattr(columns, "_BLOCK_CELLS", 1)
    alone = column_checks(*tables)
    for a, b in zip(together, alone, strict=True):
        assert [f.what for f in a.faults] == [f.what for f in b.faults]
        for name in (f.name for f in dataclasses.fields(ColumnCheck) if f.name != "faults"):
            expected = getattr(b, name)
            assert getattr(a, name) == (
                pytest.approx(expected, rel=1e-9) if isinstance(expected, float) else expected
            )
        p_values = [[f.p_value for f in c.faults] for c in (a, b)]
        assert p_values[0] == pytest.approx(p_values[1], rel=1e-6)


def test_checks_are_plain_data(checked):
    other = mixed(200, 1)
    other["level"] = "A"
    for check in checked(mixed(200, 0), other).values():
        assert from_plain_data(ColumnCheck, to_plain_data(check)) == check


@pytest.mark.parametrize("real, other", [
    ([np.nan] * 10, [1.0] * 10),
    ([1.0] * 10, [np.nan] * 10),
    ([np.nan] * 10, [np.nan] * 3),
    ([0.1] * 10, [0.1] * 10),
    ([0.1] * 10, [0.3] * 7),
    (np.linspace(-1e300, 1e300, 40), np.linspace(-1e300, 1.7e308, 40)),
    (np.linspace(1e-300, 1e-290, 40), np.linspace(0, 1e-290, 40)),
    (1.6e9 + np.arange(50), 1.6e9 + np.arange(50) / 2),
    ([2.5], [1.0]),
    ([None] * 4 + ["a"], ["b"] * 5),
    (["a"] * 5, [None] * 4 + ["b"]),
    ([True, False], [True, True]),
])  # fmt: skip
def test_any_column_can_be_checked(checked, real, other):
    check = checked(pd.DataFrame({"x": real}), pd.DataFrame({"x": other}))["x"]
    numbers = [v for v in dataclasses.asdict(check).values() if isinstance(v, float)]
    assert np.isfinite(numbers).all()
    assert all(0 <= f.p_value <= ALPHA and f.words for f in check.faults)


def test_ten_rows_of_a_wrong_column_are_found_and_of_the_right_one_not(checked):
    real = pd.DataFrame({"x": np.arange(10) / 8, "level": ["a", "b"] * 5})
    wrong = checked(real, pd.DataFrame({"x": np.arange(10) + 5.0, "level": ["c"] * 10}))
    assert wrong["x"].faults and wrong["level"].faults
    right = checked(real, real[::-1])
    assert not right["x"].faults and not right["level"].faults


@pytest.mark.parametrize("levels", [False, True])
def test_rare_values_of_small_tables_are_tested_exactly(checked, levels):
    real, other = np.repeat([0, 1], [200, 1]), np.repeat([0, 1, 2], [15, 3, 2])
    names = np.array(["a", "b", "c"])
    frames = [pd.DataFrame({"x": names[v] if levels else v.astype(float)}) for v in (real, other)]
    fault = found(checked(*frames)["x"])["shape"]
    assert fault.p_value == pytest.approx(fisher_exact([[200, 1], [15, 5]])[1])


def test_the_floor_is_perfect_column_by_column(coded):
    real = coded(real=mixed(800, 0))["real"]
    floor = independent_columns(real, 800, stream(0, "test.floor"))
    assert not any(c.faults for c in column_checks(real, floor))
