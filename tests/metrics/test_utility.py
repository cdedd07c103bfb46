import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from synthgen.exceptions import DataError
from synthgen.metrics import utility as module
from synthgen.metrics.baselines import independent_columns
from synthgen.metrics.predictors import fit_predictor, predictions, predictor_matrix
from synthgen.metrics.utility import (
    Task,
    find_task,
    gain,
    n_unknown,
    score,
)
from synthgen.rng import stream


def measured(tables, target, train="real", test="holdout"):
    """The score of trees that were fitted to one table and tested on another."""
    return score(fit_predictor(tables[train], find_task(tables["real"], target), 0), tables[test])


@pytest.mark.parametrize(
    ("target", "kind", "metric"),
    [
        ("tall", "binary", "auc"),
        ("group", "multiclass", "auc"),
        ("weight", "regression", "r2"),
        ("children", "regression", "r2"),
    ],
)
def test_the_task_follows_the_column(people, coded, target, kind, metric):
    real = coded(real=people(100, 0))["real"]
    n_classes = {"tall": 2, "group": 3}.get(target, 0)
    assert find_task(real, target) == Task(target, kind, metric, tuple(map(float, range(n_classes))))


def test_whole_numbers_of_two_values_are_classes(coded):
    real = coded(real=pd.DataFrame({"y": [0, 1, 1, 0], "x": [1, 2, 3, 4]}))["real"]
    assert find_task(real, "y").kind == "binary"


@pytest.mark.parametrize(
    ("values", "words"),
    [(["a"] * 200, "has 1 distinct values"), ([f"{i % 60}" for i in range(200)], "60 levels; at most 50")],
)
def test_what_cannot_be_predicted_is_refused(coded, values, words):
    real = coded(real=pd.DataFrame({"y": values, "x": range(200)}))["real"]
    with pytest.raises(DataError, match=words):
        find_task(real, "y")


@pytest.mark.parametrize(("target", "least"), [("tall", 0.9), ("weight", 0.5)])
def test_real_rows_teach_and_shuffled_ones_do_not(people, coded, target, least):
    tables = coded(real=people(600, 1), holdout=people(400, 2))
    tables["floor"] = independent_columns(tables["real"], 600, stream(0, "test"))
    real, floor = measured(tables, target), measured(tables, target, "floor")
    assert real.value > least and floor.high < real.low
    assert real.low < real.value <= real.high


def test_one_against_the_rest_for_several_classes(coded):
    draw = stream(0, "test.classes")
    x = draw.random(600) * 3
    frame = pd.DataFrame({"x": x, "y": np.array(["low", "mid", "top"])[x.astype(int)]})
    tables = coded(real=frame[:400], holdout=frame[400:])
    assert measured(tables, "y").value > 0.99


def test_the_auc_is_that_of_scikit_learn_whatever_the_weights():
    draw = stream(0, "test.auc")
    y, scores = draw.integers(0, 3, 200), draw.normal(size=(200, 3)).round(1)
    weights = draw.integers(0, 4, (5, 200)).astype(float)
    indicators = y[:, None] == np.arange(3)
    found = module._macro_aucs(indicators, scores, weights)
    wanted = [
        np.mean([roc_auc_score(y == k, scores[:, k], sample_weight=w) for k in range(3)]) for w in weights
    ]
    assert found == pytest.approx(wanted, abs=1e-12)
    assert module._binary_auc(indicators[:, 1], scores[:, 1]).value == pytest.approx(
        roc_auc_score(y == 1, scores[:, 1])
    )


def test_a_class_that_a_resample_lacks_does_not_count():
    indicators = np.array([0, 0, 1, 1, 2])[:, None] == np.arange(3)
    scores = np.array([[0.9, 0, 0], [0.8, 0.1, 0], [0.3, 0.2, 0], [0.1, 0.3, 0], [0.2, 0, 1]])
    found = module._macro_aucs(indicators, scores, np.array([[1.0, 1, 1, 1, 0], [1.0, 1, 0, 0, 0]]))
    assert found[0] == 1 and np.isnan(found[1])


def test_r_squared_is_that_of_scikit_learn_with_an_interval_as_wide_as_a_bootstrap_s():
    draw = stream(0, "test.r2")
    y = draw.normal(size=300)
    predicted = 0.7 * y + draw.normal(0, 0.5, 300)
    found = module._r_squared(y, predicted)
    rows = draw.integers(300, size=(300, 300))
    width = 2 * 1.96 * np.std([r2_score(y[r], predicted[r]) for r in rows])
    assert found.value == pytest.approx(r2_score(y, predicted))
    assert found.high - found.low == pytest.approx(width, rel=0.25)


def test_training_rows_of_one_class_know_nothing(people, coded):
    tables = coded(real=people(100, 1), synthetic=people(100, 2).assign(tall=True), holdout=people(100, 3))
    assert measured(tables, "tall", "synthetic").value == 0.5


def test_training_rows_that_lack_a_class(people, coded):
    synthetic = people(200, 2)
    synthetic.loc[synthetic.group == "c", "group"] = "a"
    tables = coded(real=people(200, 1), synthetic=synthetic, holdout=people(200, 3))
    assert 0 <= measured(tables, "group", "synthetic").value <= 1


def test_test_rows_of_one_value_give_no_score(people, coded):
    tables = coded(real=people(100, 1), holdout=people(100, 3).assign(tall=True))
    assert measured(tables, "tall").value is None


def test_training_rows_without_any_target(people, coded):
    tables = coded(real=people(100, 1), synthetic=people(100, 2).assign(weight=np.nan), holdout=people(50, 3))
    assert measured(tables, "weight", "synthetic").value is None
    tables = coded(real=people(100, 1), synthetic=people(100, 2).assign(tall=None), holdout=people(50, 3))
    assert measured(tables, "tall", "synthetic").value == 0.5


def test_a_constant_synthetic_target_predicts_itself(people, coded):
    tables = coded(real=people(100, 1), synthetic=people(100, 2).assign(weight=70.0), holdout=people(100, 3))
    found = measured(tables, "weight", "synthetic")
    y = tables["holdout"].column("weight").values
    y = y[~np.isnan(y)]
    assert found.value == pytest.approx(r2_score(y, np.full(len(y), 70.0)))


def test_an_auc_of_a_single_row_of_one_class_has_no_interval(people, coded):
    holdout = people(60, 3)
    holdout["tall"] = [True] + [False] * 59
    tables = coded(real=people(200, 1), holdout=holdout)
    found = measured(tables, "tall")
    assert 0 <= found.value <= 1
    assert found.low is None and found.high is None


def with_an_unknown_class(frame, level, target="answer"):
    """The rows of `frame` with a target, and as many of a class that sorts before or after those of it."""
    known = frame.assign(**{target: np.where(frame["height"] > 170, "no", "yes")})
    return known, pd.concat([known, known.assign(**{target: level})], ignore_index=True)


@pytest.mark.parametrize("level", ["maybe", "zero"])
def test_a_class_that_only_the_test_rows_have_is_left_out(people, coded, level):
    real, _ = with_an_unknown_class(people(300, 1), level)
    known, both = with_an_unknown_class(people(200, 2), level)
    tables = coded(real=real, holdout=known, more=both)
    task = find_task(tables["real"], "answer")
    assert task.kind == "binary"
    wanted = measured(tables, "answer")
    assert wanted.value > 0.95
    assert measured(tables, "answer", test="more") == wanted
    assert (n_unknown(tables["more"], task), n_unknown(tables["holdout"], task)) == (200, 0)


def test_the_first_class_is_never_taken_for_the_second(people, coded):
    """Test rows without any "no": of "maybe" and "yes" one is unknown, so that nothing can be scored."""
    real, _ = with_an_unknown_class(people(300, 1), "zero")
    _, both = with_an_unknown_class(people(200, 2), "zero")
    tables = coded(real=real, holdout=both[both["answer"] != "no"].reset_index(drop=True))
    assert measured(tables, "answer").value is None


def test_noise_in_place_of_two_numbers_teaches_nothing(coded):
    draw = stream(0, "test.noise")
    x = draw.normal(size=400)
    real = pd.DataFrame({"x": x, "y": (x > 0).astype(float)})
    noisy = real.assign(y=draw.normal(size=400))
    tables = coded(real=real[:200], synthetic=noisy, holdout=real[200:])
    task = find_task(tables["real"], "y")
    assert task.classes == (0.0, 1.0)
    assert measured(tables, "y", "synthetic").value == 0.5


TARGETS = ["tall", "group", "weight"]


@pytest.fixture
def predictors(people, coded):
    """Tables, and for a target predictors of real and of shuffled rows."""
    tables = coded(real=people(300, 1), holdout=people(200, 2))
    floor = independent_columns(tables["real"], 300, stream(0, "test"))

    def make(target):
        task = find_task(tables["real"], target)
        return fit_predictor(tables["real"], task, 0), fit_predictor(floor, task, 0), tables["holdout"]

    return make


@pytest.mark.parametrize("target", TARGETS)
def test_the_gain_is_the_difference_of_the_scores(predictors, target):
    real, floor, holdout = predictors(target)
    found = gain(real, floor, holdout)
    assert found.value == pytest.approx(score(real, holdout).value - score(floor, holdout).value)
    opposite = gain(floor, real, holdout)
    assert (opposite.value, opposite.low) == pytest.approx((-found.value, -found.high))


@pytest.mark.parametrize("target", TARGETS)
def test_a_predictor_gains_nothing_on_itself(predictors, target):
    real, _, holdout = predictors(target)
    assert gain(real, real, holdout) == module.Estimate(0.0, 0.0, 0.0)


def auc(y, scores):
    """By the definition: the share of pairs of a positive and a negative that are in order."""
    return (np.sign(scores[y][:, None] - scores[~y]) / 2 + 0.5).mean()


def resampled_gain(y, first, second, metric):
    draw = stream(0, "test.resampled")
    rows = draw.integers(len(y), size=(500, len(y)))
    return np.std([metric(y[r], first[r]) - metric(y[r], second[r]) for r in rows])


def test_the_interval_of_a_difference_of_aucs_is_that_of_a_paired_bootstrap():
    draw = stream(0, "test.paired")
    y = draw.random(300) < 0.4
    first = y + draw.normal(size=300)
    second = first + draw.normal(0, 0.5, 300)
    found = module._paired_auc(y, first, second)
    assert found.value == pytest.approx(roc_auc_score(y, first) - roc_auc_score(y, second))
    width = 2 * 1.96 * resampled_gain(y, first, second, auc)
    assert found.high - found.low == pytest.approx(width, rel=0.1)


def test_the_variance_of_a_difference_of_aucs_is_delong_s_by_the_definition():
    draw = stream(1, "test.paired")
    y = np.arange(40) < 15
    scores = [(y + draw.normal(size=40)).round(1) for _ in range(2)]
    # the kernel of every pair of a positive and a negative, as in the paper
    kernels = [np.sign(s[y][:, None] - s[~y]) / 2 + 0.5 for s in scores]
    s10, s01 = (np.cov([k.mean(axis=axis) for k in kernels]) for axis in (1, 0))
    contrast = np.array([1, -1])
    variance = contrast @ (s10 / 15 + s01 / 25) @ contrast
    found = module._paired_auc(y, *scores)
    assert found.high - found.value == pytest.approx(1.959964 * np.sqrt(variance))


def test_the_interval_of_a_difference_of_r_squared_is_that_of_a_paired_bootstrap(coded):
    draw = stream(0, "test.paired.r2")
    x = draw.normal(size=(1_200, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] + x[:, 1] + draw.normal(size=1_200)})
    # the second table does not know what b does
    tables = coded(real=frame[:400], worse=frame[:400].assign(b=0.0), holdout=frame[400:])
    task = find_task(tables["real"], "y")
    both = [fit_predictor(tables[which], task, 0) for which in ("real", "worse")]
    found = gain(*both, tables["holdout"])
    predicted = [predictions(p, predictor_matrix(p, tables["holdout"])) for p in both]
    width = 2 * 1.96 * resampled_gain(tables["holdout"].column("y").values, *predicted, r2_score)
    assert found.low > 0
    assert found.high - found.low == pytest.approx(width, rel=0.1)


def test_the_bootstrap_of_several_classes_is_paired(predictors):
    real, floor, holdout = predictors("group")
    together = gain(real, floor, holdout)
    y, (a, b) = module._outcomes([real, floor], holdout)
    indicators = y[:, None] == np.array(real.task.classes)
    draw = stream(0, "metrics.utility.bootstrap")
    differences = []
    for _ in range(200):
        rows = draw.integers(len(y), size=len(y))
        aucs = [np.mean([auc(indicators[rows, k], s[rows, k]) for k in range(3)]) for s in (a, b)]
        differences.append(aucs[0] - aucs[1])
    assert together.high - together.value == pytest.approx(1.959964 * np.std(differences))


def test_more_rows_of_the_same_source_help(people, coded):
    tables = coded(real=people(60, 1), more=people(600, 2), holdout=people(400, 3))
    task = find_task(tables["real"], "weight")
    alone, both = (fit_predictor(tables["real"], task, 0, extra=e) for e in (None, tables["more"]))
    found = gain(both, alone, tables["holdout"])
    assert found.low > 0
    known = [int((~tables[which].column("weight").missing).sum()) for which in ("real", "more")]
    assert (alone.n_rows, both.n_rows) == (known[0], sum(known))


def test_few_rows(people, coded):
    tables = coded(real=people(10, 1), holdout=people(10, 2))
    for target in TARGETS:
        assert measured(tables, target).value is not None
