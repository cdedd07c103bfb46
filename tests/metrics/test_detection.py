import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from synthgen.metrics import detection
from synthgen.metrics.baselines import bootstrap, independent_columns
from synthgen.metrics.detection import auc_of, c2st, cross_fitted_auc
from synthgen.metrics.intervals import auc_interval, auc_with_variance
from synthgen.metrics.linear_detection import linear_c2st
from synthgen.rng import stream

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "detection-coverage.json"


@pytest.fixture
def tables(people, coded):
    real, holdout = people(600, 1), people(300, 2)
    return coded(real=real, holdout=holdout)


def test_rows_of_one_source_cannot_be_told_apart(tables):
    found = c2st(tables["real"], tables["holdout"], 0)
    assert found.auc.low < 0.5 < found.auc.high
    assert found.n_rows == 300


def test_shuffled_columns_are_found_and_the_columns_named(tables):
    floor = independent_columns(tables["real"], 600, stream(0, "test"))
    found = c2st(floor, tables["holdout"], 0, importances=True)
    assert found.auc.low > 0.7
    drops = [i.auc_drop for i in found.importances]
    assert {i.name for i in found.importances[:3]} <= {"height", "weight", "tall", "children"}
    assert drops == sorted(drops, reverse=True) and drops[0] > 0.05


def test_a_column_out_of_place_gives_the_table_away_alone(people, coded):
    tables = coded(real=people(300, 1), synthetic=people(300, 3).assign(children=lambda t: t.children + 5))
    found = c2st(tables["synthetic"], tables["real"], 0, importances=True)
    assert found.auc.low > 0.95 and found.importances[0].name == "children"


def test_a_new_level_is_seen(people, coded):
    real, synthetic = people(300, 1), people(300, 3)
    synthetic.loc[synthetic.group == "b", "group"] = "B"
    tables = coded(real=real, synthetic=synthetic)
    assert c2st(tables["synthetic"], tables["real"], 0).auc.low > 0.55


def test_a_copy_of_the_compared_rows_falls_below_one_half(tables):
    copied = bootstrap(tables["real"], 600, stream(0, "test"))
    assert c2st(copied, tables["real"], 0).auc.high < 0.5


def test_the_seed_repeats_the_figure(tables):
    pair = tables["real"].take(np.arange(40)), tables["holdout"].take(np.arange(40))
    assert c2st(*pair, 4) == c2st(*pair, 4)
    assert c2st(*pair, 4) != c2st(*pair, 5)


def test_ten_rows_are_enough_to_run(people, coded):
    tables = coded(real=people(40, 1), holdout=people(10, 2))
    auc = c2st(tables["real"], tables["holdout"], 0).auc
    assert 0 <= auc.low <= auc.value <= auc.high <= 1


def test_rows_and_columns_are_capped(people, coded, monkeypatch):
    monkeypatch.setattr(detection, "MAX_ROWS", 60)
    monkeypatch.setattr(detection, "MAX_FEATURES", 2)
    tables = coded(real=people(200, 1), holdout=people(200, 2))
    found = c2st(tables["real"], tables["holdout"], 0, importances=True)
    assert (found.n_rows, found.n_columns, len(found.importances)) == (60, 2, 2)


def test_more_levels_than_a_tree_can_hold(coded):
    draw = stream(0, "test.levels")
    frames = [
        pd.DataFrame({"g": [f"level {i}" for i in draw.integers(0, 2000, 400)], "x": draw.normal(size=400)})
        for _ in range(2)
    ]
    tables = coded(real=frames[0], holdout=frames[1])
    auc = c2st(tables["real"], tables["holdout"], 0).auc
    assert auc.low < 0.55 and np.isfinite(auc.value)


def test_columns_without_information_give_one_half(coded):
    frame = pd.DataFrame({"x": [1.0] * 30, "y": [np.nan] * 30})
    tables = coded(real=frame, holdout=frame)
    assert c2st(tables["real"], tables["holdout"], 0).auc.value == pytest.approx(0.5)


@pytest.mark.parametrize("decimals", [0, 8])
def test_the_auc_is_that_of_scikit_learn(decimals):
    draw = stream(0, "test.auc")
    labels = np.repeat([1, 0], [30, 50])
    scores = (draw.normal(size=80) + labels).round(decimals)
    assert auc_of(scores, labels) == pytest.approx(roc_auc_score(labels, scores), rel=1e-12)


def cross_fitted(n, n_rounds, seed, noise=1.0):
    """Labels, splits and scores that tell of the labels, the same scores in every round but for noise."""
    draw = stream(seed, "test.crossfit")
    labels = np.repeat([1, 0], n)
    splits = []
    for r in range(n_rounds):
        splitter = StratifiedKFold(5, shuffle=True, random_state=r)
        splits.extend(splitter.split(np.zeros(2 * n), labels))
    truth = labels + draw.normal(size=2 * n)
    return [truth[test] + noise * draw.normal(size=len(test)) for _, test in splits], splits, labels


def test_one_round_has_the_mean_auc_and_delongs_variance_times_the_factor():
    scores, splits, labels = cross_fitted(500, 1, 0)
    found = cross_fitted_auc(scores, splits, labels)
    delong = [
        auc_with_variance(s[labels[test] == 1], s[labels[test] == 0])
        for s, (_, test) in zip(scores, splits, strict=True)
    ]
    mean = np.mean([auc for auc, _ in delong])
    expected = auc_interval(mean, detection._FACTOR * np.mean([v for _, v in delong]) / 5, 500)
    assert found.value == pytest.approx(mean, rel=1e-12)
    assert found.high - found.low == pytest.approx(expected.high - expected.low, rel=0.02)


def test_what_differs_from_round_to_round_averages_away():
    widths = []
    for noise in (0.0, 2.0):
        found = [cross_fitted_auc(*cross_fitted(100, n, 0, noise)) for n in (2, 10)]
        widths.append([e.high - e.low for e in found])
    assert widths[0][1] == pytest.approx(widths[0][0], rel=0.1)  # the same scores ten times over say no more
    assert widths[1][1] < 0.8 * widths[1][0]


def test_the_docstring_quotes_the_simulation():
    cases = json.loads(RESULTS.read_text(encoding="utf-8"))
    for measure in (c2st, linear_c2st):
        words = " ".join(measure.__doc__.split())
        for case in cases:
            if case["measure"] == measure.__name__:
                assert f"{case['rows']:,} rows" in words and case["draws"] == 500
                assert f"{100 * case['coverage']:.1f}% ({case['mean_auc']:.2f})".replace("0.", ".") in words
