"""Each planted fault must be found and named; fresh rows must raise no alarm."""

import numpy as np
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
    assert not [v for v in report.verdicts if v.about == "copies"]
    assert max(aucs[name].value for name in ("density", "classifier")) < 0.75


@pytest.mark.parametrize("seed", range(1, 6))
def test_fresh_rows_raise_no_alarm(seed):
    report = evaluate(*faults.tables(seed), target="mark", random_state=seed)
    assert [v.sentence for v in report.verdicts if v.kind in ALARMS] == []
    assert {v.about for v in report.verdicts if v.kind == "good"} >= {
        "columns",
        "pairs",
        "membership",
        "detection",
    }


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
