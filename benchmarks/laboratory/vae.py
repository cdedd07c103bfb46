"""SynthVAE beside SynthGAN, with selection and without, between the independent floor and the held-out ceiling.

    python benchmarks/laboratory/vae.py                                      adult and magic, seeds 0 to 2 (needs SYNTHGEN_DATA)
    python benchmarks/laboratory/vae.py --models SynthVAE --tables magic --set beta=0.5 --set max_steps=3000 -o trial.json
    python benchmarks/laboratory/vae.py --page docs/explain/vae.md           writes the figures into the page

Each run is a fit in a process of its own, kept at once in benchmarks/results/laboratory/vae.json; what has a result is not
run again. Judged: errors of column shapes and of trends (pairs of columns) against the training rows, and the AUC of
gradient boosting against held-out rows. "ceiling" puts held-out rows in place of synthetic ones (training rows, for the
AUC). One fit of SynthGAN gives two results, with selection and without; its seconds hold the selector's part in both.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
import sys
import time
import warnings
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import runs

from benchmarks.peers.adapt_synthgen import declared_schema
from benchmarks.tables import splits
from benchmarks.tables.detection import gbdt_auc
from benchmarks.tables.quality import quality

TARGET = Path(__file__).resolve().parents[1] / "results" / "laboratory" / "vae.json"
MODELS = ("SynthVAE", "SynthGAN", "IndependentMarginals", "ceiling")
KEYS = ("table", "model", "settings", "seed")
FIGURES = {
    "shape_error": ("shapes, error in %", 2),
    "trend_error_real_bins": ("trends, error in %", 2),
    "gbdt_auc": ("AUC of gradient boosting", 3),
    "fit_cpu_seconds": ("fit, CPU seconds", 0),
    "fit_seconds": ("fit, seconds", 0),
    "sample_seconds": ("as many rows, seconds", 1),
}


def run_one(job: dict) -> dict[str, object]:
    """Fit, sample as many rows as were learnt, and score; every warning of ours is an error."""
    split = splits.load(job["table"])
    if job["model"] == "ceiling":
        real = splits.as_real(split.train, split)
        return {"scores": {"ceiling": score(split, split.holdout, real, job["seed"])}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        samples, measured = fit_and_sample(split, job)
    scores = {name: score(split, made, made, job["seed"]) for name, made in samples.items()}
    return {"n_rows": len(split.train), "n_columns": split.train.shape[1], **measured, "scores": scores}


def fit_and_sample(split: splits.Split, job: dict) -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
    """One fit and its samples by name, with what they cost."""
    import synthgen

    settings = parsed(job["settings"])
    if split.table.coded:
        settings["schema"] = declared_schema(split.train, list(split.table.coded))
    model = getattr(synthgen, job["model"])(random_state=job["seed"], verbose=0, **settings)
    start, start_cpu = time.perf_counter(), time.process_time()
    model.fit(split.train)
    measured: dict[str, object] = {
        "fit_seconds": round(time.perf_counter() - start, 1),
        "fit_cpu_seconds": round(time.process_time() - start_cpu, 1),
        "steps": len(getattr(model, "history_", ())),
        "sample_seconds": {},
    }
    options = {job["model"]: {}}
    if job["model"] == "SynthGAN":
        options = {"SynthGAN": {"refine": "auto"}, "SynthGAN, no selection": {"refine": None}}
    samples = {}
    for name, option in options.items():
        start = time.perf_counter()
        samples[name] = model.sample(len(split.train), random_state=job["seed"], **option)
        measured["sample_seconds"][name] = round(time.perf_counter() - start, 1)
    return samples, measured


def score(
    split: splits.Split, synthetic: pd.DataFrame, against_held: pd.DataFrame, seed: int
) -> dict[str, float]:
    """Shapes and trends against the training rows; whether boosted trees tell `against_held` from held-out rows."""
    real, held = splits.as_real(split.train, split), splits.as_real(split.holdout, split)
    made, told = splits.as_real(synthetic, split), splits.as_real(against_held, split)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of SDMetrics
        found = quality(real, made, split.categorical)
        return {**found, "gbdt_auc": gbdt_auc(held, told, split.categorical, seed)}


def parsed(settings: str) -> dict[str, object]:
    """Parameters of ``a=1; b=2``."""
    pairs = (s.split("=", 1) for s in settings.split("; ") if s)
    return {name: ast.literal_eval(value) for name, value in pairs}


def summarise(done: list[dict]) -> dict[str, dict[str, float]]:
    """Medians over the seeds for each table and model."""
    out: dict[str, dict[str, float]] = {}
    good = [r for r in done if "error" not in r]
    for key in dict.fromkeys((r["table"], r["model"], r["settings"]) for r in good):
        same = [r for r in good if (r["table"], r["model"], r["settings"]) == key]
        for name in same[0]["scores"]:
            costs = {k: [r[k] for r in same] for k in ("fit_cpu_seconds", "fit_seconds") if k in same[0]}
            if "sample_seconds" in same[0]:
                costs["sample_seconds"] = [r["sample_seconds"][name] for r in same]
            scores = {k: [r["scores"][name][k] for r in same] for k in same[0]["scores"][name]}
            medians = {k: statistics.median(v) for k, v in {**scores, **costs}.items()}
            label = f"{key[0]}: {name}" + (f" ({key[2]})" if key[2] else "")
            out[label] = {"seeds": len(same), **medians}
    return out


def figures(path: Path) -> str:
    """The medians as a Markdown table."""
    found = json.loads(path.read_text())["summary"]
    lines = ["| | seeds | " + " | ".join(words for words, _ in FIGURES.values()) + " |"]
    lines.append("|---|" + "---|" * (1 + len(FIGURES)))
    for label, medians in found.items():
        cells = [f"{medians[k]:.{d}f}" if k in medians else "" for k, (_, d) in FIGURES.items()]
        lines.append(f"| {label} | {medians['seeds']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_page(page: Path, path: Path) -> None:
    """Put the figures of a result file between the page's two marks that name it."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {path.name}: begin -->", f"<!-- {path.name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise SystemExit(f"{page} needs one {begin} and one {end}.")
    before, after = text.split(begin)[0], text.split(end)[1]
    page.write_text(f"{before}{begin}\n{figures(path)}\n{end}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--tables", nargs="+", choices=list(splits.TABLES), default=["adult", "magic"])
    add("--models", nargs="+", choices=MODELS, default=list(MODELS))
    add("--seeds", type=int, nargs="+", default=[0, 1, 2])
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the models")
    add("--again", action="store_true", help="run what has a result already")
    add("--page", type=Path, help="only write the figures into this page")
    add("--one", type=json.loads, help=argparse.SUPPRESS)
    add("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(arguments.one)))
        return
    if arguments.page:
        write_page(arguments.page, arguments.output)
        return
    if arguments.set and arguments.output == TARGET:
        parser.error("--set needs an --output: its results are no defaults")
    settings = "; ".join(sorted(arguments.set))
    jobs = [
        {"table": t, "model": m, "settings": settings, "seed": s}
        for s in arguments.seeds
        for t in arguments.tables
        for m in arguments.models
    ]
    runs.run_all(__file__, jobs, KEYS, arguments.output, summarise, again=arguments.again, timeout=5_400)
    print(arguments.output)


if __name__ == "__main__":
    main()
