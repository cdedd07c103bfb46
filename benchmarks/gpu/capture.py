"""A whole training step as one CUDA graph. CUDA only."""

from __future__ import annotations

from collections.abc import Callable

import games
import torch
from torch import Tensor

WARM_UP = 3


def captured(game: games.Game) -> Callable[[bool], dict[str, Tensor]]:
    """Capture a step without and a step with penalties, and return a function that replays either.

    By the book (PyTorch's notes on CUDA graphs, "whole-network capture"): a few steps on a side stream first, gradients
    set to None before the capture, the optimiser's steps and learning rate on the device (`capturable`), nothing
    read from the device inside. Rows are drawn inside the graph from the matrix that stays where it is, so there
    are no inputs to copy; the generator of random numbers is registered, so that every replay draws new ones. Both
    graphs draw from one pool of memory, since they never run at the same time.

    Parameters
    ----------
    game : Game
        On a CUDA device.

    Returns
    -------
    callable
        ``penalise -> scalars``; the scalars are overwritten by the next replay.
    """
    _warm_up(game)
    graphs: dict[bool, tuple[torch.cuda.CUDAGraph, dict[str, Tensor]]] = {}
    pool = torch.cuda.graph_pool_handle()
    for penalise in (False, True):
        graph = torch.cuda.CUDAGraph()
        _register(graph, game.batches.generator)
        for optimizer in (game.players.generator_optimizer, game.players.discriminator_optimizer):
            optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph, pool=pool):
            seen = game.step(penalise=penalise)
        graphs[penalise] = graph, {name: value.detach() for name, value in seen.items()}

    def replay(penalise: bool) -> dict[str, Tensor]:
        graph, seen = graphs[penalise]
        graph.replay()
        return seen

    _check(game, replay)
    return replay


def _warm_up(game: games.Game) -> None:
    """Both kinds of step on a side stream: compilers, libraries and optimisers set themselves up there."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for penalise in (False, True) * WARM_UP:
            game.step(penalise=penalise)
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()


def _register(graph: torch.cuda.CUDAGraph, generator: torch.Generator) -> None:
    """Newer versions of torch register a generator when it is first used in a capture, and may lack the call."""
    register = getattr(graph, "register_generator_state", None)
    if register is not None:
        register(generator)


def _check(game: games.Game, replay: Callable[[bool], dict[str, Tensor]]) -> None:
    """A replay must move both networks and the average, draw new numbers, and stay finite."""
    networks = (game.players.generator, game.players.discriminator, game.average)
    for penalise in (False, True):
        before = [[p.detach().clone() for p in network.parameters()] for network in networks]
        losses = [replay(penalise)["d_loss"].item() for _ in range(2)]
        for old, network in zip(before, networks, strict=True):
            if all(torch.equal(a, b) for a, b in zip(old, network.parameters(), strict=True)):
                raise RuntimeError(f"the graph does not train {type(network).__name__}")
        if losses[0] == losses[1] or not all(map(torch.isfinite, map(torch.tensor, losses))):
            raise RuntimeError(f"two replays of the graph gave the losses {losses}")
