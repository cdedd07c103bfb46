import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from synthgen.metrics.wide_attacks import linear_score, mean_score, row_products, span_score
from synthgen.rng import stream


@pytest.fixture
def draw():
    return stream(0, "test.wide")


def products(candidates, synthetic, reference, block=500):
    cuts = range(0, candidates.shape[1], block)
    return row_products(tuple(t[:, i : i + block] for t in (candidates, synthetic, reference)) for i in cuts)


def auc(scores, n):
    return roc_auc_score(np.arange(len(scores)) < n, scores)


def correlated(draw, n_columns, n_factors=20):
    weights = draw.normal(size=(n_factors, n_columns)) * np.linspace(2, 0.2, n_factors)[:, None]
    return lambda n: draw.normal(size=(n, n_factors)) @ weights + draw.normal(size=(n, n_columns))


def from_full_covariance(training, n, draw):
    mean = training.mean(axis=0)
    return mean + draw.normal(size=(n, len(training))) @ (training - mean) / np.sqrt(len(training) - 1)


def test_sampling_from_the_full_covariance_is_seen_by_the_span(draw):
    people = correlated(draw, 4_000)
    training, others, reference, fresh = people(300), people(100), people(100), people(600)
    candidates = np.concatenate([training[:100], others])
    leaked = products(candidates, from_full_covariance(training, 600, draw), reference)
    assert auc(span_score(leaked), 100) > 0.99
    assert span_score(leaked)[:100].min() > 0.999
    assert auc(mean_score(leaked), 100) < 0.7
    clean = products(candidates, fresh, reference)
    assert 0.4 < auc(span_score(clean), 100) < 0.6


def test_the_mean_attack_sees_exact_means_of_independent_columns(draw):
    training, others, reference = (draw.normal(size=(100, 4_000)) for _ in range(3))
    fresh = draw.normal(size=(300, 4_000))
    synthetic = fresh - fresh.mean(axis=0) + training.mean(axis=0)
    candidates = np.concatenate([training, others])
    assert auc(mean_score(products(candidates, synthetic, reference)), 100) > 0.99
    assert auc(linear_score(products(candidates, synthetic, reference)), 100) > 0.99
    clean = products(candidates, fresh, reference)
    assert 0.4 < auc(mean_score(clean), 100) < 0.6
    assert 0.4 < auc(linear_score(clean), 100) < 0.6


def test_the_line_sees_means_that_common_factors_hide(draw):
    people = correlated(draw, 2_000)
    training, others, reference, fresh = people(100), people(100), people(100), people(300)
    synthetic = fresh + 0.6 * (training.mean(axis=0) - fresh.mean(axis=0))
    found = products(np.concatenate([training, others]), synthetic, reference)
    assert auc(mean_score(found), 100) < 0.7 < 0.85 < auc(linear_score(found), 100)


def test_products_are_those_of_standardised_rows_in_any_blocks(draw):
    candidates, synthetic, reference = (draw.normal(5, 3, (n, 60)) for n in (7, 40, 30))
    whole, cut = (products(candidates, synthetic, reference, block) for block in (60, 13))
    within = (40 * synthetic.var(axis=0) + 30 * reference.var(axis=0)) / 70
    scaled = [(t - reference.mean(axis=0)) / np.sqrt(within) for t in (candidates, synthetic, reference)]
    held = np.concatenate(scaled[1:])
    for found in (whole, cut):
        np.testing.assert_allclose(found.own, held @ held.T, atol=1e-3)
        np.testing.assert_allclose(found.candidates, scaled[0] @ held.T, atol=1e-3)
        np.testing.assert_allclose(found.energies, (scaled[0] ** 2).sum(axis=1), rtol=1e-5)
        assert (found.n_synthetic, found.n_columns) == (40, 60)


def test_the_span_is_the_projection_on_the_synthetic_rows(draw):
    candidates, synthetic, reference = (draw.normal(size=(n, 80)) for n in (9, 20, 30))
    sd = np.sqrt((20 * synthetic.var(axis=0) + 30 * reference.var(axis=0)) / 50)
    centred = (synthetic - synthetic.mean(axis=0)) / sd
    apart = (candidates - synthetic.mean(axis=0)) / sd
    inside = apart @ np.linalg.pinv(centred) @ centred
    expected = (inside**2).sum(axis=1) / (apart**2).sum(axis=1)
    np.testing.assert_allclose(span_score(products(candidates, synthetic, reference)), expected, atol=1e-5)


def test_the_mean_attack_is_the_difference_of_two_normal_log_likelihoods(draw):
    candidates, synthetic, reference = (draw.normal(size=(n, 50)) for n in (9, 20, 30))
    var = (20 * synthetic.var(axis=0) + 30 * reference.var(axis=0)) / 50
    to = [((candidates - t.mean(axis=0)) ** 2 / var).sum(axis=1) for t in (reference, synthetic)]
    found = mean_score(products(candidates, synthetic, reference))
    # the likelihood ratio, less what is the same for all candidates
    assert np.ptp((to[0] - to[1]) / 2 - found) < 1e-4


def test_the_line_is_fishers_where_rows_are_many(draw):
    mixing = draw.normal(size=(10, 10))
    candidates, synthetic, reference = (draw.normal(size=(n, 10)) @ mixing for n in (200, 900, 700))
    synthetic = synthetic + 0.4 * mixing[0]
    line = LinearDiscriminantAnalysis(solver="lsqr").fit(
        np.concatenate([synthetic, reference]), np.repeat([1, 0], [900, 700])
    )
    found = linear_score(products(candidates, synthetic, reference))
    assert np.corrcoef(found, line.decision_function(candidates))[0, 1] > 0.99


def test_a_synthetic_table_that_spans_everything_has_no_span_attack(draw):
    candidates, synthetic, reference = (draw.normal(size=(n, 60)) for n in (10, 100, 30))
    assert span_score(products(candidates, synthetic, reference)) is None
    low_rank = draw.normal(size=(100, 20)) @ draw.normal(size=(20, 60))
    assert span_score(products(candidates, low_rank, reference)) is not None


def test_missing_values_and_constant_columns_say_nothing(draw):
    tables = [draw.normal(size=(n, 70)) for n in (10, 30, 40)]
    plain = products(*tables)
    odd = [
        np.concatenate([t, np.full((len(t), 1), np.nan), np.full((len(t), 1), 0.1)], axis=1) for t in tables
    ]
    with_odd = products(*odd)
    assert with_odd.n_columns == 70
    np.testing.assert_allclose(with_odd.own, plain.own, atol=1e-4)
    tables[0][0] = np.nan
    lost = products(*tables)
    assert lost.energies[0] == 0 and (lost.candidates[0] == 0).all()
    assert np.isfinite(span_score(lost)).all()


def test_a_column_that_the_reference_lacks_is_centred_at_the_synthetic_mean(draw):
    tables = [draw.normal(7, 1, (n, 60)) for n in (10, 30, 40)]
    tables[2][:, 0] = np.nan
    found = products(*tables)
    assert found.n_columns == 60
    assert found.energies.max() < 60 * 9


def test_huge_and_tiny_values_bring_no_infinity(draw):
    tables = [draw.normal(size=(n, 60)) for n in (10, 30, 40)]
    tables[0][:, 0] *= 1e300
    tables[1][:, 1] *= 1e300
    tables[2][:, 2] *= 1e-310
    found = products(*tables)
    for score in (span_score, mean_score, linear_score):
        assert np.isfinite(score(found)).all()


def test_rows_that_are_all_the_same_are_scored_alike():
    found = products(np.ones((4, 60)), np.ones((5, 60)), np.ones((6, 60)))
    assert span_score(found) is None
    assert (mean_score(found) == 0).all() and (linear_score(found) == 0).all()
