"""Common factors against the truth they were simulated from and scikit-learn's PCA."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from synthgen.encoders import top_directions
from synthgen.encoders.low_rank import Design, fit_factors
from synthgen.encoders.normal_scores import conditional_scores
from synthgen.encoders.parallel_analysis import n_factors_by_parallel_analysis
from synthgen.rng import stream

NOTHING = Design(np.zeros((0, 0), dtype=np.float32), [], None)


def simulate(p, n, k, seed=0, strength=0.6):
    rng = np.random.default_rng(seed)
    loadings = rng.standard_normal((p, k))
    loadings *= strength * rng.random((p, 1)) / np.linalg.norm(loadings, axis=1, keepdims=True)
    factors = rng.standard_normal((k, n))
    noise = np.sqrt(1 - (loadings**2).sum(axis=1, keepdims=True))
    return loadings @ factors + noise * rng.standard_normal((p, n)), loadings


def test_scores_span_what_scikit_learn_finds():
    z, _ = simulate(900, 60, 3)
    scores, information = conditional_scores(z)
    factors, _ = fit_factors(scores, information, 3, NOTHING, seed=0)
    ours = scores.T @ factors.projection
    theirs = PCA(3).fit_transform(scores.T)
    correlation = np.corrcoef(ours.T, theirs.T)[:3, 3:]
    assert np.abs(np.diag(correlation)) == pytest.approx(1.0, abs=1e-3)
    assert ours.std(axis=0) == pytest.approx(1.0, abs=1e-3)


def test_every_column_keeps_unit_variance():
    z, _ = simulate(500, 40, 4)
    factors, _ = fit_factors(*conditional_scores(z), 4, NOTHING, seed=0)
    total = (factors.loadings.astype(float) ** 2).sum(axis=1) + factors.residual.astype(float) ** 2
    assert total == pytest.approx(1.0, abs=1e-5)


def test_loadings_of_thresholded_columns_are_those_of_the_numbers_behind():
    z, loadings = simulate(400, 3_000, 2, strength=0.9)
    cuts = np.random.default_rng(1).uniform(-1.2, 1.2, (400, 1))
    factors, _ = fit_factors(*conditional_scores((z > cuts).astype(float)), 2, NOTHING, seed=0)
    found, true = factors.loadings @ factors.loadings.T, loadings @ loadings.T
    upper = np.triu_indices(400, 1)
    slope = np.polyfit(true[upper], found[upper], 1)[0]
    assert slope == pytest.approx(1.0, abs=0.05)


def test_parallel_analysis_counts_the_factors_and_none_in_noise():
    z, _ = simulate(2_000, 120, 5, strength=0.8)
    scores, _ = conditional_scores(z)
    assert n_factors_by_parallel_analysis(scores, 30, stream(0, "test")) == 5
    assert n_factors_by_parallel_analysis(scores, 3, stream(0, "test")) == 3
    noise, _ = conditional_scores(np.random.default_rng(2).standard_normal((2_000, 120)))
    assert n_factors_by_parallel_analysis(noise, 30, stream(0, "test")) <= 1


def test_randomised_svd_agrees_with_the_gram_matrix(monkeypatch):
    z, _ = simulate(600, 90, 4, strength=0.9)
    scored = conditional_scores(z)
    exact, _ = fit_factors(*scored, 4, NOTHING, seed=0)
    monkeypatch.setattr(top_directions, "MAX_GRAM_ROWS", 10)
    quick, _ = fit_factors(*scored, 4, NOTHING, seed=0)
    assert np.abs((exact.loadings * quick.loadings).sum(axis=0)) == pytest.approx(
        (exact.loadings**2).sum(axis=0), rel=1e-3
    )


@pytest.mark.parametrize("k", [0, 50])
def test_no_factors_and_too_many(k):
    z, _ = simulate(30, 8, 2)
    factors, _ = fit_factors(*conditional_scores(z), k, NOTHING, seed=0)
    assert factors.n_factors == min(k, 7)
    assert np.isfinite(factors.loadings).all()
