"""Where the time of a training step goes, and how near it is to the time of its matrix products alone.

    python benchmarks/step_time.py                     Adult's, a narrow and a wide layout (minutes)
    python benchmarks/step_time.py --threads 2 --compile -o elsewhere/

For each layout: the products of a step, counted by shape (with and without penalties); the time that the same products
take by themselves, turn about with the steps: the floor; the step in wall and CPU time; their ratio; and the shares
of the profiler's kinds of operations. Also with bfloat16, and compiled if asked for. A step is one update of the
discriminator, the generator and the average, with its share of penalties. Writes benchmarks/results/step-time.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent / "gpu"))
import games
import machine
import problems
import torch
from products import Product, counted, flops
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.layout import MatrixLayout
from synthgen.table.infer import infer_schema

RESULTS = Path(__file__).resolve().parent / "results"
WARM_UP = 8
ROUNDS = 12
PENALTIES_EVERY = 4
KINDS = {
    "products": ("aten::mm", "aten::addmm"),
    "activations": ("aten::leaky_relu", "aten::leaky_relu_", "aten::leaky_relu_backward"),
    "softmax": ("aten::_softmax", "aten::_softmax_backward_data"),
    "sines and cosines": ("aten::sin", "aten::cos"),
    "random numbers": (
        "aten::normal_",
        "aten::uniform_",
        "aten::exponential_",
        "aten::random_",
        "aten::log_",
    ),
    "optimiser": ("aten::_fused_adam_", "aten::_foreach_add_"),
    "average of weights": ("aten::lerp_", "aten::_foreach_lerp_"),
    "copies and gathers": (
        "aten::copy_",
        "aten::cat",
        "aten::index_select",
        "aten::index",
        "aten::index_add_",
        "aten::fill_",
        "aten::_index_put_impl_",
    ),
    "sums and other arithmetic": (
        "aten::add",
        "aten::add_",
        "aten::sum",
        "aten::mul",
        "aten::div",
        "aten::neg",
    ),
}


def floor_of(products: Counter[Product]) -> Callable[[], None]:
    """A function that makes the same products, on random matrices, and nothing else."""

    def matrix(shape: tuple[int, ...], stride: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        if 0 in stride:  # one value seen as many
            return torch.randn(shape, dtype=dtype)
        return torch.empty_strided(shape, stride, dtype=dtype).normal_()

    ready = []
    for (name, (a, b), dtype), n in products.items():
        left, right = matrix(*a, dtype), matrix(*b, dtype)
        bias, out = torch.zeros(b[0][1], dtype=dtype), torch.empty(a[0][0], b[0][1], dtype=dtype)
        ready += [(name, bias, left, right, out)] * n

    def run() -> None:
        for name, bias, left, right, out in ready:
            if name == "mm":
                torch.mm(left, right, out=out)
            else:
                torch.addmm(bias, left, right, out=out)

    return run


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU milliseconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def measure(game: games.Game) -> dict[str, object]:
    """Floor and step, turn about, so that both see the same machine: medians of single steps, then the mean step."""
    game.steps(WARM_UP)
    found: dict[str, dict[str, float]] = {}
    for name, penalise in (("plain", False), ("penalised", True)):
        products = counted(lambda p=penalise: game.step(penalise=p))
        floor = floor_of(products)
        floor()
        pairs = [(timed(floor), timed(lambda p=penalise: game.step(penalise=p))) for _ in range(ROUNDS)]
        (floor_wall, floor_cpu), (wall, cpu) = (
            [statistics.median(pair[side][clock] for pair in pairs) for clock in (0, 1)] for side in (0, 1)
        )
        found[name] = {
            "gflop": flops(products) / 1e9,
            "floor_wall_ms": floor_wall,
            "floor_cpu_ms": floor_cpu,
            "step_wall_ms": wall,
            "step_cpu_ms": cpu,
        }
    every = game.config.penalty_every
    mean = {k: ((every - 1) * found["plain"][k] + found["penalised"][k]) / every for k in found["plain"]}
    mean["products_gflop_per_s"] = 1e3 * mean["gflop"] / mean["floor_wall_ms"]
    mean["products_gflop_per_cpu_s"] = 1e3 * mean["gflop"] / mean["floor_cpu_ms"]
    mean["step_over_floor_wall"] = mean["step_wall_ms"] / mean["floor_wall_ms"]
    mean["step_over_floor_cpu"] = mean["step_cpu_ms"] / mean["floor_cpu_ms"]
    return {"mean_step": mean, **found}


def shares(game: games.Game) -> dict[str, float]:
    """Shares of the time, by the profiler's kinds of operations; the profiler makes Python look dearer."""
    n = 4 * PENALTIES_EVERY
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as seen:
        wall, _ = timed(lambda: game.steps(n))
    own = {event.key: event.self_cpu_time_total / 1e3 for event in seen.key_averages()}
    found = {kind: sum(own.pop(name, 0.0) for name in names) / wall for kind, names in KINDS.items()}
    found["other operations"] = sum(t for name, t in own.items() if name.startswith("aten::")) / wall
    return {**found, "autograd, Python and the rest": 1 - sum(found.values())}


def adult() -> tuple[str, MatrixLayout, Tensor]:
    """Adult itself where the data is, else a simulated matrix of the same shape."""
    try:
        table, _ = problems.load(problems.MIXED["adult"])
    except SystemExit:
        layout = games.layout_of(games.ADULT)
        return "adult (simulated)", layout, games.simulate(layout, 32_561)
    encoder = TableEncoder(infer_schema(table), random_state=0)
    matrix = torch.from_numpy(encoder.fit_transform(table))
    return "adult", encoder.layout_, matrix


def cases() -> dict[str, tuple[MatrixLayout, Tensor]]:
    """Layouts and matrices by name."""
    name, layout, rows = adult()
    narrow, wide = games.layout_of(games.MAGIC), games.numbers(500)
    return {
        name: (layout, rows),
        "narrow (10 numbers, 1 class)": (narrow, games.simulate(narrow, 19_020)),
        "wide (500 numbers)": (wide, games.simulate(wide, 5_000)),
    }


def report(name: str, variant: str, found: dict[str, object]) -> None:
    mean = found["mean_step"]
    print(
        f"{name:30} {variant:9} step {mean['step_wall_ms']:6.1f} ms (CPU {mean['step_cpu_ms']:6.1f})  "
        f"floor {mean['floor_wall_ms']:6.1f} ms (CPU {mean['floor_cpu_ms']:6.1f})  "
        f"{mean['gflop']:5.2f} GFLOP at {mean['products_gflop_per_cpu_s']:4.0f} per CPU second  "
        f"step/floor {mean['step_over_floor_wall']:.2f} (CPU {mean['step_over_floor_cpu']:.2f})",
        flush=True,
    )
    for kind, share in found.get("shares", {}).items():
        print(f"{'':42}{share:6.1%}  {kind}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--compile", action="store_true", help="also with compiled networks (minutes; needs gcc)"
    )
    parser.add_argument("-o", "--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    before = os.getloadavg()[0]  # above 0 or so, CPU times say more than wall times
    found: dict[str, dict[str, object]] = {}
    for name, (layout, rows) in cases().items():
        found[name] = {}
        for variant, changes in {"float32": {}, "bfloat16": {"precision": "bfloat16"}}.items():
            game = games.table_game(layout, rows, "cpu", **changes)
            found[name][variant] = {**measure(game), "shares": shares(game)}
            report(name, variant, found[name][variant])
        if asked.compile:
            game = games.table_game(layout, rows, "cpu").compile()
            seconds = timed(lambda g=game: g.steps(2))[0] / 1e3
            found[name]["compiled"] = {"first_two_steps_seconds": seconds, **measure(game)}
            report(name, "compiled", found[name]["compiled"])
    load = {"before": before, "after": os.getloadavg()[0]}
    facts = {"machine": machine.describe(), "load": load, "threads": asked.threads, "layouts": found}
    asked.out.mkdir(parents=True, exist_ok=True)
    target = asked.out / f"step-time{'' if asked.threads == 1 else f'-{asked.threads}-threads'}.json"
    target.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
