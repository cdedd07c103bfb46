"""How many steps a small table bears: fidelity against memory, on halves of the diabetes table.

    python benchmarks/passes.py [STEPS ...]

For each number of steps, over four splits: the share of synthetic rows nearer to the half that was learnt than to the
other half (0.5: no memory), and the AUC of boosted trees that tell them from the other half (0.5: cannot).
Writes benchmarks/results/passes.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes

sys.path.insert(0, str(Path(__file__).resolve().parent))
import machine

from synthgen import SynthGAN, evaluate

TARGET = Path(__file__).resolve().parent / "results" / "passes.json"
N_SPLITS = 4


def table() -> pd.DataFrame:
    found = load_diabetes(as_frame=True, scaled=False).frame
    return found.assign(sex=found["sex"].map({1.0: "1", 2.0: "2"}))


def scores(steps: int, split: int) -> dict[str, float]:
    whole = table()
    order = np.random.default_rng(split).permutation(len(whole))
    learnt, other = (whole.iloc[half].reset_index(drop=True) for half in np.array_split(order, 2))
    synthetic = SynthGAN(max_steps=steps, random_state=split).fit(learnt).sample(3000, random_state=split)
    found = evaluate(learnt, synthetic, other, random_state=split).scores
    return {name: found[name].value for name in ("nearest_record_real_share", "c2st_auc")}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", type=int, default=[250, 500, 1000, 2000])
    found = {}
    for steps in parser.parse_args().steps:
        runs = [scores(steps, split) for split in range(N_SPLITS)]
        found[steps] = {"mean": {k: statistics.mean(r[k] for r in runs) for k in runs[0]}, "splits": runs}
        print(steps, json.dumps(found[steps]["mean"]), flush=True)
        TARGET.write_text(json.dumps({"machine": machine.describe(), "steps": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
