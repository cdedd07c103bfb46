"""The cost model counts what really runs."""

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def modules():
    """The modules as the benchmarks see them, forgotten afterwards."""
    folders, before, path = (
        [str(BENCHMARKS / name) for name in ("", "gpu", "scale")],
        set(sys.modules),
        sys.path,
    )
    sys.path = [*folders, *path]
    yield [importlib.import_module(name) for name in ("cost_model", "games", "products")]
    sys.path = path
    for name in set(sys.modules) - before:
        found = getattr(sys.modules[name], "__file__", None)
        if found and Path(found).is_relative_to(BENCHMARKS):
            del sys.modules[name]


@pytest.mark.parametrize("penalise", [False, True])
@pytest.mark.parametrize("n_numbers", [10, 300])
def test_the_products_of_a_step_are_those_that_torch_makes(modules, n_numbers, penalise):
    model, games, products = modules
    layout = games.numbers(n_numbers)
    game = games.table_game(layout, games.simulate(layout, 1000), "cpu")
    players = game.players
    net = model.networks(
        layout.width,
        players.generator.latent_dim,
        (128, 128, 128),
        players.discriminator.body[0].weight.shape[1],
    )
    made = products.flops(products.counted(lambda: game.step(penalise=penalise)))
    said = model.step_flops(net, game.config.batch_size, 1 if penalise else 10**12)
    assert said == pytest.approx(made, rel=0.015)


def test_an_all_reduce_in_a_ring_sends_nothing_alone_and_nearly_twice_the_bytes_among_many(modules):
    model = modules[0]
    assert model.all_reduce_seconds(1e9, 1, 1e-4, 1e9) == 0
    assert model.all_reduce_seconds(1e9, 64, 0, 1e9) == pytest.approx(2 * 63 / 64)


def test_rows_that_training_cannot_use_are_not_counted(modules):
    model = modules[0]
    assert model.rows_used(10**9, 100, 50) == 10_000
    assert model.rows_used(10, 100, 50) == 10
