"""Linked columns against the chains that they were simulated from, scikit-learn's and scipy's regressions."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from synthgen.encoders.linkage import Linkage, draw_linked, fit_linkage, recalibrated
from synthgen.encoders.ordered_logit import fit_ordered_logit, smoothed_shares
from synthgen.encoders.parents import choose_parents


def chain(q, n, stay=0.9, seed=0, k=2, breaks=()):
    """Haplotypes: each column repeats the one before with probability `stay`, else depends on the scores."""
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((n, k)).astype(np.float32)
    fresh = rng.random((q, n)) < expit(rng.standard_normal((q, k)) @ scores.T + rng.normal(0, 1, (q, 1)))
    levels = fresh.astype(np.int8)
    for j in range(1, q):
        if j not in breaks:
            levels[j] = np.where(rng.random(n) < stay, levels[j - 1], fresh[j])
    return levels, scores


def r2(levels, lag=1):
    z = levels - levels.mean(axis=1, keepdims=True)
    z = z / np.maximum(z.std(axis=1, keepdims=True), 1e-9)
    return (z[lag:] * z[:-lag]).mean(axis=1) ** 2


def no_own(levels):
    return np.zeros((len(levels), 0, levels.shape[1]), dtype=np.float32)


def test_two_levels_give_scikit_learns_ridge_logistic_regression():
    levels, scores = chain(6, 3_000, stay=0.0)
    cuts, slopes = fit_ordered_logit(levels, scores.T.copy(), no_own(levels), np.array([5.0, 5.0]), 2)
    for x, cut, slope in zip(levels, cuts, slopes, strict=True):
        reference = LogisticRegression(C=1 / 5.0, tol=1e-8).fit(scores, x)
        assert slope == pytest.approx(reference.coef_[0], abs=0.01)
        assert -cut == pytest.approx(reference.intercept_, abs=0.01)


def test_slopes_of_three_levels_maximise_the_posterior():
    rng = np.random.default_rng(1)
    features = rng.standard_normal((2, 2_000)).astype(np.float32)
    latent = np.array([1.2, -0.5]) @ features + rng.logistic(size=2_000)
    levels = ((latent > -0.7).astype(np.int8) + (latent > 1.5))[None]
    cuts, slopes = fit_ordered_logit(levels, features, no_own(levels), np.array([2.0, 2.0]), 3)
    edges = np.concatenate([[-np.inf], cuts[0], [np.inf]])

    def loss(b):
        eta = b @ features
        p = expit(edges[levels[0] + 1] - eta) - expit(edges[levels[0]] - eta)
        return -np.log(p).sum() + b @ b

    assert slopes[0] == pytest.approx(minimize(loss, np.zeros(2)).x, abs=0.01)
    assert slopes[0] == pytest.approx([1.2, -0.5], abs=0.15)


def test_levels_keep_their_smoothed_shares():
    levels, scores = chain(4, 400)
    cuts, slopes = fit_ordered_logit(levels, scores.T.copy(), no_own(levels), np.ones(2), 2)
    below = expit(cuts - slopes @ scores.T).mean(axis=1)
    assert below == pytest.approx(((levels == 0).sum(axis=1) + 0.5) / 401, abs=1e-4)


def test_missing_values_count_as_rows_left_out():
    levels, scores = chain(3, 900)
    with_gaps = levels.copy()
    with_gaps[:, 600:] = -1
    prior = np.ones(2)
    gaps = fit_ordered_logit(with_gaps, scores.T.copy(), no_own(levels), prior, 2)
    short = fit_ordered_logit(levels[:, :600], scores[:600].T.copy(), no_own(levels[:, :600]), prior, 2)
    assert gaps[0] == pytest.approx(short[0], abs=1e-3)
    assert gaps[1] == pytest.approx(short[1], abs=1e-3)


def test_separated_columns_keep_finite_slopes():
    scores = np.linspace(-2, 2, 200, dtype=np.float32)[None]
    cuts, slopes = fit_ordered_logit((scores > 0).astype(np.int8), scores, no_own(scores), np.ones(1), 2)
    assert np.isfinite(cuts).all()
    assert 2 < slopes[0, 0] < 20


def test_shares_of_constant_and_of_empty_columns_are_not_smoothed():
    levels = np.array([[0, 0, 0], [1, 1, 1], [-1, -1, -1], [0, 1, -1]], dtype=np.int8)
    assert smoothed_shares(levels, 2)[:, 0] == pytest.approx([1.0, 0.0, 1.0, 0.5])


def test_parents_are_the_columns_of_the_chain_and_none_across_a_break():
    levels, scores = chain(120, 1_500, breaks=(60,))
    standard = (levels - levels.mean(axis=1, keepdims=True)).astype(np.float32)
    parents = choose_parents(standard, scores.T.copy(), 1)[:, 0]
    inside = np.r_[1:60, 61:120]
    assert (parents[inside] == inside - 1).mean() > 0.95
    assert parents[0] == 0
    assert parents[60] == 60


def test_columns_that_only_share_the_scores_have_no_parents():
    levels, scores = chain(300, 1_500, stay=0.0, seed=3)
    standard = (levels - levels.mean(axis=1, keepdims=True)).astype(np.float32)
    alone = choose_parents(standard, scores.T.copy(), 2)
    assert (alone[:, 0] == np.arange(300)).mean() > 0.95
    unexplained = choose_parents(standard, np.zeros((0, 1_500), dtype=np.float32), 2)
    assert (unexplained[:, 0] == np.arange(300)).mean() < 0.1


def test_second_parent_is_what_the_first_does_not_say():
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 2, (2, 2_000))
    levels = np.stack([a, b, a, np.where(rng.random(2_000) < 0.7, a, b)]).astype(np.float32)
    parents = choose_parents(levels - levels.mean(axis=1, keepdims=True), np.zeros((0, 2_000)), 2)
    assert parents[2].tolist() == [0, 2]
    assert parents[3, 0] in (0, 2)
    assert parents[3, 1] == 1


def test_drawn_rows_have_the_frequencies_and_the_linkage_of_the_training_rows():
    levels, scores = chain(150, 3_000, breaks=(50, 100))
    fresh = np.random.default_rng(9).standard_normal((3_000, 2)).astype(np.float32)
    drawn = draw_linked(fit_linkage(levels, scores), fresh, 0, 0)
    assert drawn.mean(axis=1) == pytest.approx(levels.mean(axis=1), abs=0.06)
    for lag in (1, 2, 5):
        assert np.corrcoef(r2(drawn, lag), r2(levels, lag))[0, 1] > 0.9
        assert r2(drawn, lag).mean() == pytest.approx(r2(levels, lag).mean(), abs=0.03)
    unlinked = draw_linked(fit_linkage(levels, scores, 0), fresh, 0, 0)
    assert r2(unlinked).mean() < 0.5 * r2(levels).mean()


def test_dosages_keep_the_shares_of_all_levels():
    first, scores = chain(80, 2_000, seed=5)
    second, _ = chain(80, 2_000, seed=6)
    dosages = first + second
    dosages[:, ::7] = -1
    drawn = draw_linked(fit_linkage(dosages, scores), scores, 0, 0)
    for level in (0, 1, 2):
        share = (dosages == level).sum(axis=1) / (dosages >= 0).sum(axis=1)
        assert (drawn == level).mean(axis=1) == pytest.approx(share, abs=0.06)
    assert drawn.min() == 0
    assert drawn.max() == 2


def test_first_rows_do_not_depend_on_how_many_are_drawn_and_blocks_differ():
    levels, scores = chain(70, 500)
    linkage = fit_linkage(levels, scores)
    whole = draw_linked(linkage, scores, 7, 3)
    assert (draw_linked(linkage, scores[:20], 7, 3) == whole[:, :20]).all()
    assert (draw_linked(linkage, scores, 7, 4) != whole).any()
    assert (draw_linked(linkage, scores, 8, 3) != whole).any()


def test_parts_of_columns_do_not_change_who_depends_on_whom(monkeypatch):
    from synthgen.encoders import linkage as module

    levels, scores = chain(90, 2_000, stay=0.97)
    monkeypatch.setattr(module, "_COLUMNS_PER_DRAW", 16)
    drawn = draw_linked(fit_linkage(levels, scores), scores, 0, 0)
    assert r2(drawn)[15::16] == pytest.approx(r2(levels)[15::16], abs=0.1)


def test_recalibration_restores_the_frequencies_under_other_scores():
    levels, scores = chain(100, 1_000, stay=0.4)
    linkage = fit_linkage(levels, scores)
    other = np.random.default_rng(2).normal(0.8, 0.5, (3_000, 2)).astype(np.float32)
    before = draw_linked(linkage, other, 0, 0).mean(axis=1) - levels.mean(axis=1)
    after = draw_linked(recalibrated(linkage, other, 1), other, 0, 0).mean(axis=1) - levels.mean(axis=1)
    assert np.abs(before).mean() > 0.05
    assert np.abs(after).mean() < 0.015


def test_state_round_trip_draws_the_same_rows():
    levels, scores = chain(30, 200)
    linkage = fit_linkage(levels, scores)
    again = Linkage.from_state(linkage.to_state())
    assert (draw_linked(again, scores, 1, 0) == draw_linked(linkage, scores, 1, 0)).all()
    assert all(isinstance(v, np.ndarray) for v in linkage.to_state().values())


def test_constant_and_empty_columns_stay_as_they_are():
    levels, scores = chain(6, 300)
    levels[1], levels[3], levels[5] = 0, 1, -1
    drawn = draw_linked(fit_linkage(levels, scores), scores, 0, 0)
    assert (drawn[1] == 0).all()
    assert (drawn[3] == 1).all()
    assert (drawn[5] == 0).all()


@pytest.mark.parametrize(("q", "n", "k"), [(1, 4, 1), (3, 4, 3), (500, 4, 0), (1, 50, 0), (4, 2, 1)])
def test_few_rows_or_columns_are_no_trouble(q, n, k):
    levels = np.random.default_rng(0).integers(0, 3, (q, n)).astype(np.int8)
    scores = np.random.default_rng(1).standard_normal((n, k)).astype(np.float32)
    drawn = draw_linked(fit_linkage(levels, scores), scores, 0, 0)
    assert drawn.shape == (q, n)
    assert set(np.unique(drawn)) <= {0, 1, 2}


def test_scores_far_outside_the_training_range_count_as_its_ends():
    levels, scores = chain(40, 500)
    linkage = fit_linkage(levels, scores)
    far, end = np.full((50, 2), 1e6, dtype=np.float32), np.tile(linkage.bounds[1], (50, 1))
    assert (draw_linked(linkage, far, 0, 0) == draw_linked(linkage, end, 0, 0)).all()


def test_levels_that_nobody_has_are_never_drawn():
    levels, scores = chain(3, 200)
    linkage = fit_linkage((2 * levels).astype(np.int8), scores)
    assert linkage.cuts.shape == (3, 2)
    assert set(np.unique(draw_linked(linkage, scores, 0, 0))) == {0, 2}
