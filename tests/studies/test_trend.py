"""The rule: how often it says what of curves that are known."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import linregress
from scipy.stats import t as student

from synthgen.metrics.intervals import Estimate
from synthgen.studies import curves
from synthgen.studies.answer import answer, needed_text, quality_answer
from synthgen.studies.levels import levels, series, unexplained
from synthgen.studies.needed import Needed, needed_rows
from synthgen.studies.points import Point
from synthgen.studies.trend import find_trend

SIZES = (52, 105, 210, 420)
OVERLAP = 3 / 7


def measured(
    curve, rng, *, measure="c2st_auc", noise=0.012, n_repeats=3, floor=0.92, ceiling=0.5, sizes=SIZES
):
    """Points around a curve: repeats share rows that are easy or hard, fits have noise of their own."""
    found = []
    for repeat in range(n_repeats):
        own = rng.normal(scale=0.02)
        found += [
            Point(
                measure, repeat, n, curve(n) + own + rng.normal(scale=noise), None, None, floor, ceiling + own
            )
            for n in sizes
        ]
    return found


def states(curve, **more):
    rng = np.random.default_rng(0)
    return Counter(find_trend(measured(curve, rng, **more), OVERLAP, 2).state for _ in range(200))


def test_rows_that_do_not_help_are_hardly_ever_called_rising():
    for level in (0.5, 0.7):
        assert states(lambda n, level=level: level)["rising"] <= 0.025 * 200


def test_rows_that_help_as_much_as_matters_are_hardly_ever_called_flat():
    assert states(lambda n: 0.7 - 0.021 * np.log2(n / 420))["flat"] <= 0.025 * 200


def test_a_curve_is_told_from_noise_only_where_there_is_little_of_it():
    flat = states(lambda n: 0.7)
    assert flat["flat"] > 180
    assert states(lambda n: 0.7, noise=0.08)["unclear"] > 180
    assert states(lambda n: 0.7 - 0.04 * np.log2(n / 420))["rising"] > 180


def test_a_higher_is_better_measure_rises_upwards():
    up = {"measure": "utility_auc", "floor": 0.5, "ceiling": 0.95}
    assert states(lambda n: 0.7 + 0.04 * np.log2(n / 420), **up)["rising"] > 180
    assert states(lambda n: 0.7 - 0.04 * np.log2(n / 420), **up)["rising"] == 0


@pytest.mark.parametrize("exponent", [0.3, 0.5, 0.75])
def test_the_rows_needed_are_covered_along_power_laws(exponent):
    rng, covered = np.random.default_rng(1), 0
    scale = 0.2 * 420**exponent  # a gap of .2 at 420 rows
    for _ in range(100):
        points = measured(lambda n: 0.5 + scale * n**-exponent, rng)
        values = series([(p.repeat, p.n_rows, p.value, 0.0) for p in points], OVERLAP)
        found = needed_rows(values, 0.6)
        true = 420 * 2 ** (1 / exponent)
        high = np.inf if found.high is None else found.high
        covered += (found.limit if found.low is None else found.low) <= true <= high
    assert covered >= 92


def test_nothing_is_said_beyond_ten_times_the_rows():
    rng = np.random.default_rng(0)
    values = series(
        [(p.repeat, p.n_rows, p.value, 0.0) for p in measured(lambda n: 0.9 - 0.01 * np.log2(n), rng)],
        OVERLAP,
    )
    found = needed_rows(values, 0.5)
    assert (found.n_rows, found.high, found.limit) == (None, None, 4200)
    assert needed_text(found).startswith("more than 4,200 rows")


def test_rows_in_words():
    assert needed_text(Needed(0.6, 1400, 900, 3100, 4200)) == "about 1,400 rows [900, 3,100]"
    assert needed_text(Needed(0.6, 1400, 900, None, 4200)) == "about 1,400 rows [900, more than 4,200]"


def test_the_change_of_a_straight_line_is_that_of_least_squares_within_repeats(monkeypatch):
    monkeypatch.setattr(curves, "EXPONENTS", (0.0,))
    points = measured(lambda n: 0.7 - 0.02 * np.log2(n), np.random.default_rng(2))
    values = series([(p.repeat, p.n_rows, p.value, 0.0) for p in points], OVERLAP)
    own = [linregress(np.log2(SIZES), [p.value for p in points if p.repeat == r]).slope for r in range(3)]
    found = curves.next_doubling(values)
    assert found.value == pytest.approx(np.mean(own), abs=1e-12)
    df, variance = unexplained(values.values, values.repeats, values.sizes)
    table = np.array([p.value for p in points]).reshape(3, 4)
    residuals = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    assert df == 6
    assert variance == pytest.approx((residuals**2).sum() / 6)
    spread = ((np.log2(SIZES) - np.log2(SIZES).mean()) ** 2).sum()
    half = student.ppf(0.975, 6) * np.sqrt(variance / spread * (1 / 3 + OVERLAP))
    assert found.high - found.value == pytest.approx(half)


def test_what_a_power_law_does_next_is_found():
    values = series(
        [(r, n, 0.5 + 3 * n**-0.5 + 1e-6 * r * (n == 105), 0.0) for r in range(3) for n in SIZES], OVERLAP
    )
    found = curves.next_doubling(values)
    assert found.value == pytest.approx(3 * (840**-0.5 - 420**-0.5), abs=1e-5)
    assert list(curves.curves(values).allowed) == [0.5]


def test_a_curve_that_has_ended_is_not_rising_however_steep_it_was():
    found = states(lambda n: 0.9 if n < 100 else 0.65, noise=0.004)
    assert found["rising"] == 0


def test_levels_pool_the_variance_between_repeats():
    rows = [(0, 10, 0.1, 0.0), (1, 10, 0.3, 0.0), (0, 20, 0.5, 0.0), (1, 20, 0.5, 0.0)]
    found = levels(series(rows, 0.5), (0.0, 1.0))
    half = student.ppf(0.975, 2) * np.sqrt(0.02 / 2 * (1 / 2 + 0.5))
    assert found[20].value == 0.5
    assert found[20].high == pytest.approx(0.5 + half)
    assert found[10].low == 0.0


def test_a_floor_that_is_no_worse_than_the_ceiling_says_nothing():
    points = measured(lambda n: 0.5, np.random.default_rng(0), floor=0.5)
    trend = find_trend(points, OVERLAP, 1)
    assert trend.state == "uninformative"
    assert quality_answer([trend])[1].startswith("too noisy to say: no measure tells real rows from ")


def test_one_repeat_is_too_few():
    trend = find_trend(measured(lambda n: 0.5, np.random.default_rng(0), n_repeats=1), OVERLAP, 1)
    assert trend.change == Estimate(None)
    assert answer([trend], "")[1].startswith("too noisy to say: only one repeat was measured")


@pytest.mark.parametrize(
    ("least", "gap", "said", "unsaid"),
    [
        (-0.01, 0.3, "may be chance", "ceiling, 0"),
        (0.01, 0.0, "what is left to the ceiling, 0.000, is no more than what would matter, 0.021", "chance"),
    ],
)
def test_of_a_gain_that_is_not_called_rising_only_the_reason_that_applies_is_given(least, gap, said, unsaid):
    points = measured(lambda n: 0.7 - 0.04 * np.log2(n / 420), np.random.default_rng(0))
    change = Estimate(-0.05, -0.09, -0.01)
    trend = replace(
        find_trend(points, OVERLAP, 2),
        state="unclear",
        change=change,
        joint_change=Estimate(-0.05, -0.1, -least),
        gap=Estimate(gap),
        margin=0.021,
    )
    sentence = quality_answer([trend])[1]
    assert sentence.startswith("too noisy to say: ") and "which is a gain, but " in sentence
    assert said in sentence and unsaid not in sentence


def test_a_leak_goes_before_all_else():
    rng = np.random.default_rng(0)
    quality = find_trend(measured(lambda n: 0.5, rng), OVERLAP, 1)
    attack = find_trend(measured(lambda n: 0.9, rng, measure="span_auc"), OVERLAP, 1)
    kind, sentence = answer([quality, attack], "lower k")
    assert kind == "leaking"
    assert sentence.endswith("; lower k.")
    weak = find_trend(measured(lambda n: 0.6, rng, measure="span_auc"), OVERLAP, 1)
    assert answer([quality, weak], "")[0] == "flat"
    assert weak.margin is None
    assert weak.gap != Estimate(None)
