import numpy as np
import pytest
from scipy.stats import gaussian_kde, multivariate_normal
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KernelDensity, NearestNeighbors

from synthgen.metrics import attacks, projection
from synthgen.metrics.attacks import (
    classifier_score,
    density_score,
    distance_score,
    distance_to_nearest,
    likelihood_ratio_score,
)
from synthgen.metrics.baselines import bootstrap
from synthgen.metrics.projection import log_density, principal_scores
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream


@pytest.fixture
def draw():
    return stream(0, "test.attacks")


def numbers(*columns):
    parts = tuple(
        CodedColumn(f"x{j}", "continuous", np.asarray(c, dtype=float)) for j, c in enumerate(columns)
    )
    return CodedTable(parts, len(columns[0]))


def auc(members, others):
    return roc_auc_score(np.repeat([1, 0], [len(members), len(others)]), np.concatenate([members, others]))


def test_nearest_distances_are_those_of_scikit_learn(draw, monkeypatch):
    monkeypatch.setattr(attacks, "_CELLS", 1_000)  # many blocks
    points, queries = (draw.random((n, 7), dtype=np.float32) for n in (300, 41))
    expected = NearestNeighbors(n_neighbors=1).fit(points.astype(float)).kneighbors(queries.astype(float))[0]
    np.testing.assert_allclose(distance_to_nearest(points, queries), expected[:, 0], atol=1e-5)


def test_a_copy_is_at_distance_nought(draw):
    points = 100 + draw.random((50, 5), dtype=np.float32)
    assert distance_to_nearest(points, points[[3, 7]]).max() < 1e-3
    assert distance_score(np.array([0.0, 0.1]), np.array([0.1, 0.1])) == pytest.approx([np.log(1001), 0])


def test_the_kernel_density_is_that_of_scikit_learn(draw, monkeypatch):
    monkeypatch.setattr(projection, "_CELLS", 500)
    points, queries = draw.normal(size=(90, 4)), draw.normal(size=(31, 4)) * 2
    expected = KernelDensity(bandwidth=0.4).fit(points).score_samples(queries)
    np.testing.assert_allclose(log_density(points, queries, 0.4), expected, atol=1e-4)


def test_the_density_of_a_row_far_away_is_small_but_finite(draw):
    found = log_density(draw.normal(size=(20, 3)), np.array([[0.0, 0, 0], [1e3, 0, 0]]), 0.3)
    assert np.isfinite(found).all() and found[1] < found[0] - 1e5


def test_the_density_attack_is_the_ratio_of_scipys_densities(draw):
    synthetic, reference = draw.normal(size=(80, 2)), draw.normal(size=(50, 2))
    candidates = draw.normal(size=(10, 2))

    def density(points):
        kernel = gaussian_kde(points.T)
        covariance = np.eye(2) * (kernel.scotts_factor() / 2) ** 2
        return np.mean([multivariate_normal(p, covariance).pdf(candidates) for p in points], axis=0)

    expected = np.log(density(synthetic) / density(reference))
    np.testing.assert_allclose(density_score(candidates, synthetic, reference), expected, atol=1e-4)


def test_the_likelihood_ratio_is_that_of_the_definition(draw):
    synthetic, reference = draw.normal(size=(40, 2)), draw.normal(size=(30, 2))
    candidates = draw.normal(size=(5, 2))
    covariance = np.eye(2) * (0.5 * 30 ** (-1 / 6)) ** 2

    def likelihood(points, at):
        return np.log(np.mean([multivariate_normal(p, covariance).pdf(at) for p in points], axis=0)).sum()

    expected = []
    for x in candidates:
        near = synthetic[np.argsort(((synthetic - x) ** 2).sum(axis=1))[: attacks.N_NEIGHBOURS]]
        expected.append(likelihood(np.vstack([reference, x]), near) - likelihood(reference, near))
    found = likelihood_ratio_score(candidates, synthetic, reference)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_every_score_is_higher_for_rows_that_were_copied(draw):
    reference, training, others = (draw.normal(size=(300, 3)) for _ in range(3))
    synthetic = training + 0.05 * draw.normal(size=(300, 3))
    candidates = np.concatenate([training, others])
    found = [
        density_score(candidates, synthetic, reference),
        likelihood_ratio_score(candidates, synthetic, reference),
        classifier_score(candidates, synthetic, reference, np.zeros(3, dtype=bool), 0),
        distance_score(*(distance_to_nearest(p, candidates) for p in (synthetic, reference))),
    ]
    assert min(auc(s[:300], s[300:]) for s in found) > 0.7


def test_one_row_of_each_is_scored(draw):
    one = draw.normal(size=(1, 2))
    assert np.isfinite(density_score(one, one, one + 1)).all()
    assert np.isfinite(likelihood_ratio_score(one, one, one + 1)).all()


def test_principal_scores_are_whitened_principal_components(draw):
    values = draw.normal(size=(500, 3)) @ draw.normal(size=(3, 3))
    first, second = principal_scores([numbers(*values.T), numbers(*values[:7].T)])
    np.testing.assert_allclose(np.cov(first.T, bias=True), np.eye(3), atol=1e-10)
    np.testing.assert_allclose(second, first[:7])
    # all components of standardised columns: distances are Mahalanobis distances
    covariance = np.linalg.inv(np.cov(values.T, bias=True))
    gap = values[0] - values[1]
    assert ((first[0] - first[1]) ** 2).sum() == pytest.approx(gap @ covariance @ gap)


def test_scores_of_mixed_columns_tell_levels_and_missing_apart():
    level = CodedColumn("g", "categorical", np.array([0, 0, 1, 1, -1, -1]), ("a", "b"))
    number = CodedColumn("x", "continuous", np.array([1.0, 1, 1, np.nan, 1, 1]))
    (scores,) = principal_scores([CodedTable((level, number), 6)])
    assert len(np.unique(scores.round(6), axis=0)) == 4


def test_scores_are_ten_at_most_and_as_many_as_there_are_directions(people, coded, draw):
    assert principal_scores([numbers(*draw.normal(size=(30, 50)))])[0].shape == (50, projection.N_SCORES)
    # four numbers, one of them missing at times, a boolean, three levels and a missing one
    (scores,) = principal_scores([coded(real=people(200, 1))["real"]])
    assert scores.shape == (200, 4 + 1 + 1 + 3)


@pytest.mark.parametrize(
    "values", [[np.nan] * 6, [3.0] * 6, [1e300, -1e300, 0, 0, 0, 0], [5e-324, 0, 0, 0, 0, 0]]
)
def test_scores_of_odd_columns_are_finite(values):
    found = principal_scores([numbers(values), numbers([1e308, -1e308, np.nan, 0, 1, 2])])
    assert all(np.isfinite(f).all() and f.shape == (6, found[0].shape[1]) for f in found)


def test_copies_of_copies_are_no_trouble(people, coded):
    table = coded(real=people(30, 1))["real"]
    (scores,) = principal_scores([bootstrap(table.take(np.arange(2)), 40, stream(0, "test"))])
    assert np.isfinite(density_score(scores, scores, scores)).all()
