"""The tables' metrics against brute force."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from benchmarks.tables import splits
from benchmarks.tables.coding import codes, one_hot
from benchmarks.tables.detection import gbdt_auc, known_levels
from benchmarks.tables.manifold import alpha_beta, naive_alpha_beta
from benchmarks.tables.members import membership_attacks
from benchmarks.tables.nearest import dcr_share, distance_to_nearest
from benchmarks.tables.quality import trend_error_real_bins
from benchmarks.tables.repeats import repeats
from tests.benchmarks.tables import wine_split


@pytest.fixture(scope="module")
def split():
    return wine_split()


@pytest.fixture(scope="module")
def real(split):
    return splits.as_real(split.train, split)


@pytest.fixture(scope="module")
def held(split):
    return splits.as_real(split.holdout, split)


def bin_of(value, edges):
    """Ten equal steps; one bin below, one above."""
    if value < edges[0]:
        return 0
    return 11 if value > edges[-1] else min(int(np.searchsorted(edges, value, "right")), 10)


def test_trends_with_the_real_bins_are_the_mean_over_all_pairs(real, held, split):
    errors = []
    for a, b in itertools.combinations(real.columns, 2):
        if a not in split.categorical and b not in split.categorical:
            r, s = (np.corrcoef(t[a], t[b])[0, 1] for t in (real, held))
            errors.append(abs(r - s) / 2)
            continue
        shares = []
        for table in (real, held):
            counts = {}
            for pair in zip(*(table[c] for c in (a, b)), strict=True):
                key = tuple(
                    v if c in split.categorical else bin_of(v, np.linspace(real[c].min(), real[c].max(), 11))
                    for c, v in zip((a, b), pair, strict=True)
                )
                counts[key] = counts.get(key, 0) + 1 / len(table)
            shares.append(counts)
        keys = set(shares[0]) | set(shares[1])
        errors.append(sum(abs(shares[0].get(k, 0) - shares[1].get(k, 0)) for k in keys) / 2)
    assert trend_error_real_bins(real, held, split.categorical) == pytest.approx(100 * np.mean(errors))
    assert trend_error_real_bins(real, real, split.categorical) == 0


def test_a_pair_whose_correlation_does_not_exist_counts_as_wrong():
    real = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 1, 4, 3]})
    assert trend_error_real_bins(real, real.assign(a=1.0), []) == 100


def test_quality_is_sdmetrics_own_and_named_twice(real, held, split):
    pytest.importorskip("sdmetrics", reason="of the bench extra")
    from sdmetrics.column_pairs import CorrelationSimilarity
    from sdmetrics.single_column import KSComplement, TVComplement

    from benchmarks.tables.quality import quality

    found = quality(real, held, split.categorical)
    shapes = [
        (TVComplement if c in split.categorical else KSComplement).compute(real[c], held[c]) for c in real
    ]
    assert found["shape_error"] == pytest.approx(100 * (1 - np.mean(shapes)))
    numbers = real.columns.difference(split.categorical)
    alone = quality(real[numbers], held[numbers], [])
    pairs = [
        CorrelationSimilarity.compute(real[list(p)], held[list(p)])
        for p in itertools.combinations(numbers, 2)
    ]
    assert alone["trend_error"] == pytest.approx(100 * (1 - np.mean(pairs)))
    assert alone["trend_error_real_bins"] == pytest.approx(alone["trend_error"])


def test_a_pair_that_sdmetrics_cannot_score_is_absent_from_one_figure_and_wrong_in_the_other():
    pytest.importorskip("sdmetrics", reason="of the bench extra")
    from benchmarks.tables.quality import quality

    rng = np.random.default_rng(0)
    real = pd.DataFrame(rng.normal(size=(50, 3)), columns=list("abc"))
    found = quality(real, real.assign(c=1.0), [])
    assert found["trend_error"] == pytest.approx(0)
    assert found["trend_error_all_pairs"] == pytest.approx(200 / 3)


def test_detection_tells_shifted_rows_and_not_the_same_distribution(real, held, split):
    pytest.importorskip("sdmetrics", reason="of the bench extra")
    pytest.importorskip("xgboost", reason="of the bench extra")
    from benchmarks.tables.detection import sdmetrics_detection

    moved = real.assign(alcohol=real["alcohol"] + 10)
    assert sdmetrics_detection(real, moved, split.categorical, 0)["xgb_detection"] < 0.05
    same = sdmetrics_detection(real[:60], real[60:].reset_index(drop=True), split.categorical, 0)
    assert same["logistic_detection"] > 0.5
    assert same["xgb_detection"] > 0.5
    assert same == sdmetrics_detection(real[:60], real[60:].reset_index(drop=True), split.categorical, 0)


def test_unknown_levels_become_the_most_common_one():
    real = pd.DataFrame({"a": ["x", "y", "y"], "n": [1, 2, 3]})
    found = known_levels(real, pd.DataFrame({"a": ["z", "x"], "n": [7, 8]}))
    assert found.to_dict("list") == {"a": ["y", "x"], "n": [7, 8]}


def test_boosting_against_held_out_rows(real, held, split):
    assert gbdt_auc(held, real.assign(alcohol=real["alcohol"] + 10), split.categorical, 0) > 0.99
    assert gbdt_auc(held, held, split.categorical, 0) < 0.5


def test_mle_is_the_auc_of_the_setting_that_validation_chose(real, held):
    pytest.importorskip("xgboost", reason="of the bench extra")
    from sklearn.metrics import roc_auc_score
    from xgboost import XGBClassifier

    from benchmarks.tables import usefulness

    found = usefulness.mle(real, held, "class", "classification", ["hue", "class"], 0)["mle"]
    predictors = real.columns.drop("class")
    x, test = one_hot(real[predictors], [held[predictors]], ["hue"])
    order = np.random.default_rng(0).permutation(len(x))
    few, rest = order[: len(x) // 9], order[len(x) // 9 :]
    y = real["class"].to_numpy()
    best = (-1.0, None)
    for depth, weight, gamma, rounds in itertools.product([5, 10, 20], [1, 10], [0.0, 1.0], [10, 50, 100]):
        model = XGBClassifier(
            n_estimators=rounds, max_depth=depth, min_child_weight=weight, gamma=gamma, n_jobs=1
        )
        model.fit(x[rest], y[rest])
        score = roc_auc_score(y[few], model.predict_proba(x[few])[:, 1])
        if score > best[0]:
            best = (score, roc_auc_score(held["class"], model.predict_proba(test)[:, 1]))
    assert found == pytest.approx(best[1])


def test_mle_of_a_regression_is_on_the_log_scale(real, held):
    pytest.importorskip("xgboost", reason="of the bench extra")
    from benchmarks.tables import usefulness

    found = usefulness.mle(real, held.assign(magnesium=0), "magnesium", "regression", ["hue", "class"], 0)
    assert found["mle"] == pytest.approx(np.log(real["magnesium"]).mean(), abs=0.3)


def test_alpha_beta_against_brute_force():
    rng = np.random.default_rng(1)
    real, made = rng.normal(size=(40, 3)), rng.normal(0.3, 1.2, size=(40, 3))
    alphas = np.linspace(0, 1, 30)
    centre, other = real.mean(axis=0), made.mean(axis=0)
    from_centre = sorted(math.dist(r, centre) for r in real)
    inside, covered = [], []
    nearest = [min(made, key=lambda m, r=r: math.dist(m, r)) for r in real]
    reached = [
        math.dist(n, r) <= min(math.dist(r, q) for j, q in enumerate(real) if j != i)
        for i, (n, r) in enumerate(zip(nearest, real, strict=True))
    ]
    from_other = [math.dist(n, other) for n in nearest]
    for alpha in alphas:
        inside.append(np.mean([math.dist(m, centre) <= np.quantile(from_centre, alpha) for m in made]))
        radius = np.quantile(from_other, alpha)
        covered.append(np.mean([ok and d <= radius for ok, d in zip(reached, from_other, strict=True)]))
    expected = [1 - np.abs(alphas - c).sum() / alphas.sum() for c in (inside, covered)]
    assert naive_alpha_beta(real, made) == pytest.approx(expected)


def test_alpha_beta_takes_levels_and_gaps(real, held, split):
    found = alpha_beta(real, held.assign(alcohol=np.nan), split.categorical, 0)
    assert all(0 <= v <= 1 for v in found.values())


def test_distances_to_nearest_against_brute_force():
    rng = np.random.default_rng(2)
    is_level = np.array([False, True, False])
    points, queries = (
        np.column_stack([rng.normal(size=n), rng.integers(0, 3, n), rng.normal(size=n)]).astype(np.float32)
        for n in (30, 20)
    )
    expected = [
        min(abs(q[0] - p[0]) + 2 * (q[1] != p[1]) + abs(q[2] - p[2]) for p in points) for q in queries
    ]
    np.testing.assert_allclose(distance_to_nearest(points, queries, is_level), expected, rtol=1e-5)


def test_dcr_share_of_copies_of_held_out_rows_and_of_ties(real, held, split):
    assert dcr_share(real, held, held, split.categorical, 0) < 0.1
    assert dcr_share(held, real[: len(held)], held, split.categorical, 0) > 0.9
    assert dcr_share(held, held, real, split.categorical, 0) == 0.5


def test_repeats_and_copies_are_counted_beyond_the_real_tables_own():
    train = pd.DataFrame({"a": [1, 2, 3, 3], "b": ["x", "y", "z", "z"]})
    made = pd.DataFrame({"a": [1.0, 1.0, 1.0, 9.0], "b": ["x", "x", "x", "x"]})
    assert repeats(train, made) == {"rows_repeated": 0.25, "rows_copied": 0.75}
    assert repeats(train, train)["rows_repeated"] == 0


def test_membership_attacks_find_the_training_rows_themselves():
    rng = np.random.default_rng(3)
    train, held, fresh = (
        pd.DataFrame(rng.normal(size=(n, 6)), columns=list("abcdef")) for n in (300, 600, 300)
    )
    leak = membership_attacks(train, held, train, 0)
    assert leak["membership_auc"] == max(leak["membership_attacks"].values()) > 0.9
    assert membership_attacks(train, held, fresh, 0)["membership_auc_chosen"] < 0.65


def test_codes_and_one_hot(real):
    small = pd.DataFrame({"n": [1.5, 2.0], "c": ["x", "y"]})
    other = pd.DataFrame({"n": [3.0], "c": ["z"]})
    first, second = codes([small, other], ["c"])
    assert first.tolist() == [[1.5, 0], [2, 1]]
    assert second.tolist() == [[3, 2]]
    first, second = one_hot(small, [other], ["c"])
    assert first.tolist() == [[1.5, 1, 0], [2, 0, 1]]
    assert second.tolist() == [[3, 0, 0]]


def test_one_outlier_moves_sdmetrics_bins_and_not_those_of_the_real_table():
    pytest.importorskip("sdmetrics", reason="of the bench extra")
    from benchmarks.tables.quality import quality

    number = np.arange(1000) % 100
    real = pd.DataFrame({"number": number.astype(float), "level": np.where(number < 50, "low", "high")})
    made = real.copy()
    made.loc[0, "number"] = 1000.0
    found = quality(real, made, ["level"])
    assert found["trend_error"] > 50
    assert found["trend_error_real_bins"] == pytest.approx(0.1)
