"""`score`: what it measures, what it takes, and how much it varies by chance."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from synthgen.exceptions import ColumnRejected, DataError
from synthgen.models import table_score as module
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.score_features import UNSEEN, score_features
from synthgen.models.table_score import MOST_COLUMNS, score_noise, table_score
from synthgen.models.unknown_target import matrix_without_target
from synthgen.models.vae import SynthVAE
from synthgen.models.validation_score import auc_noise, detection_auc
from synthgen.rng import stream
from synthgen.table.infer import infer_schema
from tests.common.tables import every_dtype

RNG = np.random.default_rng(0)


def normal_rows(n, seed=0, shift=0.0, width=3):
    values = np.random.default_rng(seed).normal(shift, 1, (n, width))
    return pd.DataFrame(values, columns=[f"c{i}" for i in range(width)])


def scored(rows, draw):
    return table_score(rows, infer_schema(rows), draw)


def test_the_score_is_the_auc_turned_round():
    rows = normal_rows(400)
    found = scored(rows, lambda n, seed: normal_rows(n, seed + 1, 0.3))
    order = stream(0, "score rows").permutation(400)  # rows are judged in any order
    auc = detection_auc(rows.to_numpy()[order], normal_rows(400, 1, 0.3).to_numpy(), 0)
    assert 0.5 < auc < 0.75
    assert found == pytest.approx(2 * (1 - auc))


@pytest.mark.parametrize("n", [10, 50, 400])
def test_rows_apart_score_0_and_rows_alike_1_but_for_the_noise(n):
    assert scored(normal_rows(n), lambda m, seed: normal_rows(m, 5, 100.0)) < 0.01
    alike = [scored(normal_rows(n, 2 * i), lambda m, seed, i=i: normal_rows(m, 1000 + i)) for i in range(15)]
    assert min(alike) > 1 - 3.5 * score_noise(n)
    assert np.mean(alike) > 1 - score_noise(n)
    assert np.mean(np.array(alike) == 1) > 0.2


def test_the_noise_is_that_of_a_classifier_that_guesses():
    guesses = [
        roc_auc_score(np.repeat([0, 1], 80), np.random.default_rng(i).random(160)) for i in range(1000)
    ]
    assert auc_noise(80) == pytest.approx(np.std(guesses), rel=0.08)
    assert score_noise(80) == 2 * auc_noise(80)


def test_the_score_falls_with_the_distance():
    rows = normal_rows(300)
    scores = [scored(rows, lambda n, seed, s=s: normal_rows(n, 1, s)) for s in (0.0, 0.5, 1.0, 2.0)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4


def test_dependence_counts_and_a_memoriser_scores_well():
    values = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=800)
    table = pd.DataFrame(values, columns=["a", "b"])
    train, held_out = table[:400], table[400:]
    joint, apart, memoriser = (
        make(random_state=0, verbose=0).fit(train).score(held_out)
        for make in (GaussianCopula, IndependentMarginals, Bootstrap)
    )
    assert joint > 0.8 and memoriser > 0.8
    assert apart < 0.6


def test_unseen_levels_and_new_missing_values_count_against_the_model():
    table = pd.DataFrame(
        {"k": RNG.choice(["a", "b"], 300), "x": RNG.normal(size=300), "n": RNG.integers(0, 50, 300)}
    )
    model = GaussianCopula(random_state=0, verbose=0).fit(table)
    usual = model.score(table)
    half = np.arange(300) % 2 == 0
    for odd in (
        table.assign(k=table["k"].where(half, "new")),
        table.assign(k=table["k"].where(half)),
        table.assign(x=table["x"].where(half)),
        table.assign(x=table["x"].where(half, np.inf)),
        table.assign(n=table["n"].where(half)),
    ):
        assert model.score(odd) < usual - 0.3
    assert model.score(table.assign(n=table["n"].astype(float), k=table["k"].astype("category"))) == usual


def test_what_is_made_anew_is_not_compared():
    keys = [f"P-{i:05d}" for i in RNG.permutation(90_000)[:600]]
    table = pd.DataFrame({"patient": keys, "x": RNG.normal(size=600)})
    model = GaussianCopula(random_state=0, verbose=0).fit(table[:300])
    assert model.schema_["patient"].kind == "identifier"
    assert model.score(table[300:]) > 1 - 3 * score_noise(300)


def test_every_dtype_is_compared():
    table = every_dtype(400)
    model = Bootstrap(verbose=0).fit(table)
    assert model.score(table) > 1 - 3 * score_noise(400)
    features = score_features(table, list(model.schema_))
    assert np.isnan(features).sum(axis=0).tolist() == table.isna().sum().tolist()


def test_values_of_other_dtypes_are_compared_as_they_are():
    table = pd.DataFrame(
        {"level": [1, 0, 1, 1] * 5, "at": pd.date_range("2020", periods=20), "x": [1.5] * 19 + [2.0]}
    )
    columns = list(infer_schema(table).columns)
    later = pd.DataFrame({"level": [1.0, None, 5.0], "at": ["then", "now", None], "x": [1, 2, 3]})
    levels = list(columns[0].levels or [0, 1])
    found = score_features(later, columns)
    assert found[:, 2].tolist() == [1, 2, 3]
    assert np.isnan(found[:, 1]).all()
    assert np.isnan(found[1, 0]) and found[0, 0] == (levels.index(1) if columns[0].levels else 1.0)
    assert UNSEEN == -1


def test_nested_values_are_refused_by_name():
    table = pd.DataFrame({"x": ["a", "b"] * 10})
    with pytest.raises(ColumnRejected, match="'x'"):
        score_features(table.assign(x=[[1]] * 20), list(infer_schema(table)))


def test_a_wide_table_is_judged_by_some_columns(monkeypatch):
    seen = []
    monkeypatch.setattr(
        module, "score_features", lambda t, columns: seen.append(len(columns)) or score_features(t, columns)
    )
    rows = normal_rows(30, width=MOST_COLUMNS + 200)
    score = scored(rows, lambda n, seed: normal_rows(n, 1, width=MOST_COLUMNS + 200))
    assert 0 <= score <= 1
    assert seen == [MOST_COLUMNS, MOST_COLUMNS]


def test_a_long_table_is_judged_by_some_rows(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 50)
    asked = []
    scored(normal_rows(400), lambda n, seed: asked.append(n) or normal_rows(n, 1))
    assert asked == [4 * 50]


def test_a_table_of_one_value_throughout_scores_1():
    rows = pd.DataFrame({"one": [1.0] * 8, "none": [None] * 8})
    assert scored(rows, lambda n, seed: pd.DataFrame({"one": [1.0] * n, "none": [None] * n})) == 1


def test_three_rows_are_too_few():
    with pytest.raises(DataError, match=r"needs at least 4 rows. Got 3"):
        scored(normal_rows(3), lambda n, seed: normal_rows(n))
    assert 0 <= scored(normal_rows(4), lambda n, seed: normal_rows(n, 1)) <= 1


def test_a_target_that_is_unknown_says_nothing():
    table = every_dtype(60).drop(columns=[c for c in every_dtype(4) if "pyarrow" in c])
    X, y = table.iloc[:, 1:], table.iloc[:, 0]
    model = SynthVAE(
        hidden_dims=(4,), latent_dim=2, max_steps=3, random_state=0, verbose=0, detect_relations=False
    )
    model.fit(X, y)
    rows, is_known = matrix_without_target(X, y.name, model.encoder_, model.model_)
    own = [b for b in model.encoder_.layout_.blocks if b.column == y.name]
    assert sum(~is_known) == sum(b.stop - b.start for b in own) > 0
    full = model.encoder_.matrix(table, ties="middle")
    assert np.array_equal(rows[:, is_known], full[:, is_known])
    assert len(np.unique(rows[:, ~is_known], axis=0)) == 1
