import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from synthgen.metrics import linear_detection as module
from synthgen.metrics.baselines import independent_columns
from synthgen.metrics.linear_detection import linear_c2st, normal_scores
from synthgen.metrics.logistic import fit_features, fit_gram
from synthgen.rng import stream


@pytest.fixture
def sample():
    """Centred features of 60 rows and a constant one, and labels that they tell of."""
    draw = stream(0, "test.linear")
    features = draw.normal(size=(40, 60))
    labels = (features[0] + draw.normal(size=60) > 0).astype(int)
    return np.concatenate([features - features.mean(axis=1, keepdims=True), np.ones((1, 60))]), labels


@pytest.mark.parametrize("penalty", [0.1, 1.0, 30.0])
def test_the_fit_equals_scikit_learns(sample, penalty):
    features, labels = sample
    model = LogisticRegression(C=1 / penalty, fit_intercept=False, tol=1e-10, max_iter=10_000)
    expected = model.fit(features.T, labels).coef_[0]
    np.testing.assert_allclose(fit_features(features, labels, penalty), expected, atol=1e-4)


@pytest.mark.parametrize("penalty", [0.1, 1.0, 30.0])
def test_the_fit_from_the_gram_matrix_is_the_same(sample, penalty):
    features, labels = sample
    weights = fit_gram(features.T @ features, labels, penalty)
    np.testing.assert_allclose(features @ weights, fit_features(features, labels, penalty), atol=1e-4)


def test_rows_that_can_be_parted_are_fitted_too(sample):
    features, _ = sample
    labels = (features[0] > 0).astype(int)
    scores = fit_features(1e3 * features, labels, 1.0) @ features
    assert scores[labels == 1].min() > scores[labels == 0].max()


def test_normal_scores_are_quantiles_of_mid_ranks():
    draw = stream(0, "test.scores")
    values = draw.poisson(2, (30, 41)).astype(float)
    values[draw.random(values.shape) < 0.2] = np.nan
    values[0], values[1] = np.nan, 3.0
    for found, row in zip(normal_scores(values), values, strict=True):
        present = ~np.isnan(row)
        expected = np.zeros(41)
        if present.any():
            quantiles = ndtri((rankdata(row[present]) - 0.5) / present.sum())
            expected[present] = quantiles - quantiles.mean()
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.fixture
def tables(people, coded):
    return coded(real=people(900, 1), holdout=people(500, 2), other=people(600, 3))


def moved(tables, name, by):
    """The other table with a column moved."""
    other = tables["other"].take(np.arange(600))
    other.column(name).values[:] += by
    return other


def test_rows_of_one_source_cannot_be_told_apart(tables):
    found = linear_c2st(tables["other"], tables["holdout"], 0)
    assert found.auc.low < 0.5 < found.auc.high
    assert (found.n_rows, found.n_columns, found.importances) == (500, 6, ())


def test_a_column_that_is_moved_is_found_and_named(tables):
    found = linear_c2st(moved(tables, "height", 6.0), tables["holdout"], 0, importances=True)
    assert found.auc.low > 0.65 and found.importances[0].name == "height"
    drops = [i.auc_drop for i in found.importances]
    assert drops == sorted(drops, reverse=True) and drops[0] > 0.1 and abs(drops[-1]) < 0.05


def test_more_missing_values_are_found(tables):
    other = tables["other"].take(np.arange(600))
    other.column("weight").values[:150] = np.nan
    found = linear_c2st(other, tables["holdout"], 0, importances=True)
    assert found.auc.low > 0.55 and found.importances[0].name == "weight"


def test_a_new_level_is_found(people, coded):
    real, other = people(400, 1), people(400, 3)
    other.loc[other.group == "b", "group"] = "B"
    tables = coded(real=real, other=other)
    found = linear_c2st(tables["other"], tables["real"], 0, importances=True)
    assert found.auc.low > 0.55 and found.importances[0].name == "group"


def test_shuffled_columns_leave_a_linear_score_with_nothing(tables):
    floor = independent_columns(tables["real"], 500, stream(0, "test"))
    assert linear_c2st(floor, tables["holdout"], 0).auc.high < 0.65


@pytest.fixture
def wide(coded):
    """Thirty columns that move together, of 2 x 60 rows: few rows for 400 columns."""
    draw = stream(0, "test.wide")

    def make(n, shift):
        values = draw.normal(size=(n, 400)) + np.where(np.arange(400) < 30, shift, 0.0)
        return pd.DataFrame(values, columns=[f"v{j}" for j in range(400)])

    return coded(real=make(60, 0.0), fresh=make(60, 0.0), moved=make(60, 0.7))


def test_more_columns_than_rows(wide):
    fresh = linear_c2st(wide["fresh"], wide["real"], 0)
    found = linear_c2st(wide["moved"], wide["real"], 0, importances=True)
    assert fresh.auc.low < 0.5 < fresh.auc.high and found.auc.low > 0.75
    assert found.n_columns == 400 and len(found.importances) == module.MAX_EXPLAINED
    assert sum(int(i.name[1:]) < 30 for i in found.importances) >= 15


def test_wide_tables_give_the_same_by_features_and_by_rows(wide, monkeypatch):
    by_rows = linear_c2st(wide["moved"], wide["real"], 0, importances=True)
    monkeypatch.setattr(module, "_width", lambda table: 1)
    by_features = linear_c2st(wide["moved"], wide["real"], 0, importances=True)
    assert by_rows.auc.value == pytest.approx(by_features.auc.value, abs=2e-3)
    assert {i.name for i in by_rows.importances} == {i.name for i in by_features.importances}


def test_very_many_columns_are_clipped_rather_than_ranked(wide, monkeypatch):
    ranked = linear_c2st(wide["moved"], wide["real"], 0).auc.value
    monkeypatch.setattr(module, "_MAX_RANKED", 10)
    clipped = linear_c2st(wide["moved"], wide["real"], 0).auc.value
    assert clipped != ranked and clipped == pytest.approx(ranked, abs=0.03)


def test_rows_are_capped(tables, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 100)
    monkeypatch.setattr(module, "MIN_ROWS", 50)
    assert linear_c2st(tables["other"], tables["holdout"], 0).n_rows == 100
    monkeypatch.setattr(module, "_MAX_WORK", 1.0)
    assert linear_c2st(tables["other"], tables["holdout"], 0).n_rows == 50


def test_the_seed_repeats_the_figure(tables):
    pair = tables["other"].take(np.arange(50)), tables["holdout"].take(np.arange(50))
    assert linear_c2st(*pair, 4, importances=True) == linear_c2st(*pair, 4, importances=True)
    assert linear_c2st(*pair, 4) != linear_c2st(*pair, 5)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1.0] * 12}),
        pd.DataFrame({"x": [1.0] * 12, "y": [np.nan] * 12}),
        pd.DataFrame({"g": ["a", "b"] * 6}),
        pd.DataFrame({"x": [1e300, -1e300, *range(10)]}),
        pd.DataFrame({"x": [1.0, np.nan, 3.0] * 4, "g": pd.Series(["a", None, "b"] * 4)}),
    ],
    ids=["constant", "empty column", "levels", "huge", "missing"],
)
@pytest.mark.parametrize("most_ranked", [0, 2_000])
def test_odd_tables_of_ten_rows(coded, frame, most_ranked, monkeypatch):
    monkeypatch.setattr(module, "_MAX_RANKED", most_ranked)
    tables = coded(real=frame, other=frame.iloc[::-1].iloc[:10])
    found = linear_c2st(tables["other"], tables["real"], 0, importances=True)
    assert 0 <= found.auc.low <= found.auc.value <= found.auc.high <= 1
    assert len(found.importances) == len(frame.columns)
