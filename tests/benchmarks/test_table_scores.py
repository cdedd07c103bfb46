"""All scores together: a part that fails is recorded, and the ceiling is near perfect."""

import pytest

from benchmarks.tables import scores
from tests.benchmarks.tables import wine_split

CHEAP = ["manifold", "dcr", "gbdt", "repeats"]


def test_a_part_that_fails_is_recorded_and_the_others_are_there(monkeypatch):
    def broken(*_):
        raise ValueError("no such luck")

    monkeypatch.setattr(scores, "gbdt_auc", broken)
    split = wine_split()
    found = scores.score(split, split.holdout, 0, CHEAP)
    assert found["errors"] == {"gbdt": "ValueError: no such luck"}
    assert "gbdt_auc" not in found
    assert 0 <= found["dcr_share"] <= 1
    assert set(found["cpu_seconds"]) == set(CHEAP)


def test_the_ceiling_is_one_half_of_the_training_rows_against_the_other():
    found = scores.ceiling(wine_split(), 0, CHEAP)
    assert found["rows"] == 60
    assert found["heldout"]["rows"] == 58
    assert found["rows_copied"] == 0
    assert set(found["heldout"]["cpu_seconds"]) == {"manifold", "repeats"}


def test_the_ceiling_of_mle_is_training_on_the_real_rows():
    pytest.importorskip("xgboost", reason="of the bench extra")
    split = wine_split()
    found = scores.ceiling(split, 0, ["mle"])
    assert found["mle"] == scores.score(split, split.train, 0, ["mle"])["mle"] > 0.9
