import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from synthgen.metrics.attack_choice import chosen_auc, tpr_at_one_percent
from synthgen.metrics.intervals import auc_with_variance, wilson
from synthgen.rng import stream


@pytest.fixture
def draw():
    return stream(0, "test.attacks")


def auc(members, others):
    return roc_auc_score(np.repeat([1, 0], [len(members), len(others)]), np.concatenate([members, others]))


def test_the_best_of_useless_attacks_is_near_one_half_and_its_maximum_is_not(draw):
    chosen, largest = [], []
    for i in range(200):
        members, others = draw.normal(size=(2, 8, 60))
        chosen.append(chosen_auc(members, others, stream(i, "test")).auc)
        largest.append(max(auc_with_variance(p, q)[0] for p, q in zip(members, others, strict=True)))
    assert abs(np.mean(chosen) - 0.5) < 3 * np.std(chosen) / np.sqrt(200)
    assert np.mean(largest) > 0.55


def test_one_attack_is_measured_on_both_halves_with_delongs_variance(draw):
    members, others = draw.normal(0.5, 1, (1, 80)), draw.normal(size=(1, 90))
    found = chosen_auc(members, others, draw)
    whole, variance = auc_with_variance(members[0], others[0])
    assert found.chosen == (0, 0) and found.auc == pytest.approx(whole, abs=0.03)
    assert found.variance == pytest.approx(variance, rel=0.15)
    assert sorted(np.concatenate(found.members)) == list(range(80))


def test_a_choice_among_equals_costs_variance(draw):
    # eight independent attacks: the two halves are tied together by the choice
    ratios = []
    for i in range(30):
        members, others = draw.normal(size=(2, 8, 200))
        found = chosen_auc(members, others, stream(i, "test"))
        ratios.append(found.variance / auc_with_variance(members[0], others[0])[1])
    assert 1.15 < np.mean(ratios) < 1.45


def test_the_stronger_attack_is_chosen_and_measured_without_loss(draw):
    members, others = draw.normal(size=(2, 3, 200))
    members[1] += 2
    found = chosen_auc(members, others, draw)
    assert found.chosen == (1, 1)
    assert found.auc == pytest.approx(auc(members[1], others[1]), abs=0.02)


def test_scores_that_are_all_equal_give_one_half():
    found = chosen_auc(np.zeros((2, 10)), np.zeros((2, 10)), stream(0, "test"))
    assert (found.auc, found.variance) == (0.5, 0.0)


def test_the_share_found_is_that_of_the_roc_curve(draw):
    members, others = draw.normal(1.5, 1, 500), draw.normal(size=999)
    found = tpr_at_one_percent([(members, others)])
    rates, shares, _ = roc_curve(
        np.repeat([1, 0], [500, 999]), np.concatenate([members, others]), drop_intermediate=False
    )
    # ten of 999 non-members may pass; the threshold is the tenth of them itself
    assert found.value == pytest.approx(shares[rates <= 9.5 / 999].max())
    assert found.low < found.value < found.high
    inner = wilson(found.value * 500, 500)
    assert found.low < inner.low and found.high > inner.high


def test_an_attack_that_knows_nothing_finds_one_percent(draw):
    found = [tpr_at_one_percent([draw.normal(size=(2, 150))]).value for _ in range(2_000)]
    # the highest of 150 is passed with probability 1/151
    assert np.mean(found) == pytest.approx(1 / 151, abs=4 * np.std(found) / np.sqrt(2_000))


@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_the_interval_of_the_share_found_holds_it(draw, shift):
    truth = float(1 - norm.cdf(2.3263479 - shift))
    found = [tpr_at_one_percent([(draw.normal(shift, 1, 300), draw.normal(size=300))]) for _ in range(300)]
    assert np.mean([e.low <= truth <= e.high for e in found]) >= 0.93


def test_members_of_two_attacks_are_counted_together(draw):
    others = draw.normal(size=200)
    sure, lost = np.full(30, 10.0), np.full(10, -10.0)
    assert tpr_at_one_percent([(sure, others), (lost, others)]).value == 0.75


def test_nothing_is_said_of_one_percent_with_few_non_members(draw):
    members, others = draw.normal(size=(2, 99))
    assert tpr_at_one_percent([(members, others)]).value is None
    assert tpr_at_one_percent([(members, np.append(others, 0.0))]).value is not None
