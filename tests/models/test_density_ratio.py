"""Trees that tell real rows from generated ones, against densities that are known."""

import json
from functools import cache

import numpy as np
import pytest
from safetensors.numpy import load, save

from synthgen.models import density_ratio
from synthgen.models.density_ratio import MAX_ROUNDS, MIN_AUC, DensityRatio, fit_density_ratio, relative
from synthgen.models.model_file import read_model_file, write_model_file
from synthgen.models.row_features import RowFeatures
from synthgen.rng import stream

MEAN, SPREAD = np.array([0.5, -0.3]), np.array([0.8, 1.0])
"""Of the real rows; the generated ones are standard normal."""


def features(values):
    return RowFeatures(values, np.zeros(values.shape[1], dtype=bool))


def real_rows(n=20_000, seed=0):
    return MEAN + SPREAD * stream(seed, "real").normal(size=(n, 2))


def draw(number, n=40_000):
    """Another pool of standard normal rows for each number."""
    return features(stream(number, "pool").normal(size=(n, 2)))


@cache
def learnt(seed=0):
    return fit_density_ratio(features(real_rows()), draw, seed, lambda: None)


def true_log_ratio(values):
    """Of two products of normal densities, up to a constant."""
    return ((values**2 - ((values - MEAN) / SPREAD) ** 2) / 2).sum(axis=1)


def test_the_log_ratio_is_that_of_the_densities():
    pool = draw(99).values
    found, true = learnt().log_ratio(pool), true_log_ratio(pool)
    assert np.corrcoef(found, true)[0, 1] > 0.95
    inner = (np.abs(pool) < 1.5).all(axis=1)
    slope = np.polyfit(true[inner], found[inner], 1)[0]
    assert slope == pytest.approx(1.0, abs=0.15)


def test_weights_bring_means_and_variances_to_the_real_ones():
    pool = draw(99).values
    weight = relative(learnt().log_ratio(pool))
    mean = weight @ pool
    variance = weight @ (pool - mean) ** 2
    assert np.abs(pool.mean(axis=0) - MEAN).min() > 0.28
    assert np.abs(mean - MEAN).max() < 0.05
    assert np.abs(variance - SPREAD**2).max() < 0.06


def test_rows_of_one_distribution_give_no_trees():
    same = stream(0, "same").normal(size=(20_000, 2))
    found = fit_density_ratio(features(same), draw, 0, lambda: None)
    assert found.trees == [] and found.n_trees == 0
    assert len(found.aucs) == 1 and abs(found.aucs[0] - 0.5) < 0.02
    assert (found.log_ratio(same) == 0).all()


def test_aucs_are_those_of_rounds_kept_and_of_the_one_that_was_not():
    aucs = learnt().aucs
    assert all(a >= MIN_AUC for a in aucs[:-1]) and len(aucs) >= 2
    assert aucs[-1] < MIN_AUC and len(learnt().trees) == len(aucs) - 1
    # of the true ratio, on rows without number: what no classifier can beat
    real, fake = true_log_ratio(real_rows(4000, 1)), true_log_ratio(draw(98, 4000).values)
    best = (real[:, None] > fake).mean()
    assert best - 0.03 < aucs[0] < best + 0.02


def test_rounds_end_at_their_number(monkeypatch):
    monkeypatch.setattr(density_ratio, "MIN_AUC", 0.0)
    monkeypatch.setattr(density_ratio, "MAX_TREES", 2)
    drawn, ticks = [], []

    def counted(number):
        drawn.append(number)
        return draw(number, 1000)

    found = fit_density_ratio(features(real_rows(500)), counted, 0, lambda: ticks.append(1))
    assert drawn == list(range(MAX_ROUNDS + 1)) and len(ticks) == MAX_ROUNDS + 1
    assert len(found.trees) == len(found.aucs) - 1 == MAX_ROUNDS


def test_later_rounds_learn_what_earlier_ones_left(monkeypatch):
    monkeypatch.setattr(density_ratio, "MAX_TREES", 3)
    found = fit_density_ratio(features(real_rows()), draw, 0, lambda: None)
    assert len(found.trees) > 1
    assert found.aucs[0] > found.aucs[1] > found.aucs[-1]
    pool = draw(99).values
    first = DensityRatio(found.trees[:1])
    error = [np.abs(relative(r.log_ratio(pool)) @ pool - MEAN).max() for r in (first, found)]
    assert error[1] < error[0] / 2


def test_it_is_repeatable_and_the_seed_matters():
    again = fit_density_ratio(features(real_rows()), draw, 0, lambda: None)
    assert again.trees == learnt().trees and again.aucs == learnt().aucs
    assert learnt(1).aucs != learnt(0).aucs


def test_missing_values_are_told_apart_too():
    values = real_rows(5000)
    gone = values.copy()
    gone[stream(0, "gaps").random(len(gone)) < 0.5, 1] = np.nan
    found = fit_density_ratio(features(gone), lambda k: features(real_rows(10_000, k + 1)), 0, lambda: None)
    rows = np.array([[0.0, 0.0], [0.0, np.nan]])
    low, high = found.log_ratio(rows)
    assert high - low > 3  # no generated row has a missing value


def test_no_round_says_more_than_its_odds_allow(monkeypatch):
    monkeypatch.setattr(density_ratio, "MAX_LOG_ODDS", 0.25)
    ratio = learnt().log_ratio(draw(99, 2000).values)
    assert np.abs(ratio).max() == pytest.approx(0.25 * len(learnt().trees))


def test_the_state_comes_back_and_is_text_in_bytes():
    state = learnt().to_state()
    assert all(t.dtype == np.uint8 and t.tobytes().startswith(b"tree\n") for t in state["trees"])
    assert json.loads(json.dumps(state["aucs"])) == learnt().aucs
    tensors = load(save({str(i): t for i, t in enumerate(state["trees"])}))
    back = DensityRatio.from_state({**state, "trees": list(tensors.values())})
    assert back == learnt() and back.n_trees == learnt().n_trees > 0
    rows = draw(97, 100).values
    assert np.array_equal(back.log_ratio(rows), learnt().log_ratio(rows))


def test_it_comes_back_from_a_model_file(tmp_path):
    path = tmp_path / "ratio.synthgen"
    write_model_file(path, "DensityRatio", learnt().to_state())
    _, state, _ = read_model_file(path)
    rows = draw(97, 100).values
    assert np.array_equal(DensityRatio.from_state(state).log_ratio(rows), learnt().log_ratio(rows))


@pytest.mark.parametrize("n", [4, 8])
def test_tables_of_a_few_rows_have_an_auc(n):
    for seed in range(12):
        found = fit_density_ratio(features(real_rows(n)), lambda k: draw(k, 300), seed, lambda: None)
        assert np.isfinite(found.aucs).all()


def test_relative_weights_sum_to_one_whatever_their_scale():
    weight = relative(np.array([-5000.0, 0.0, np.log(3.0)]) + 4000)
    assert weight == pytest.approx([0.0, 0.25, 0.75])
