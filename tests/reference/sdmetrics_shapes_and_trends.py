"""Makes sdmetrics_shapes_and_trends.json; also builds the two tables for the test. See README.md.

Run in an environment of its own (sdmetrics is no dependency of synthgen)::

    python -m venv reference-env && reference-env/bin/pip install sdmetrics scikit-learn
    reference-env/bin/python tests/reference/sdmetrics_shapes_and_trends.py
"""

import json
import pathlib
import warnings

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

SDTYPES = {
    "alcohol": "numerical",
    "proline": "numerical",
    "flavanoids": "numerical",
    "always_seven": "numerical",
    "bottled": "datetime",
    "cultivar": "categorical",
    "colour": "categorical",
    "strong": "boolean",
}


def build() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables from scikit-learn's wine data, without any random number."""
    wine = load_wine(as_frame=True)
    rows = np.arange(len(wine.data))
    real = _table(wine.data, wine.target, rows, shift=0.0)
    synthetic = _table(wine.data, wine.target, (rows * 7 + 5) % len(rows), shift=0.13)
    # relations between columns are broken in part: two columns come from other rows
    synthetic["proline"] = np.roll(synthetic["proline"].to_numpy(), 31)
    synthetic["colour"] = np.roll(synthetic["colour"].to_numpy(), 11)
    synthetic.loc[:3, "colour"] = "green"  # a level that the real table lacks
    return real, synthetic.iloc[:150].reset_index(drop=True)


def _table(data: pd.DataFrame, target: pd.Series, rows: np.ndarray, shift: float) -> pd.DataFrame:
    data, target = data.iloc[rows].reset_index(drop=True), target.iloc[rows].reset_index(drop=True)
    n = np.arange(len(data))
    colour = np.where(
        data["color_intensity"] > 6, "dark", np.where(data["color_intensity"] > 3, "red", "pale")
    ).astype(object)
    colour[n % (17 if shift else 13) == 0] = None
    flavanoids = data["flavanoids"].to_numpy() * (1 + shift)
    flavanoids[n % (11 if shift else 9) == 0] = np.nan
    bottled = pd.Timestamp("2001-01-01") + pd.to_timedelta(
        (data["magnesium"] * 40 + data["hue"] * 900).round(), "D"
    )
    bottled[n % (23 if shift else 29) == 0] = pd.NaT
    return pd.DataFrame(
        {
            "alcohol": data["alcohol"] + shift,
            "proline": data["proline"].astype("int64"),
            "flavanoids": flavanoids,
            "always_seven": np.full(len(data), 7, dtype="int64"),
            "bottled": bottled,
            "cultivar": target.map({0: "barolo", 1: "grignolino", 2: "barbera"}).astype(object),
            "colour": colour,
            "strong": (data["alcohol"] > 13 + shift).to_numpy(),
        }
    )


def main() -> None:
    """Score the tables by SDMetrics and write the numbers beside this file."""
    import sdmetrics
    from sdmetrics.reports.single_table._properties import ColumnPairTrends, ColumnShapes

    warnings.simplefilter("ignore")
    real, synthetic = build()
    metadata = {"columns": {name: {"sdtype": sdtype} for name, sdtype in SDTYPES.items()}}
    shapes, trends = ColumnShapes(), ColumnPairTrends()
    shapes_mean = shapes.get_score(real.copy(), synthetic.copy(), metadata)
    trends_mean = trends.get_score(real.copy(), synthetic.copy(), metadata)
    pairs = trends.details[
        ["Column 1", "Column 2", "Metric", "Score", "Real Correlation", "Synthetic Correlation"]
    ]
    out = {
        "sdmetrics": sdmetrics.__version__,
        "column_shapes": float(shapes_mean),
        "pair_trends": float(trends_mean),
        "shapes": dict(zip(shapes.details["Column"], _plain(shapes.details["Score"]), strict=True)),
        "pairs": [_plain(row) for row in pairs.itertuples(index=False)],
    }
    target = pathlib.Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(out, indent=1, allow_nan=False) + "\n")


def _plain(values) -> list:
    return [None if v is None or v != v else v if isinstance(v, str) else float(v) for v in values]


if __name__ == "__main__":
    main()
