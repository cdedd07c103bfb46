"""The constants of the cost model that no long run gives: floating point operations a second of a training step.

    python benchmarks/scale/constants.py

Steps of a narrow and a wide layout give a rate and what a step takes besides its products; Adult's layout, which was not used,
tells how well these foretell. One thread, processor seconds. Writes benchmarks/results/scale/constants.json (a minute).
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gpu"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import cost_model
import games
import machine
import torch

from synthgen.models.recipe import HIDDEN_DIMS

TARGET = Path(__file__).resolve().parents[1] / "results" / "scale" / "constants.json"
LAYOUTS = {
    "10 numbers, a class": games.MAGIC,
    "500 numbers": "n " * 500,
    "Adult, held back": games.ADULT,
}
WARM_UP, ROUNDS = 8, 15


def step(layout: str) -> dict[str, float]:
    """Products and processor seconds of a mean step."""
    found = games.layout_of(layout)
    game = games.table_game(found, games.simulate(found, 4_000), "cpu")
    lifted = game.players.discriminator.body[0].weight.shape[1]
    net = cost_model.networks(found.width, game.players.generator.latent_dim, HIDDEN_DIMS, lifted)
    every = game.config.penalty_every
    game.steps(WARM_UP)
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        game.steps(every)
        times.append((time.process_time() - began) / every)
    return {
        "flops": cost_model.step_flops(net, game.config.batch_size, every),
        "cpu_seconds": statistics.median(times),
        "batch_size": game.config.batch_size,
        "width": found.width,
        "lifted": lifted,
    }


def main() -> None:
    """Command line."""
    torch.set_num_threads(1)
    steps = {name: step(layout) for name, layout in LAYOUTS.items()}
    narrow, wide, held_back = steps.values()
    rate = (wide["flops"] - narrow["flops"]) / (wide["cpu_seconds"] - narrow["cpu_seconds"])
    besides = narrow["cpu_seconds"] - narrow["flops"] / rate
    said = besides + held_back["flops"] / rate
    found = {
        "machine": machine.describe(),
        "flops_per_cpu_second": rate,
        "cpu_seconds_besides": besides,
        "said_over_measured_held_back": said / held_back["cpu_seconds"],
        "steps": steps,
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({k: v for k, v in found.items() if k not in ("machine", "steps")}, indent=1))


if __name__ == "__main__":
    main()
