"""What pooled levels and blurred ends cost: encoded and decoded rows, told from fresh ones by boosted trees.

Half of a table's rows go through a TableEncoder and back; trees try to tell them from the other half. The same with
the first half as it is gives the AUC of no difference. Run from the checkout:

    SYNTHGEN_DATA=... python -m benchmarks.trust.round_trip
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.machine import describe
from benchmarks.problems import MIXED, whole_table
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.table.infer import infer_schema

TABLES = ("adult", "default_credit", "shoppers", "magic", "beijing_pm25")
MOST_ROWS = 20_000
FOLDS = 3
RESULT = Path("benchmarks/results/trust/round-trip.json")


def halves(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two random halves of a table, of at most `MOST_ROWS` rows together."""
    problem = MIXED[name]
    out = [*problem.columns_out, *([problem.split] if problem.split else [])]
    table = whole_table(name).drop(columns=out)
    order = np.random.default_rng(0).permutation(len(table))[:MOST_ROWS]
    middle = len(order) // 2
    return (
        table.iloc[order[:middle]].reset_index(drop=True),
        table.iloc[order[middle:]].reset_index(drop=True),
    )


def auc(real: pd.DataFrame, other: pd.DataFrame) -> float:
    """Of trees that tell two tables apart, on rows that they were not fitted to."""
    both = pd.concat([real, other], ignore_index=True)
    for name in both.columns:
        if both[name].dtype.kind not in "iufb":
            both[name] = pd.Categorical(both[name].astype(str))
    label = np.repeat([0, 1], [len(real), len(other)])
    fold = np.random.default_rng(0).permutation(len(label)) % FOLDS
    score = np.zeros(len(label))
    for k in range(FOLDS):
        trees = lightgbm.LGBMClassifier(
            n_estimators=150, learning_rate=0.08, num_leaves=63, n_jobs=1, random_state=0, verbose=-1
        )
        trees.fit(both[fold != k], label[fold != k])
        score[fold == k] = trees.predict_proba(both[fold == k])[:, 1]
    return float(roc_auc_score(label, score))


def measure(name: str) -> dict[str, object]:
    """One table."""
    one, other = halves(name)
    encoder = TableEncoder(infer_schema(one), random_state=0)
    back = encoder.inverse_transform(encoder.fit_matrix(one))
    numbers = [c for c in one.columns if one[c].dtype.kind in "iuf"]
    changed = [(back[c].ne(one[c]) & one[c].notna()).mean() for c in numbers]
    return {
        "rows": len(one),
        "auc_of_encoded_and_decoded_rows": auc(other, back),
        "auc_of_rows_as_they_are": auc(other, one),
        "pooled": {n: vars(p) for n, p in encoder.pooled_.items()},
        "share_of_numbers_changed": dict(zip(numbers, map(float, changed), strict=True)),
        "ends_before_and_after": {
            c: [[float(t[c].min()), float(t[c].max())] for t in (one, back)] for c in numbers
        },
    }


def main() -> None:
    """All tables, to a file; those that it has already are left out."""
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {"machine": describe(), "tables": {}}
    for name in TABLES:
        if name not in found["tables"]:
            wall, cpu = time.monotonic(), time.process_time()
            own = measure(name)
            own |= {"wall_seconds": time.monotonic() - wall, "cpu_seconds": time.process_time() - cpu}
            found["tables"][name] = own
            RESULT.parent.mkdir(parents=True, exist_ok=True)
            RESULT.write_text(json.dumps(found, indent=1))
        own = found["tables"][name]
        print(
            f"{name}: AUC {own['auc_of_encoded_and_decoded_rows']:.4f}, rows as they are {own['auc_of_rows_as_they_are']:.4f}"
        )


if __name__ == "__main__":
    main()
