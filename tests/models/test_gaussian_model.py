"""The linear model of the matrix against what it was fitted to."""

import numpy as np
import pandas as pd
import pytest

from synthgen.layout import Block, MatrixLayout
from synthgen.models.condition_table import condition_table
from synthgen.models.gaussian_choice import choose_levels, level_scores
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.gaussian_model import GaussianModel, fit_regression
from synthgen.models.score_contest import hold_contest
from synthgen.models.score_gan import _transport

LAYOUT = MatrixLayout(
    (
        Block("group", "one-hot", 0, 3, ("a", "b", "c")),
        Block("sex", "one-hot", 3, 5, ("f", "m")),
        Block("x", "numeric", 5, 6, ("score",)),
        Block("y", "numeric", 6, 7, ("score",), gate=3),
    )
)


def rows(n=4_000, seed=0):
    rng = np.random.default_rng(seed)
    group = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    x = np.array([-1.0, 0.5, 1.5])[group] + 0.6 * rng.standard_normal(n)
    sex = (0.8 * x + rng.standard_normal(n) > 0).astype(int)
    y = 0.7 * x + 0.5 * rng.standard_normal(n)
    matrix = np.column_stack([np.eye(3)[group], np.eye(2)[sex], x, y * (sex == 0)])
    return matrix.astype(np.float32)


def draw(model, n_blocks=8):
    return np.concatenate([model.generate_block(3, b) for b in range(n_blocks)])


def test_means_and_spread_given_conditions_come_back():
    real = rows()
    found = draw(GaussianModel.fit(real, LAYOUT, [0, 1, 2]))
    for level in range(3):
        a, b = (m[m[:, level] == 1, 5] for m in (real, found))
        assert b.mean() == pytest.approx(a.mean(), abs=0.08)
    assert found[:, :5].mean(axis=0) == pytest.approx(real[:, :5].mean(axis=0), abs=0.03)


def test_choices_that_are_no_conditions_go_with_the_numbers():
    real = rows()
    found = draw(GaussianModel.fit(real, LAYOUT, [0, 1, 2]))
    wanted, got = (np.corrcoef(m[:, 4], m[:, 5])[0, 1] for m in (real, found))
    assert got == pytest.approx(wanted, abs=0.12)


def test_numbers_behind_a_closed_gate_are_zero():
    found = draw(GaussianModel.fit(rows(), LAYOUT, [0, 1, 2]), 1)
    assert (found[found[:, 3] == 0, 6] == 0).all()
    assert (found[found[:, 3] == 1, 6] != 0).all()


def test_regression_is_ridge_and_its_root_gives_the_rest():
    rng = np.random.default_rng(1)
    conditions = np.eye(2)[rng.integers(0, 2, 5_000)]
    noise = rng.standard_normal((5_000, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    found = fit_regression(np.array([[1.0, -1.0], [3.0, 0.0]])[conditions.argmax(axis=1)] + noise, conditions)
    assert found.mean(np.eye(2)) == pytest.approx(np.array([[1.0, -1.0], [3.0, 0.0]]), abs=0.06)
    assert found.covariance == pytest.approx(np.array([[1.0, 0.6], [0.6, 1.0]]), abs=0.06)


@pytest.mark.parametrize("k", [1, 2, 7, 20])
def test_whitened_numbers_stay_white(k):
    left, _, _ = np.linalg.svd(np.random.default_rng(k).standard_normal((300, k)), full_matrices=False)
    white = (left - left.mean(axis=0)) * np.sqrt(300)
    found = fit_regression(white.astype(np.float32), np.zeros((300, 0)))
    assert found.covariance == pytest.approx(np.cov(white.T, ddof=0).reshape(k, k), abs=0.05)


def test_level_scores_are_means_of_the_normal_numbers_that_choose_the_level():
    shares = [0.1, 0.2, 0.3, 0.4]
    latent = np.random.default_rng(3).standard_normal(400_000)
    chosen = choose_levels(latent, shares)
    assert chosen.mean(axis=0) == pytest.approx(shares, abs=3e-3)
    scores, information = level_scores(shares)
    means = chosen.T.astype(float) @ latent / chosen.sum(axis=0)
    assert scores == pytest.approx(means, abs=0.01)
    assert information == pytest.approx(shares @ scores**2)


def test_transport_moves_one_covariance_into_the_other():
    rng = np.random.default_rng(4)
    source, target = (np.cov(rng.standard_normal((5, 40))) for _ in range(2))
    moved = _transport(source, target)
    assert moved @ source @ moved.T == pytest.approx(target, abs=1e-6)
    assert moved == pytest.approx(moved.T)


NUMBERS = MatrixLayout(tuple(Block(f"n{i}", "numeric", i, i + 1, ("score",)) for i in range(2)))


def test_a_contest_goes_to_the_model_that_is_nearer_to_the_truth():
    rng = np.random.default_rng(5)
    truth = (rng.standard_normal((3_000, 2)) @ np.array([[1.0, 0.9], [0.0, 0.3]])).astype(np.float32)
    right = GaussianModel.fit(truth[:2_000], NUMBERS, [])
    wrong = GaussianModel.fit(np.column_stack([truth[:2_000, 0], truth[:2_000, 1][::-1]]), NUMBERS, [])
    fresh = truth[2_000:]
    assert hold_contest(wrong, right, fresh, 1, 0).winner == "gan"
    lost = hold_contest(right, wrong, fresh, 1, 0)
    assert lost.winner == "linear" and lost.gain < -0.1


def test_a_contest_between_equals_is_no_clear_gain():
    truth = np.random.default_rng(6).standard_normal((1_200, 2)).astype(np.float32)
    one, two = (GaussianModel.fit(truth[rows], NUMBERS, []) for rows in (slice(0, 1_000), slice(1, 1_001)))
    found = hold_contest(one, two, truth[1_000:], 1, 0)
    assert abs(found.gain) < 0.05


def test_a_condition_that_no_row_has_leaves_the_others_as_they_are():
    layout = MatrixLayout(
        (
            Block("x", "numeric", 0, 1, ("score",)),
            Block("c", "one-hot", 1, 5, ("a", "b", "c", "d")),
            Block("e", "one-hot", 5, 7, ("f", "m")),
        )
    )
    chosen = np.repeat([0, 1, 2], [9, 9, 2])  # never "d"
    other = np.arange(20) % 2
    matrix = np.column_stack([np.zeros(20), np.eye(4)[chosen], np.eye(2)[other]]).astype(np.float32)
    found = condition_table(matrix, layout, [1, 2, 3, 4, 5, 6])
    assert (found.rows[:, :4].sum(axis=1) == 1).all() and (found.rows[:, 4:].sum(axis=1) == 1).all()
    assert found.share.sum() == pytest.approx(1.0)


def test_levels_of_one_row_each_can_be_conditions():
    names = [f"level {i:02d}" for i in range(60)]
    table = pd.DataFrame({"c": pd.Categorical(names), "x": np.arange(60.0)})
    model = GaussianCopula(conditional_on=["c"], random_state=73).fit(
        table
    )  # some made-up level is not drawn
    rows = model.sample(100, random_state=1)
    assert rows["c"].notna().all() and not rows["c"].isin(names).any()
