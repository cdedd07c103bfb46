"""Makes anonymeter_attacks.json; also builds the tables for the tests. See README.md.

Run in an environment of its own (anonymeter is no dependency of synthgen)::

    python3.11 -m venv reference-env && reference-env/bin/pip install anonymeter
    reference-env/bin/python tests/reference/anonymeter_attacks.py
"""

import importlib.metadata
import itertools
import json
import operator
import pathlib

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

HALVES = (["alcohol", "flavanoids", "cultivar", "strong"], ["proline", "hue", "shade"])
"""What linkability links. No number is missing or negative there: anonymeter's attacks take neither as they should."""
SECRETS = ("alcohol", "proline", "cultivar", "strong")
RATES = [(0, 500), (3, 500), (250, 500), (500, 500), (1, 2), (37, 981)]
"""Successes and attacks."""
CONDITIONS = [
    [["cultivar", "==", "barolo"], ["alcohol", ">", 14.0]],
    [["cultivar", "!=", "barolo"], ["proline", ">=", 1000]],
    [["shade", "!=", "dark"], ["hue", "<", 0.6]],
    [["shade", "==", None], ["alcohol", "<=", 13.0]],
    [["ash", "==", None], ["strong", "==", True]],
    [["ash", "!=", None], ["proline", "<", 300]],
    [["ash", "!=", 2.3], ["alcohol", ">=", 14.3]],
    [["proline", "!=", 680], ["hue", "==", 1.04]],
]
"""Predicates as the random attacker makes them, with every operator, and missing values (None)."""
SETS = [["alcohol", "ash", "shade"], ["cultivar", "flavanoids", "strong"], ["alcohol", "hue", "proline"]]
"""Columns of predicates made of synthetic rows."""


def numbers() -> dict:
    """What anonymeter gave."""
    return json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())


def build() -> dict[str, pd.DataFrame]:
    """Three tables from scikit-learn's wine data, without any random number."""
    data = load_wine(as_frame=True)
    wine = data.data.assign(cultivar=data.target.map({0: "barolo", 1: "grignolino", 2: "barbera"}))
    rows = (np.arange(len(wine)) * 7 + 5) % len(wine)
    real, control = (wine.iloc[rows[i::2]].reset_index(drop=True) for i in range(2))
    # numbers between those of two rows, levels of the first: some rows near real ones, some not
    numbers = real.columns[:-1]
    mixed = real.copy()
    mixed[numbers] = 0.8 * real[numbers] + 0.2 * real[numbers].iloc[::-1].to_numpy()
    mixed = mixed.drop(65)  # equals row 62 in one half
    synthetic = pd.concat([mixed, real.iloc[:10]], ignore_index=True)
    return {name: _table(t) for name, t in (("real", real), ("synthetic", synthetic), ("control", control))}


def _table(wine: pd.DataFrame) -> pd.DataFrame:
    n = np.arange(len(wine))
    colour = wine["color_intensity"]
    shade = np.where(colour > 6, "dark", np.where(colour > 3, "red", "pale")).astype(object)
    shade[n % 9 == 0] = None
    ash = wine["ash"].round(2).to_numpy(copy=True)
    ash[n % 11 == 3] = np.nan
    return pd.DataFrame(
        {
            "alcohol": wine["alcohol"],
            "flavanoids": wine["flavanoids"],
            "ash": ash,
            "hue": wine["hue"],
            "proline": wine["proline"].round().astype("int64"),
            "cultivar": wine["cultivar"].astype(object),
            "shade": shade,
            "strong": (wine["alcohol"] > 13).to_numpy(),
        }
    )


def main() -> None:
    """Run anonymeter's parts on the tables and write the numbers beside this file."""
    tables = build()
    out = {
        "anonymeter": importlib.metadata.version("anonymeter"),
        "rates": _rates(),
        "risks": _risks(),
        "linked": {name: _linked(tables["synthetic"], tables[name]) for name in ("real", "control")},
        "inference": {name: _inferred(tables["synthetic"], tables["real"], name) for name in SECRETS},
        **_counts(tables),
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in out.items()]
    pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _rates() -> list:
    from anonymeter.stats.confidence import success_rate

    return [[*rate, *success_rate(rate[1], rate[0], 0.95)] for rate in RATES]


def _risks() -> list:
    from anonymeter.stats.confidence import residual_success, success_rate

    out = []
    for attack, control in itertools.permutations(RATES, 2):
        risk = residual_success(*(success_rate(n, hits, 0.95) for hits, n in (attack, control))).to_risk()
        out.append([*attack, *control, risk.value, *risk.ci])
    return out


def _nearest(synthetic: pd.DataFrame, targets: pd.DataFrame, columns: list[str]) -> np.ndarray:
    from anonymeter.neighbors.mixed_types_kneighbors import MixedTypeKNeighbors

    search = MixedTypeKNeighbors(n_neighbors=2, n_jobs=1).fit(synthetic[columns])
    distances, indices = search.kneighbors(targets[columns], return_distance=True)
    if (np.diff(distances) < 1e-9).any():
        raise SystemExit(f"{columns}: two neighbours are equally near, and which comes first is not defined")
    return indices[:, 0]


def _linked(synthetic: pd.DataFrame, targets: pd.DataFrame) -> list:
    from anonymeter.evaluators.linkability_evaluator import LinkabilityIndexes

    first, second = (_nearest(synthetic, targets, half)[:, None] for half in HALVES)
    return sorted(int(i) for i in LinkabilityIndexes(first, second).find_links(1))


def _inferred(synthetic: pd.DataFrame, targets: pd.DataFrame, secret: str) -> dict:
    from anonymeter.evaluators.inference_evaluator import evaluate_inference_guesses

    known = [c for half in HALVES for c in half if c != secret]
    nearest = _nearest(synthetic, targets, known)
    guesses = synthetic[secret].iloc[nearest].set_axis(targets.index)
    regression = secret in ("alcohol", "proline")
    right = evaluate_inference_guesses(guesses, targets[secret], regression=regression)
    return {"nearest": nearest.tolist(), "right": [bool(r) for r in right]}


def _counts(tables: dict[str, pd.DataFrame]) -> dict:
    import polars as pl
    from anonymeter.evaluators.singling_out_evaluator import _evaluate_queries, _query_from_record

    frames = {name: pl.from_pandas(t, nan_to_null=True) for name, t in tables.items()}
    synthetic = frames["synthetic"]
    medians, records = synthetic.median().to_dicts()[0], synthetic.to_dicts()
    dtypes = dict(synthetic.schema)
    of_rows = [
        _query_from_record(record, dtypes, columns, medians, None) for columns in SETS for record in records
    ]
    given = [_query(conditions) for conditions in CONDITIONS]
    return {
        name: {which: list(_evaluate_queries(frame, queries)) for which, frame in frames.items()}
        for name, queries in (("of_rows", of_rows), ("given", given))
    }


def _query(conditions: list):
    """As anonymeter's ``_random_query`` writes them."""
    import polars as pl

    compare = {"==": "eq", "!=": "ne", ">": "gt", "<": "lt", ">=": "ge", "<=": "le"}
    query = pl.lit(True)
    for column, name, value in conditions:
        if value is None:
            query &= pl.col(column).is_null() if name == "==" else ~pl.col(column).is_null()
        else:
            query &= getattr(operator, compare[name])(pl.col(column), value)
    return query


if __name__ == "__main__":
    main()
