"""Several fits at once: processes that share a device. NOTE: stacked parameters (vmap) are the other way, not built."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.synchronize import Barrier

START_LIMIT = 600.0
"""Seconds until every process must be ready."""


def together(n_fits: int, device: str, seconds: float) -> dict[str, float]:
    """Train so many mixed games at once, each from its own process, for some seconds.

    Parameters
    ----------
    n_fits : int
        Processes.
    device : {"cuda", "cpu"}
        That they share. On CUDA every step is a graph.
    seconds : float
        For which steps are counted, all processes over the same span.

    Returns
    -------
    dict
        `fits`, `steps_per_s` of all of them, `slowest_steps_per_s` of one.
    """
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(n_fits), context.SimpleQueue()
    processes = [context.Process(target=_fit, args=(device, seconds, barrier, queue)) for _ in range(n_fits)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError(f"of {n_fits} fits at once, exit statuses {[p.exitcode for p in processes]}")
    rates = [queue.get() for _ in processes]
    return {"fits": n_fits, "steps_per_s": sum(rates), "slowest_steps_per_s": min(rates)}


def _fit(device: str, seconds: float, barrier: Barrier, queue: multiprocessing.SimpleQueue) -> None:
    import cells
    import torch
    from capture import captured

    torch.set_num_threads(1)
    game = cells.GAMES["mixed"](device, 256 if device == "cuda" else 8)
    every = game.config.penalty_every
    run = captured(game) if device == "cuda" else lambda penalise: game.step(penalise=penalise)
    cells.steps(run, every, every)
    cells.wait(device)
    barrier.wait(START_LIMIT)
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        cells.steps(run, every, every)
        cells.wait(device)
        done += every
    queue.put(done / spent)
