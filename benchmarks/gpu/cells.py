"""One cell of the table: a game at a batch size, eager, compiled or captured; its steps a second and its products."""

from __future__ import annotations

import time
from collections.abc import Callable

import games
import torch
from capture import captured
from products import counted, flops

MODES = ("eager", "compiled", "graph", "compiled graph")
WIDE_ROWS, WIDE_COLUMNS, SCORES = 600, 42_000, 32
SECONDS = {"cuda": 3.0, "cpu": 0.02}
ROUND = 5
"""Times the recipe's penalties between looks at the clock."""
Run = Callable[[bool], object]


def _mixed(device: str, batch: int) -> games.Game:
    layout = games.layout_of(games.ADULT)
    return games.table_game(layout, games.simulate(layout, 30_000), device, batch, **_narrow(device))


def _score(device: str, batch: int) -> games.Game:
    return games.score_game(SCORES, WIDE_ROWS, device, batch)


def _direct(device: str, batch: int, **changes: object) -> games.Game:
    layout = games.numbers(WIDE_COLUMNS if device == "cuda" else 30)
    rows = games.simulate(layout, WIDE_ROWS)
    return games.table_game(layout, rows, device, batch, **_narrow(device), **changes)


def _direct_plain(device: str, batch: int) -> games.Game:
    return _direct(device, batch, frequencies=())


def _narrow(device: str) -> dict[str, object]:
    """Small networks for the check on the CPU."""
    return {} if device == "cuda" else {"hidden_dims": (16,), "latent_dim": 8}


GAMES = {"mixed": _mixed, "score": _score, "direct": _direct, "direct plain": _direct_plain}
"""`direct plain`: without sines and cosines of every number in the discriminator's input, which make it seven times as wide."""


def measure(name: str, mode: str, batch: int, device: str) -> dict[str, float]:
    """Steps a second with the recipe's penalties, after a warm-up, and the TFLOP/s of their products."""
    game = GAMES[name](device, batch)
    every = game.config.penalty_every
    plain, penalised = (flops(counted(lambda p=p: game.step(penalise=p))) for p in (False, True))
    products = ((every - 1) * plain + penalised) / every
    start = time.perf_counter()
    if "compiled" in mode:
        game = game.compile()
    run: Run = lambda penalise: game.step(penalise=penalise)  # noqa: E731
    if "graph" in mode:
        run = captured(game)
    steps(run, every, every)
    wait(device)
    ready = time.perf_counter() - start
    n, seconds = timed(run, every, device)
    return {
        "batch": batch,
        "steps_per_s": n / seconds,
        "step_ms": 1e3 * seconds / n,
        "tflops": products * n / seconds / 1e12,
        "gflop_per_step": products / 1e9,
        "seconds_until_ready": ready,
        "peak_gpu_gib": torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else 0.0,
    }


def steps(run: Run, n: int, every: int) -> None:
    """So many steps, every so many with penalties."""
    for i in range(n):
        run(i % every == 0)


def timed(run: Run, every: int, device: str) -> tuple[int, float]:
    """How many steps were made in at least `SECONDS`, and in how many seconds exactly."""
    done, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < SECONDS[device]:
        steps(run, ROUND * every, every)
        wait(device)
        done += ROUND * every
    return done, seconds


def matmul_rate(device: str, width: int) -> float:
    """TFLOP/s of a square product of bfloat16 matrices: the best of several rounds."""
    a, b = (torch.randn(width, width, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds = []
    for _ in range(6):
        wait(device)
        start = time.perf_counter()
        for _ in range(10):
            a @ b
        wait(device)
        seconds.append((time.perf_counter() - start) / 10)
    return 2 * width**3 / min(seconds) / 1e12


def wait(device: str) -> None:
    """Until the device has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
