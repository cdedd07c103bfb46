"""Steps a second on a GPU, and how much of the rate at which it multiplies matrices they use.

    python benchmarks/gpu/run.py                                      all of it (tens of minutes)
    python benchmarks/gpu/run.py --games direct --modes graph --batches 64 512 -o elsewhere/

Games: the GAN on a mixed table of Adult's shape, the GAN on 32 common scores, and the GAN on 600 x 42,000 numbers
themselves, with and without their sines and cosines. Modes: eager; compiled; graph, a whole step (discriminator,
generator, average) captured as one CUDA graph, and another one for steps with penalties; and compiled graph. Then several fits at once, as processes that
share the GPU, and Adult's full fit if the folder SYNTHGEN_DATA is there. Every game and mode has a process of its own,
and its result is kept at once: a run that was stopped goes on (--again starts over). Writes
benchmarks/results/gpu.json. Without a GPU it says so, and runs the same code on the CPU at small sizes, without graphs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import cells
import problems
import runs
import sharing
import torch

RESULTS = Path(__file__).resolve().parents[1] / "results"
BATCHES = (64, 128, 256, 512, 1024, 2048)
FITS = (1, 2, 4, 8)
KEYS = ("part", "game", "mode", "sizes")
GOALS = {
    "direct 600 x 42,000, batch 64: steps a second": 800,
    "share of the matmul rate at batch 512 and above, at worst": 0.35,
    "Adult's full fit: seconds": 30,
}
NOT_MEASURED = "not measured here"


def adult_fit() -> dict[str, float]:
    """Wall and CPU seconds of SynthGAN's fit on Adult's training rows, on the GPU; imports and reading not counted."""
    from synthgen import SynthGAN

    table, _ = problems.load(problems.MIXED["adult"])
    torch.zeros(1, device="cuda")
    wall, cpu = time.perf_counter(), time.process_time()
    model = SynthGAN(device="cuda", random_state=0, verbose=0).fit(table)
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "steps": len(model.history_),
        "best_auc": float(model.validation_history_["auc"].min()),
    }


def run_one(job: dict) -> dict[str, object]:
    """What one job of `jobs` asks for."""
    if job["part"] == "rate":
        return {"tflops": cells.matmul_rate(job["device"], 8192 if job["device"] == "cuda" else 256)}
    if job["part"] == "steps":
        return {"cells": [cells.measure(job["game"], job["mode"], b, job["device"]) for b in job["batches"]]}
    if job["part"] == "together":
        return {"fits": [sharing.together(n, job["device"], job["seconds"]) for n in job["fits"]]}
    return adult_fit()


def jobs(asked: argparse.Namespace, device: str) -> list[dict]:
    """Everything to run, each in a process of its own."""
    modes = asked.modes if device == "cuda" else [m for m in asked.modes if "graph" not in m]
    common = {"device": device, "game": "", "mode": "", "sizes": ""}
    sizes = " ".join(map(str, asked.batches))
    found = [{**common, "part": "rate"}]
    found += [
        {**common, "part": "steps", "game": g, "mode": m, "sizes": sizes, "batches": list(asked.batches)}
        for g in asked.games
        for m in modes
    ]
    fits = asked.fits if device == "cuda" else (2,)
    seconds = 10.0 if device == "cuda" else 0.2
    found.append({**common, "part": "together", "fits": list(fits), "seconds": seconds})
    if device == "cuda":
        found.append({**common, "part": "adult"})
    return found


def verdict(found: list[runs.Run]) -> dict[str, object]:
    """The goals beside what was measured; only a CUDA device measures them."""
    on_gpu = [r for r in found if r["device"] == "cuda" and "error" not in r]
    steps = [cell | {"game": r["game"]} for r in on_gpu if r["part"] == "steps" for cell in r["cells"]]
    direct = [c["steps_per_s"] for c in steps if c["game"] == "direct" and c["batch"] == 64]
    rate = next((r["tflops"] for r in on_gpu if r["part"] == "rate"), None)
    best: dict[int, float] = {}
    for c in steps:
        if rate and c["game"] == "direct" and c["batch"] >= 512:
            best[c["batch"]] = max(best.get(c["batch"], 0.0), c["tflops"] / rate)
    fit = [r["seconds"] for r in on_gpu if r["part"] == "adult"]
    values = (max(direct, default=None), min(best.values(), default=None), min(fit, default=None))
    return {
        name: {"goal": goal, "found": NOT_MEASURED if value is None else value}
        for (name, goal), value in zip(GOALS.items(), values, strict=True)
    }


def say(found: list[runs.Run]) -> None:
    """Print the table and the verdict."""
    rate = next((r["tflops"] for r in found if r["part"] == "rate" and "tflops" in r), None)
    for r in found:
        for c in r.get("cells", []):
            share = f"{c['tflops'] / rate:6.1%} of the matmul rate" if rate else ""
            print(
                f"{r['game']:12} {r['mode']:15} batch {c['batch']:5}  {c['steps_per_s']:8.1f} steps/s  {share}"
            )
        for f in r.get("fits", []):
            print(f"{f['fits']} fits at once: {f['steps_per_s']:.1f} steps/s in all")
        if "error" in r:
            print(f"{r['part']} {r['game']} {r['mode']}: FAILED: {str(r['error'])[-300:]}")
    for name, line in verdict(found).items():
        value = line["found"]
        print(f"{name}: goal {line['goal']}, {value if isinstance(value, str) else f'found {value:.3g}'}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--games", nargs="+", choices=cells.GAMES, default=list(cells.GAMES))
    parser.add_argument("--modes", nargs="+", choices=cells.MODES, default=list(cells.MODES))
    parser.add_argument("--batches", nargs="+", type=int)
    parser.add_argument("--fits", nargs="+", type=int, default=list(FITS))
    parser.add_argument("--again", action="store_true")
    parser.add_argument("-o", "--out", type=Path, default=RESULTS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(run_one(json.loads(asked.one))))
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        print(
            "No CUDA device here: a small check on the CPU instead. Graphs are skipped: only CUDA has them."
        )
    asked.batches = asked.batches or (BATCHES if device == "cuda" else (8,))
    target = asked.out / ("gpu.json" if device == "cuda" else "gpu-cpu-check.json")
    work = jobs(asked, device)
    if device == "cuda":
        about = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__}
        runs.run_all(__file__, work, KEYS, target, lambda f: {**about, **verdict(f)}, again=asked.again)
        found = runs.load(target)
    else:  # small enough for this process
        found = [{**job, **run_one(job)} for job in work]
        runs.save(target, found, summary=verdict(found))
    say(found)
    if any("error" in r for r in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
