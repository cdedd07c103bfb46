"""Steps, averages, the loop: who moves when, and that it learns."""

import copy
import dataclasses
import math

import pytest
import torch

from synthgen.exceptions import TrainingError
from synthgen.layout import Block, MatrixLayout
from synthgen.networks.blocks import initialise
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.generator import Generator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.batches import Batches
from synthgen.training.calibration import apply_calibration, fit_calibration, identity
from synthgen.training.config import TrainingConfig
from synthgen.training.ema import update_average
from synthgen.training.loop import Observers, _players, train
from synthgen.training.losses import LOSSES
from synthgen.training.steps import discriminator_step, generator_step
from synthgen.training.threads import in_parallel, torch_threads

LAYOUT = MatrixLayout((Block("x", "numeric", 0, 1, ("score",)), Block("c", "one-hot", 1, 3, ("f", "m"))))
CONFIG = TrainingConfig(
    loss="relativistic",
    max_steps=300,
    max_time=None,
    batch_size=64,
    n_critic=1,
    learning_rate=2e-3,
    discriminator_learning_rate=2e-3,
    schedule="cosine",
    noise_prior="normal",
    is_separate=False,
    beta1=0.0,
    beta2=0.99,
    ema_decay=0.99,
    r1_weight=0.3,
    r2_weight=0.3,
    gradient_penalty_weight=0.0,
    penalty_every=4,
    tau=0.2,
    validate_every=50,
    patience=100,
    tolerance=0.0,
    input_noise=0.0,
    bfloat16=False,
)


@pytest.fixture
def matrix():
    """x is normal around -1 for f and 1 for m; one row in four is f."""
    rng = torch.Generator().manual_seed(0)
    is_f = torch.rand(2000, generator=rng) < 0.25
    x = torch.where(is_f, -1.0, 1.0) + 0.3 * torch.randn(2000, generator=rng)
    return torch.stack([x, is_f.float(), (~is_f).float()], dim=1)


def networks(cond_dim=0, pac=1):
    generator = Generator(8, cond_dim, (32, 32), LAYOUT.width)
    discriminator = Discriminator(LAYOUT, (32, 32), pac, ())
    initialise(generator, torch.Generator().manual_seed(1))
    initialise(discriminator, torch.Generator().manual_seed(2))
    return generator, discriminator, OutputHeads(LAYOUT)


def weights(network):
    return [p.detach().clone() for p in network.parameters()]


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("loss", LOSSES)
def test_each_step_moves_its_own_player_only(matrix, loss):
    config = dataclasses.replace(CONFIG, loss=loss, gradient_penalty_weight=1.0)
    generator, discriminator, heads = networks()
    players = _players(generator, discriminator, heads, [], config, matrix.device)
    batches = Batches(matrix, 64, 0)
    g, d = weights(generator), weights(discriminator)
    seen = discriminator_step(players, batches, config, penalise=True)
    assert same(g, weights(generator)) and not same(d, weights(discriminator))
    assert all(p.grad is None for p in generator.parameters()), (
        "fakes must be detached in the discriminator step"
    )
    assert {"d_loss", "score_real", "score_fake", "r1", "r2", "gradient_penalty"} <= set(seen)
    d = weights(discriminator)
    generator_step(players, batches, config)
    assert same(d, weights(discriminator)) and not same(g, weights(generator))
    assert all(p.requires_grad for p in discriminator.parameters())


def test_penalties_are_lazy_and_weigh_as_much_more(matrix):
    generator, discriminator, heads = networks()
    moves = []
    for penalise in (False, True):
        copies = copy.deepcopy((generator, discriminator, heads))
        players = _players(*copies, [], CONFIG, matrix.device)
        moves.append(discriminator_step(players, Batches(matrix, 64, 0), CONFIG, penalise=penalise))
    assert "r1" not in moves[0] and moves[1]["r1"] > 0
    torch.testing.assert_close(moves[0]["d_loss"], moves[1]["d_loss"])


def test_a_lazy_penalty_weighs_as_many_times_more(matrix):
    """Every 4th with weight 1 moves the discriminator as every one with weight 4 would."""
    after = []
    for every, weight in ((4, 1.0), (1, 4.0), (1, 1.0)):
        config = dataclasses.replace(CONFIG, penalty_every=every, r1_weight=weight, r2_weight=weight)
        generator, discriminator, heads = networks()
        players = _players(generator, discriminator, heads, [], config, matrix.device)
        for _ in range(3):
            discriminator_step(players, Batches(matrix, 64, 0), config, penalise=True)
        after.append(weights(discriminator))
    assert same(after[0], after[1]) and not same(after[0], after[2])


def test_given_columns_are_kept_as_given(matrix):
    generator, discriminator, heads = networks(cond_dim=2)
    players = _players(generator, discriminator, heads, [1, 2], CONFIG, matrix.device)
    rows = players.fake(Batches(matrix, 64, 0), CONFIG)
    assert set(rows[:, 1].tolist()) == {0.0, 1.0}


def test_average_is_the_textbook_one():
    network, average = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    for layer, value in ((network, 1.0), (average, 0.0)):
        torch.nn.init.constant_(layer.weight, value)
    update_average(average, network, step=10_000, decay=0.9)
    assert average.weight.item() == pytest.approx(0.1)
    update_average(average, network, step=10, decay=0.9)
    assert average.weight.item() == pytest.approx(0.1 + 0.9 * 0.5)


def fitted(matrix, config=CONFIG, seed=0, validate=None):
    generator, discriminator, heads = networks()
    return *train(
        generator,
        discriminator,
        heads,
        matrix,
        [],
        config,
        seed=seed,
        observers=Observers(validate),
        verbose=0,
    ), heads


def made(generator, heads, n=2000):
    rng = torch.Generator().manual_seed(5)
    raw = generator(torch.randn(n, 8, generator=rng), torch.zeros(n, 0))
    gumbel = -torch.empty(n, heads.n_one_hot).exponential_(generator=rng).log()
    return raw, gumbel


def test_the_loop_learns_how_columns_go_together(matrix):
    generator, history, heads = fitted(matrix)
    rows = heads.harden(*made(generator, heads))
    is_f = rows[:, 1] > 0.5
    assert abs(is_f.float().mean() - 0.25) < 0.08
    assert abs(rows[is_f, 0].mean() + 1) < 0.3
    assert abs(rows[~is_f, 0].mean() - 1) < 0.3
    assert history.stopped == "all steps done"


def test_history_has_an_entry_for_every_step(matrix):
    _, history, _ = fitted(matrix, dataclasses.replace(CONFIG, max_steps=70))
    assert {len(v) for v in history.steps.values()} == {70}
    assert math.isfinite(history.steps["r1"][0]) and math.isnan(history.steps["r1"][1])
    assert sum(math.isfinite(v) for v in history.steps["r1"]) == math.ceil(70 / 4)
    assert all(0 <= v <= 1 for v in history.steps["d_accuracy"])
    assert all(0 < v < 2 for v in history.steps["fake_spread"])


def test_a_seed_repeats_a_training(matrix):
    config = dataclasses.replace(CONFIG, max_steps=30)
    one, two, other = (fitted(matrix, config, seed)[0] for seed in (3, 3, 4))
    assert same(weights(one), weights(two))
    assert not same(weights(one), weights(other))


def test_the_best_average_is_kept_and_patience_ends_training(matrix):
    seen = []

    def validate(generator, step):
        seen.append(weights(generator))
        return abs(len(seen) - 2)  # the second is the best

    config = dataclasses.replace(CONFIG, validate_every=9, patience=3)
    best, history, _ = fitted(matrix, config, validate=validate)
    assert [step for step, _ in history.validation] == [9, 18, 27, 36, 45]
    assert len(history.steps["g_loss"]) == 45
    assert "3 checks" in history.stopped
    assert same(weights(best), seen[1])


def test_later_weights_are_preferred_among_equals(matrix):
    scores = iter([0.60, 0.50, 0.52, 0.56, 0.51, 0.60])
    config = dataclasses.replace(CONFIG, max_steps=60, validate_every=10, tolerance=0.03)
    seen = []

    def validate(generator, step):
        seen.append(weights(generator))
        return next(scores)

    best, _, _ = fitted(matrix, config, validate=validate)
    assert same(weights(best), seen[4])


def test_time_is_kept(matrix):
    _, history, _ = fitted(matrix, dataclasses.replace(CONFIG, max_steps=10**9, max_time=0.3))
    assert history.stopped == "max_time is spent"


def test_divergence_is_named(matrix):
    spoilt = matrix.clone()
    spoilt[:, 0] = math.inf
    with pytest.raises(TrainingError, match=r"diverged: d_loss is nan at step 1, .* Lower `learning_rate`"):
        fitted(spoilt)


def test_mixed_precision_runs(matrix):
    _, history, _ = fitted(matrix, dataclasses.replace(CONFIG, max_steps=60, bfloat16=True))
    assert all(map(math.isfinite, history.steps["g_loss"]))


def test_calibration_brings_the_margins(matrix):
    generator, _, heads = fitted(matrix, dataclasses.replace(CONFIG, max_steps=40))
    raw, gumbel = made(generator, heads, 20_000)
    calibration = fit_calibration(raw, gumbel, matrix, LAYOUT, heads)
    rows = heads.harden(apply_calibration(raw, calibration, heads.numeric), gumbel)
    torch.testing.assert_close(rows[:, 1].mean(), matrix[:, 1].mean(), atol=0.01, rtol=0)
    shares = torch.linspace(0.05, 0.95, 7)  # a quarter is f: the quantile at 0.25 may lie anywhere in the gap
    torch.testing.assert_close(rows[:, 0].quantile(shares), matrix[:, 0].quantile(shares), atol=0.05, rtol=0)


def test_no_calibration_changes_nothing():
    raw = torch.randn(100, 3) * 3
    torch.testing.assert_close(apply_calibration(raw, identity(LAYOUT), OutputHeads(LAYOUT).numeric), raw)


def test_threads_are_put_back():
    before = torch.get_num_threads()
    with torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_parallel_results_are_in_order():
    assert in_parallel(lambda i: i * i, list(range(50))) == [i * i for i in range(50)]
