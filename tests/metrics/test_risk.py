import math

import numpy as np
import pytest

from synthgen.metrics.intervals import Estimate, wilson
from synthgen.metrics.risk import (
    MAX_TARGETS,
    NO_HOLDOUT,
    bounded,
    columns_in_words,
    make_risk,
    n_targets,
    residual_risk,
    some_columns,
    success_rate,
)
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream
from tests.reference.anonymeter_attacks import numbers

NUMBERS = numbers()


def table(n_rows, n_columns=1):
    column = np.zeros(n_rows)
    return CodedTable(tuple(CodedColumn(f"x{j}", "continuous", column) for j in range(n_columns)), n_rows)


@pytest.mark.parametrize(("hits", "n", "value", "error"), NUMBERS["rates"])
def test_rates_are_those_of_anonymeter(hits, n, value, error):
    rate = success_rate(hits, n)
    assert (rate.value, rate.low, rate.high) == pytest.approx(
        (value, value - error, value + error), abs=1e-12
    )


def test_risks_are_those_of_anonymeter():
    for a, n_a, c, n_c, *expected in NUMBERS["risks"]:
        risk = bounded(*residual_risk(success_rate(a, n_a), success_rate(c, n_c)))
        assert [risk.value, risk.low, risk.high] == pytest.approx(expected, abs=1e-12)


def test_the_interval_of_a_rate_is_wilson_s():
    rate, share = success_rate(7, 90), wilson(7, 90)
    assert (rate.low, rate.high) == pytest.approx((share.low, share.high))


def test_a_higher_level_widens_the_interval():
    narrow, wide = success_rate(20, 100), success_rate(20, 100, level=0.99)
    assert wide.low < narrow.low < 0.2 < narrow.high < wide.high


def test_a_control_as_good_as_the_attack_leaves_no_risk():
    rate = success_rate(30, 100)
    assert residual_risk(rate, rate)[0] == 0
    assert residual_risk(success_rate(10, 100), rate)[0] < 0
    assert bounded(*residual_risk(success_rate(10, 100), rate)).value == 0


def test_a_cut_end_does_not_narrow_the_risk():
    whole, cut = Estimate(0.9, 0.7, 1.1), Estimate(0.9, 0.7, 1.0)
    control = success_rate(10, 100)
    assert residual_risk(cut, control) == pytest.approx(residual_risk(whole, control))


def test_nothing_attacked_is_no_rate_and_no_risk():
    assert success_rate(0, 0) == Estimate(None)
    assert math.isnan(residual_risk(Estimate(None), success_rate(1, 2))[0])
    assert make_risk(Estimate(None), success_rate(1, 2), Estimate(None), 0, "").risk == Estimate(None)


def test_without_a_control_there_is_no_risk_and_words_say_so():
    risk = make_risk(success_rate(5, 10), None, success_rate(1, 10), 10, "Ten rows.")
    assert risk.control is None and risk.risk is None
    assert risk.words == f"Ten rows. {NO_HOLDOUT}"


def test_few_columns_are_all_used_and_many_are_drawn_with_the_one_to_keep():
    assert some_columns(table(2, 4), 4, stream(0, "test")) == (0, 1, 2, 3)
    drawn = some_columns(table(2, 500), 20, stream(0, "test"), keep="x499")
    assert len(set(drawn)) == 20 and list(drawn) == sorted(drawn) and drawn[-1] == 499
    assert [c.name for c in table(2, 500).select(drawn).columns] == [f"x{j}" for j in drawn]
    assert len(some_columns(table(2, 500), 20, stream(0, "test"), keep="no such")) == 20


def test_columns_that_were_drawn_are_said_to_be():
    assert columns_in_words(5, 5) == "5 columns"
    assert columns_in_words(60, 42_000) == "60 columns drawn at random from 42,000"


def test_as_many_held_out_rows_are_attacked_as_real_ones():
    assert n_targets(table(90), table(5), table(40), 3) == 40
    assert n_targets(table(90), table(5), None, 3) == 90
    assert n_targets(table(9_000), table(5), None, 3) == MAX_TARGETS


def test_large_tables_are_attacked_less_often():
    some = n_targets(table(9_000), table(60_000), None, 40)
    assert 0 < some < MAX_TARGETS
    assert 0 < n_targets(table(9_000), table(60_000), None, 60) < some
