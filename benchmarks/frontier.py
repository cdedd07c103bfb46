"""Fidelity against privacy on three real expression sets: what each number of common factors buys, and what it costs.

    python benchmarks/frontier.py                          all of it (needs SYNTHGEN_DATA; half an hour on one core)
    python benchmarks/frontier.py --tables gravier --seeds 100
    python benchmarks/frontier.py --again --models SynthGAN "SynthGAN, gan" "raw class means"
    python benchmarks/frontier.py --pictures               only the summary and the pictures, from the result file

Tables: expr_nakayama (105 x 22,283, ten classes), expr_singh (102 x 12,600, two), expr_gravier (168 x 2,905, two), all
genes, values as they are stored. 40% of the rows are held out, stratified by the label; three splits, of seeds that
played no part in choosing any recipe. Seeds 0 to 2 did.

Measures. Each is a mean over the held-out rows of one number for each row, so that models are compared row by row.
    forest_c2st  Out-of-bag AUC of a random forest of 300 trees that tells synthetic rows from all held-out rows, as many
                 of either, all genes and not the label; mean over 5 synthetic tables. A held-out row's number is the
                 share of synthetic rows that the forest holds for more synthetic. Under .5 is no merit: out of bag, the
                 other class is always one row ahead, so that rows of one origin come to .4 or so ("real rows").
    span_auc     AUC of the span attack (synthgen.metrics.wide_attacks), training rows against held-out ones, by an attacker
                 who holds as many synthetic rows as there are training rows and nothing else: columns are scaled by
                 the synthetic rows. A held-out row's number is the share of training rows that score higher.
    span_auc_4x  The same with four times as many synthetic rows.
    tstr         Accuracy on the held-out rows of one classifier, logistic regression (C = 1) on the first 50 principal
                 components of the standardised genes, trained on 4 synthetic rows for each training row. It was chosen
                 for its accuracy when trained on real rows of splits 0 to 2. "real rows": trained on the training rows.

Intervals: 95%, percentiles of 2,000 draws in which the seeds and, crossed with them, the rows of the table are drawn
with replacement. Differences are to GaussianCopula with the same k (or preset: then k is the same, too), same splits.

Models: SynthGAN and GaussianCopula with reduce=k and with their presets; "SynthGAN, gan" forces the GAN that "auto"
leaves out below 150 rows; "class-wise Gaussian" is a GaussianCopula for each class; "raw class means" is SynthGAN whose
classes shift every gene by what the training rows say, unshrunk. IndependentMarginals is the floor, Bootstrap the
memoriser. "real rows" are the ceiling: training rows for the forest and the classifier; for the span attack one half of
the held-out rows plays the synthetic ones and the other half the controls, both ways round.

Runs that are in the result file are not run again (--again runs them). Writes benchmarks/results/frontier.json and
docs/images/frontier-TABLE.png.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import frontier_models
import frontier_pictures
import frontier_scores
import frontier_summary
import frontier_tables
import runs

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "results" / "frontier.json"
PICTURES = ROOT / "docs" / "images"
SEEDS = (100, 101, 102)
Run = dict[str, Any]
KEYS = ("table", "model", "setting", "seed")


def jobs(tables: list[str], models: list[str], seeds: list[int]) -> list[Run]:
    """Every run: on all tables the presets and the ends of the scale, then both lines, then the other two."""
    out: list[Run] = []
    for stage in range(3):
        for table in tables:
            pairs = frontier_models.settings(len(frontier_tables.load(table, seeds[0]).train))
            out += [
                {"table": table, "model": m, "setting": s, "seed": seed}
                for m, s in pairs
                if m in models and _stage(m, s) == stage
                for seed in seeds
            ]
    return out


def _stage(model: str, setting: str) -> int:
    if model in (frontier_models.CLASS_WISE, frontier_models.RAW_MEANS):
        return 2
    return int(setting.startswith("k="))


def run_one(job: Run) -> Run:
    """Fit, sample and score; every warning is an error."""
    start = time.process_time()
    table, model, setting, seed = (job[k] for k in KEYS)
    parts = frontier_tables.load(table, seed)
    told: Run = {}
    if model == frontier_models.REAL:
        rows = frontier_scores.of_real_rows(parts, seed)
    else:
        n = frontier_scores.rows_wanted(parts)
        synthetic, told = frontier_models.synthetic_rows(model, setting, parts.train, n, seed)
        rows = frontier_scores.of_synthetic_rows(parts, synthetic, seed)
    scores = {name: round(float(np.mean(values)), 4) for name, values in rows.items()}
    seconds = round(time.process_time() - start, 2)
    return {**job, **told, "cpu_seconds": seconds, "scores": scores, "rows": frontier_summary.packed(rows)}


def run_all(todo: list[Run], target: Path, again: bool) -> None:
    """All runs that are not there yet, each kept at once."""
    for job in todo:
        done: list[Run] = runs.load(target)
        if any(all(r[k] == job[k] for k in KEYS) for r in done) and not again:
            continue
        result = run_one(job)
        runs.save(target, runs.with_run(done, result, KEYS))
        shown = {k: v for k, v in result.items() if k != "rows"}
        print(json.dumps(shown), flush=True)


def conclude(target: Path, pictures: Path) -> None:
    """Summary and pictures of the runs that are there."""
    done: list[Run] = runs.load(target)
    seeds = sorted({r["seed"] for r in done})
    tables = [t for t in frontier_tables.TABLES if any(r["table"] == t for r in done)]
    held_out = {t: {s: frontier_tables.held_out(t, s) for s in seeds} for t in tables}
    summary = frontier_summary.summarise(done, held_out)
    for line in summary["answers"]:
        print(line)
    todo = jobs(tables, list(frontier_models.MODELS), seeds)
    there = {tuple(r[k] for k in KEYS) for r in done}
    missing = sorted(
        {
            f"{j['table']}, {j['model']}, {j['setting']}"
            for j in todo
            if tuple(j[k] for k in KEYS) not in there
        }
    )
    seconds = round(sum(r["cpu_seconds"] for r in done))
    runs.save(target, done, seeds=seeds, cpu_seconds=seconds, missing=missing, summary=summary)
    for table in tables:
        print(frontier_pictures.draw(table, summary["tables"][table], pictures))


def main() -> None:
    warnings.simplefilter("error")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = list(frontier_tables.TABLES)
    parser.add_argument("--tables", nargs="+", choices=names, default=names)
    parser.add_argument(
        "--models", nargs="+", choices=frontier_models.MODELS, default=list(frontier_models.MODELS)
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--again", action="store_true", help="run what has a result already")
    parser.add_argument("--pictures", action="store_true", help="only summarise and draw")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    parser.add_argument("--pictures-to", type=Path, default=PICTURES)
    arguments = parser.parse_args()
    if not arguments.pictures:
        run_all(jobs(arguments.tables, arguments.models, arguments.seeds), arguments.output, arguments.again)
    conclude(arguments.output, arguments.pictures_to)


if __name__ == "__main__":
    main()
