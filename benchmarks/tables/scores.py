"""Everything that is measured of one synthetic table.

    python benchmarks/tables/scores.py adult synthetic.parquet --seed 0
    python benchmarks/tables/scores.py adult --ceiling --seed 0

Prints a line of JSON. The ceiling is what real rows reach: one random half of the training rows for the table, the
other half for the synthetic one; for `mle` the training rows themselves. Beside it, held-out rows against as many
training rows (`heldout`), for the figures that compare two tables.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.tables import splits
from benchmarks.tables.coding import sample_rows
from benchmarks.tables.detection import gbdt_auc, sdmetrics_detection
from benchmarks.tables.manifold import alpha_beta
from benchmarks.tables.members import membership_attacks
from benchmarks.tables.nearest import dcr_share
from benchmarks.tables.quality import quality
from benchmarks.tables.repeats import repeats
from benchmarks.tables.usefulness import mle

PARTS = ("quality", "detection", "mle", "manifold", "dcr", "gbdt", "repeats", "membership")
TWO_TABLES = ("quality", "detection", "manifold", "repeats")
"""Parts that need no third table: what held-out rows can be scored by."""

Scores = dict[str, object]


def score(split: splits.Split, synthetic: pd.DataFrame, seed: int, parts: Sequence[str] = PARTS) -> Scores:
    """All scores of a synthetic table, and the processor seconds of each part.

    A part that fails is recorded with its message: peers may give back what a metric cannot take.
    """
    real, held = splits.as_real(split.train, split), splits.as_real(split.holdout, split)
    made, levels, table = splits.as_real(synthetic, split), split.categorical, split.table
    work: dict[str, Callable[[], Scores]] = {
        "quality": partial(quality, real, made, levels),
        "detection": partial(sdmetrics_detection, real, made, levels, seed),
        "mle": partial(mle, made, held, table.target, table.task, levels, seed),
        "manifold": partial(alpha_beta, real, made, levels, seed),
        "dcr": lambda: {"dcr_share": dcr_share(real, held, made, levels, seed)},
        "gbdt": lambda: {"gbdt_auc": gbdt_auc(held, made, levels, seed)},
        "repeats": partial(repeats, real, made),
        "membership": partial(membership_attacks, real, held, made, seed),
    }
    out: Scores = {}
    seconds: dict[str, float] = {}
    for part in parts:
        start = time.process_time()
        try:
            out |= work[part]()
        except Exception as error:  # noqa: BLE001 - recorded
            out.setdefault("errors", {})[part] = f"{type(error).__name__}: {error}"[:400]
        seconds[part] = round(time.process_time() - start, 1)
    return {**out, "rows": len(made), "cpu_seconds": seconds}


def versions() -> dict[str, str]:
    """Of the libraries that score."""
    import sdmetrics
    import sklearn
    import xgboost

    return {m.__name__: m.__version__ for m in (sdmetrics, sklearn, xgboost)}


def ceiling(split: splits.Split, seed: int, parts: Sequence[str] = PARTS) -> Scores:
    """What real rows reach."""
    shuffled = split.train.sample(frac=1, random_state=seed).reset_index(drop=True)
    half = len(shuffled) // 2
    halves = replace(split, train=shuffled[:half].reset_index(drop=True))
    out = score(halves, shuffled[half : 2 * half], seed, [p for p in parts if p != "mle"])
    if "mle" in parts:
        alone = score(split, split.train, seed, ["mle"])
        out["mle"], out["cpu_seconds"] = alone.get("mle"), {**out["cpu_seconds"], **alone["cpu_seconds"]}
    fewer = replace(split, train=sample_rows(split.train, len(split.holdout), seed))
    out["heldout"] = score(fewer, split.holdout, seed, [p for p in parts if p in TWO_TABLES])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", choices=list(splits.TABLES))
    parser.add_argument("synthetic", nargs="?", type=Path)
    parser.add_argument("--ceiling", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rows", type=int, help="only so many training rows: as the synthesizer had")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # of SDMetrics
    split = splits.load(arguments.table, arguments.rows)
    if arguments.ceiling:
        found = ceiling(split, arguments.seed, arguments.parts)
    elif arguments.synthetic:
        found = score(split, pd.read_parquet(arguments.synthetic), arguments.seed, arguments.parts)
    else:
        parser.error("a synthetic table, or --ceiling")
    print(json.dumps({**found, "versions": versions()}))


if __name__ == "__main__":
    main()
