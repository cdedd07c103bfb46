import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from synthgen.exceptions import DataError
from synthgen.metrics import utility as module
from synthgen.metrics.baselines import permuted_columns
from synthgen.metrics.utility import Task, find_task, n_unknown, utility
from synthgen.rng import stream


def measured(tables, target, train="real"):
    return utility(tables[train], tables["holdout"], find_task(tables["real"], target), 0)


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
    tables["floor"] = permuted_columns(tables["real"], 600, stream(0, "test"))
    real, floor = measured(tables, target), measured(tables, target, "floor")
    assert real.value > least and floor.high < real.low
    assert real.low < real.value <= real.high


def test_one_against_the_rest_for_several_classes(coded):
    draw = stream(0, "test.classes")
    x = draw.random(600) * 3
    frame = pd.DataFrame({"x": x, "y": np.array(["low", "mid", "top"])[x.astype(int)]})
    tables = coded(real=frame[:400], holdout=frame[400:])
    assert measured(tables, "y").value > 0.99


def test_the_auc_is_that_of_scikit_learn():
    draw = stream(0, "test.auc")
    y, scores = draw.integers(0, 2, 200).astype(bool), draw.normal(size=200).round(1)
    order = np.argsort(scores, kind="stable")
    assert module._auc(y[order], scores[order]) == pytest.approx(roc_auc_score(y, scores))
    assert module._binary_auc(y, scores).value == pytest.approx(roc_auc_score(y, scores))


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
    wanted = utility(tables["real"], tables["holdout"], task, 0)
    assert wanted.value > 0.95
    assert utility(tables["real"], tables["more"], task, 0) == wanted
    assert (n_unknown(tables["more"], task), n_unknown(tables["holdout"], task)) == (200, 0)


def test_the_first_class_is_never_taken_for_the_second(people, coded):
    """Test rows without any "no": of "maybe" and "yes" one is unknown, so that nothing can be scored."""
    real, _ = with_an_unknown_class(people(300, 1), "zero")
    _, both = with_an_unknown_class(people(200, 2), "zero")
    tables = coded(real=real, holdout=both[both["answer"] != "no"].reset_index(drop=True))
    assert utility(tables["real"], tables["holdout"], find_task(tables["real"], "answer"), 0).value is None


def test_noise_in_place_of_two_numbers_teaches_nothing(coded):
    draw = stream(0, "test.noise")
    x = draw.normal(size=400)
    real = pd.DataFrame({"x": x, "y": (x > 0).astype(float)})
    noisy = real.assign(y=draw.normal(size=400))
    tables = coded(real=real[:200], synthetic=noisy, holdout=real[200:])
    task = find_task(tables["real"], "y")
    assert task.classes == (0.0, 1.0)
    assert utility(tables["synthetic"], tables["holdout"], task, 0).value == 0.5
