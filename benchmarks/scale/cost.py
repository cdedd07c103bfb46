"""The cost model held against long runs, and taken to sizes that no machine here holds.

    python benchmarks/scale/cost.py

Constants come from the smallest two runs of each kind (benchmarks/results/scale) and from constants.py; the longer runs are foretold
from them and were not used. Writes cost.json; page.py puts it into docs/explain/scale.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import cost_model as model

RESULTS = Path(__file__).resolve().parents[1] / "results" / "scale"
WITHIN = 0.3
HOUR = 3600.0
CORES = 64
"""Of the cluster that is foretold."""
DISK = 2e9
"""Bytes a second that 64 workers together are taken to read from shared storage: an assumption."""


def read(name: str) -> dict[str, Any]:
    """A result file; empty if it was not made."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Start and slope through two points."""
    (a, x), (b, y) = points
    slope = (y - x) / (b - a)
    return x - slope * a, slope


def foretold(points: Sequence[tuple[float, float]]) -> list[dict[str, float]]:
    """The points after the second from the line through the first two."""
    points = sorted(points)
    if len(points) < 3:
        return []
    start, slope = line(points[:2])
    return [
        {
            "size": size,
            "said": start + slope * size,
            "measured": found,
            "ratio": (start + slope * size) / found,
        }
        for size, found in points[2:]
    ]


def fit_points(phase: str) -> list[tuple[float, float]]:
    """Rows and processor seconds of a phase of the fits from files."""
    runs = [r for r in read("fit-files-rows").get("runs", []) if r["how"] == "files" and "error" not in r]
    return [(r["n_rows"], r["phases"][phase]["cpu"]) for r in runs if phase in r["phases"]]


def sample_points(selected: bool) -> list[tuple[float, float]]:
    """Rows and processor seconds of samples to files."""
    return [(r["n"], r["cpu_seconds"]) for r in _rate_runs("auto" if selected else "None")]


def _rate_runs(refine: str) -> list[dict[str, Any]]:
    """Samples of Adult with or without selection."""
    runs = read("sample-files-rate").get("runs", {})
    return [run for name, run in runs.items() if name.startswith(f"refine={refine} ")]


def genotype_points(phase: str, what: str) -> list[tuple[float, float]]:
    """Variants and processor seconds, or memory, of a phase for 2,000 people, of fits with as many factors as the largest."""
    runs = [r for r in read("genotypes").get("runs", []) if r["people"] == 2000]
    if not runs:
        return []
    n_factors = max(runs, key=lambda r: r["variants"])["fit"]["n_factors"]
    runs = [r for r in runs if r["fit"]["n_factors"] == n_factors]
    return [(r["variants"], r[phase][what]) for r in runs]


def evaluate_points(what: str) -> list[tuple[float, float]]:
    """Rows and processor seconds of sketches or evaluations."""
    runs = [r for r in read("evaluate_files").get("runs", []) if r["what"] == what and "error" not in r]
    return [(r["rows"], r["cpu_s"]) for r in runs]


def checks() -> list[dict[str, Any]]:
    """What is foretold beside what was measured."""
    sources = {
        "first pass of a fit, rows": fit_points("first pass"),
        "second pass of a fit, rows": fit_points("second pass"),
        "samples without selection, rows": sample_points(False),
        "samples with selection, rows": sample_points(True),
        "sketches, rows": evaluate_points("sketch"),
        "evaluations, rows": evaluate_points("evaluate"),
        "fit of genotypes of 2,000 people, 3 factors, variants": genotype_points("fit", "cpu_seconds"),
        "sample of genotypes of 2,000 people, variants": genotype_points("sample", "cpu_seconds"),
        "memory of that fit (GiB), variants": genotype_points("fit", "peak_gib"),
    }
    out = [{"what": what, **found} for what, points in sources.items() for found in foretold(points)]
    constants = read("constants")
    if constants:
        held_back = constants["steps"]["Adult, held back"]
        said = constants["cpu_seconds_besides"] + held_back["flops"] / constants["flops_per_cpu_second"]
        out.append(
            {
                "what": "a training step of Adult's layout, floating point operations",
                "size": held_back["flops"],
                "said": said,
                "measured": held_back["cpu_seconds"],
                "ratio": said / held_back["cpu_seconds"],
            }
        )
    return [{**found, "within": abs(found["ratio"] - 1) <= WITHIN} for found in out]


def long_table() -> dict[str, Any]:
    """A fit and a sample of 10^9 rows by 100 columns, from the constants of 20 columns."""
    rows, columns, batch, steps, width, lifted = 10**9, 100, 500, 14_000, 400, 700
    first, second, drawn = fit_points("first pass"), fit_points("second pass"), sample_points(False)
    constants = read("constants")
    if len(first) < 2 or len(second) < 2 or len(drawn) < 2 or not constants:
        return {}
    net = model.networks(width, 128, (128, 128, 128), lifted)
    flops = model.step_flops(net, batch, 4)
    step = constants["cpu_seconds_besides"] + flops / constants["flops_per_cpu_second"]
    reduce = read("team-allreduce")["runs"][0]["median"]
    message = model.all_reduce_seconds(
        net.gradient_bytes, 8, reduce["latency_seconds"], reduce["bytes_per_second"], 2
    )
    run = next(r for r in read("fit-files-rows")["runs"] if r["how"] == "files")
    cell = {name: line(sorted(points)[:2])[1] / 20 for name, points in (("first", first), ("second", second))}
    write = line(sorted(drawn)[:2])[1] / 15
    per_row = next(r["bytes"] / r["n"] for r in _rate_runs("None")) / 15
    return {
        "rows": rows,
        "columns": columns,
        "first pass, core hours": cell["first"] * rows * columns / HOUR,
        "second pass, core hours": cell["second"] * rows * columns / HOUR,
        "rows encoded": model.rows_used(rows, steps, batch),
        "bytes of shards (float32, before one-hot blocks are packed)": model.FLOAT
        * width
        * model.rows_used(rows, steps, batch),
        "training, core hours": step * steps / HOUR,
        "gradients averaged a step, bytes": net.gradient_bytes,
        "seconds of messages a step, 8 workers on loopback's constants": message,
        "seconds of products a step, one core": step,
        "memory of the fit, GiB (20 columns)": run["peak_gib"],
        "sample of 10^9 rows without selection, core hours": write * rows * columns / HOUR,
        f"the same on {CORES} workers, hours": write * rows * columns / HOUR / CORES,
        "bytes written": per_row * rows * columns,
    }


def biobank() -> dict[str, Any]:
    """Genotypes of 500,000 people by 800,000 variants, from the constants of 2,000 people."""
    people, variants, sketch, powers = 500_000, 800_000, 110, 3
    fits, samples = genotype_points("fit", "cpu_seconds"), genotype_points("sample", "cpu_seconds")
    constants = read("constants")
    if len(fits) < 2 or not constants:
        return {}
    per_cell = line(sorted(fits)[:2])[1] / 2_000
    drawn = line(sorted(samples)[:2])[1] / 2_000
    flops = model.randomised_flops(people, variants, sketch, powers)
    size = model.bed_bytes(people, variants)
    passes = 2 + 2 * powers + 3
    return {
        "people": people,
        "variants": variants,
        "bytes of the .bed": size,
        "Gram matrix, bytes (float32)": model.FLOAT * people**2,
        "Gram matrix, floating point operations": model.gram_flops(people, variants),
        "randomised PCA, floating point operations": flops,
        f"randomised PCA on {CORES} cores, hours": flops / constants["flops_per_cpu_second"] / CORES / HOUR,
        "randomised PCA on one GPU at 20 TFLOP/s (assumed), hours": flops / 20e12 / HOUR,
        "passes over the file": passes,
        f"reading {passes} times at 2 GB/s (assumed), hours": passes * size / DISK / HOUR,
        "summed over workers a pass, bytes": model.FLOAT * people * sketch,
        "links between neighbours, core hours": per_cell * people * variants / HOUR,
        f"the same on {CORES} cores, hours": per_cell * people * variants / HOUR / CORES,
        "the same from 20,000 people (not built), core hours": per_cell * 20_000 * variants / HOUR,
        "sample of as many people, core hours": drawn * people * variants / HOUR,
        "scores of all people, bytes": model.FLOAT * people * sketch,
        "state of the model, bytes": _state_bytes() * variants,
    }


def _state_bytes() -> float:
    """Of a model file, a variant."""
    runs = [r for r in read("genotypes").get("runs", []) if r["people"] == 2000]
    largest = max(runs, key=lambda r: r["variants"])
    return largest["fit"]["model_bytes"] / largest["variants"]


def main() -> None:
    """Write cost.json."""
    found = {"checks": checks(), "long table": long_table(), "biobank": biobank()}
    (RESULTS / "cost.json").write_text(json.dumps(found, indent=1) + "\n")
    for check in found["checks"]:
        print(
            f"{check['what']} {check['size']:,.0f}: said {check['said']:.4g}, measured {check['measured']:.4g} ({check['ratio']:.2f})"
        )


if __name__ == "__main__":
    main()
