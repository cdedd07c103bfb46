"""Each planted fault must be found and named; fresh rows must raise no alarm."""

import numpy as np
import pandas as pd
import pytest

from synthgen.reports.summary import evaluate
from synthgen.rng import stream
from tests.common import faults

ALARMS = ("leak", "wrong", "minor")


@pytest.fixture(scope="module")
def mixed():
    return faults.tables(0)


@pytest.fixture(scope="module")
def wide():
    return faults.wide_tables(0)


@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_planted_fault_is_named(name, mixed, wide):
    fault = faults.FAULTS[name]
    real, fresh, holdout = wide if fault.is_wide else mixed
    synthetic = fault.plant(real, fresh, stream(0, f"test.fault.{name}"))
    report = evaluate(real, synthetic, holdout, metrics=fault.parts)
    assert fault.is_named(report.verdicts), [v.sentence for v in report.verdicts]


def test_only_the_wide_attacks_see_the_full_sample_covariance(wide):
    real, fresh, holdout = wide
    synthetic = faults.FAULTS["full sample covariance"].plant(real, fresh, stream(0, "test"))
    report = evaluate(real, synthetic, holdout, metrics=["membership", "nearest"])
    aucs = {a.name: a.auc for a in report.membership["synthetic"].attacks}
    assert aucs["span"].low > 0.95
    assert not [v for v in report.verdicts if v.about in ("copies", "near copies")]
    assert max(aucs[name].value for name in ("density", "classifier")) < 0.75


@pytest.mark.parametrize("seed", range(1, 4))
def test_fresh_rows_raise_no_alarm(seed):
    report = evaluate(*faults.tables(seed), target="mark", random_state=seed)
    assert [v.sentence for v in report.verdicts if v.kind in ALARMS] == []
    assert {v.about for v in report.verdicts if v.kind == "good"} >= {
        "columns",
        "pairs",
        "membership",
        "detection",
    }


def few_levels(n, seed):
    """So few cells that most rows repeat each other."""
    draw = stream(seed, "test.few")
    return pd.DataFrame({name: draw.choice(list("abcd"), n, p=[0.4, 0.3, 0.2, 0.1]) for name in "uvwx"})


def skewed(n, seed):
    """Heavy tails, zeros, rare levels and a weak target."""
    draw = stream(seed, "test.skewed")
    x = draw.lognormal(0, 2, n)
    rare = draw.choice(["m", "n", "o"], n, p=[0.97, 0.02, 0.01])
    zeros = np.where(draw.random(n) < 0.9, 0, draw.integers(1, 50, n))
    return pd.DataFrame({"x": x, "zeros": zeros, "rare": rare, "y": draw.random(n) < 0.3 + 0.2 * (x > 1)})


SHAPES = {
    "no holdout": (faults.make_table, 600, 600, None, "mark"),
    "a small holdout": (faults.make_table, 2_000, 2_000, 150, "mark"),
    "few levels, small holdout": (few_levels, 2_000, 2_000, 200, "u"),
    "few levels, no holdout": (few_levels, 800, 800, None, None),
    "few rows": (skewed, 120, 120, 100, "y"),
    "few rows to learn from, many to test on": (skewed, 200, 200, 6_000, "y"),
    "more synthetic rows than real ones": (skewed, 500, 3_000, 500, "y"),
    "wide, no holdout": (faults.make_wide, 120, 120, None, None),
    "wide, a small holdout": (faults.make_wide, 200, 200, 90, None),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_fresh_rows_of_any_shape_raise_no_alarm(shape):
    make, n_real, n_synthetic, n_holdout, target = SHAPES[shape]
    holdout = None if n_holdout is None else make(n_holdout, 3)
    report = evaluate(make(n_real, 1), make(n_synthetic, 2), holdout, target)
    assert [v.sentence for v in report.verdicts if v.kind in ALARMS] == []


def test_fresh_wide_rows_raise_no_alarm(wide):
    report = evaluate(*wide)
    assert [v.sentence for v in report.verdicts if v.kind in ALARMS] == []


def test_a_held_out_table_that_overlaps_is_pointed_out(mixed):
    real, fresh, _ = mixed
    overlapping = real.iloc[: faults.N_HOLDOUT]
    report = evaluate(real, fresh, overlapping, metrics=["nearest"])
    (found,) = [v for v in report.verdicts if v.about == "holdout"]
    assert found.kind == "unknown" and "100.0% of the held-out rows equal a real row" in found.sentence
    assert np.isclose(report.holdout_overlap.value, 1)
