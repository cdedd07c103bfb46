import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import detection
from synthgen.metrics.baselines import bootstrap, permuted_columns
from synthgen.metrics.detection import c2st
from synthgen.rng import stream

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture
def tables(people, coded):
    real, holdout = people(600, 1), people(300, 2)
    return coded(real=real, holdout=holdout)


def test_rows_of_one_source_cannot_be_told_apart(tables):
    found = c2st(tables["real"], tables["holdout"], 0)
    assert found.auc.low < 0.5 < found.auc.high
    assert found.n_rows == 300


def test_shuffled_columns_are_found_and_the_columns_named(tables):
    floor = permuted_columns(tables["real"], 600, stream(0, "test"))
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


def test_the_docstring_quotes_the_simulation():
    cases = json.loads((REFERENCE / "detection_coverage.json").read_text())
    words = " ".join(c2st.__doc__.split())
    for case in cases:
        quoted = f"{case['coverage']:.0%} (AUC {case['mean_auc']:.2f})".replace("0.", ".")
        assert quoted in words or quoted.replace("AUC ", "") in words
    without = [case["coverage_without_factor"] for case in cases]
    assert f"without the factors in {min(without) * 100:.0f} to {max(without) * 100:.0f}%" in words
