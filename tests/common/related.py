"""Tables whose columns hang together, made for tests."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.testing import assert_frame_equal

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.plain import to_plain


def shop(n: int = 2_000, seed: int = 0) -> pd.DataFrame:
    """Orders: a sum, a product, a one-to-one pair, a chain of levels, and an ordered pair of instants."""
    rng = np.random.default_rng(seed)
    zip_ = rng.integers(0, 40, n)
    grade = rng.integers(0, 8, n)
    ordered = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s")
    price = rng.gamma(2.0, 5.0, n).round(2)
    tip = np.where(rng.random(n) < 0.4, 0.0, rng.gamma(1.0, 2.0, n)).round(2)
    number = rng.integers(1, 20, n)
    return pd.DataFrame(
        {
            "zip": [f"Z{v:02d}" for v in zip_],
            "grade": np.array(list("abcdefgh"), dtype=object)[grade],
            "grade_number": np.array([3, 1, 4, 15, 9, 2, 6, 5])[grade],
            "ordered": ordered,
            "delivered": ordered + pd.to_timedelta(rng.gamma(2.0, 90_000, n).astype(int), unit="s"),
            "price": price,
            "number": number,
            "tip": tip,
            "city": pd.Categorical([f"city {v % 10}" for v in zip_]),
            "state": [f"S{v % 5}" for v in zip_],
            "amount": (price * number).round(2),
            "total": (price + tip).round(2),
            "noise": rng.normal(size=n),
        }
    )


def independent(n: int, seed: int) -> pd.DataFrame:
    """Columns of every kind that have nothing to do with each other: few levels, small and large numbers, instants."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2020-01-01")
    return pd.DataFrame(
        {
            **{f"level {k}": np.array(list("abcdefghij"))[rng.integers(0, k, n)] for k in (2, 3, 5, 10)},
            "rare": np.where(rng.random(n) < 2 / n, "yes", "no"),
            **{f"whole {k}": rng.integers(0, k, n) for k in (2, 4, 12, 40, 300)},
            **{f"real {k}": rng.normal(size=n) for k in range(4)},
            **{f"cents {k}": rng.gamma(2.0, 10.0, n).round(2) for k in range(3)},
            "zeros": np.where(rng.random(n) < 0.95, 0, rng.integers(1, 99, n)),
            **{f"day {k}": start + pd.to_timedelta(rng.integers(0, 999, n), unit="D") for k in range(2)},
        }
    )


NUMBER_TOKENS = (
    "int8", "int16", "int64", "uint8", "uint64", "Int16", "UInt8", "Int64", "float32", "float64", "Float32",
    "Float64", "int32[pyarrow]", "uint8[pyarrow]", "double[pyarrow]", "decimal", "decimal128(9, 2)[pyarrow]",
    "object[int]",
)  # fmt: skip
"""Dtypes that sums can be tried in."""


def typed(values: np.ndarray, gaps: np.ndarray, token: str) -> pd.Series:
    """Small whole numbers in any dtype of numbers, missing at `gaps` where the dtype can be."""
    if token in ("decimal", "decimal128(9, 2)[pyarrow]"):
        exact = [None if g else decimal.Decimal(int(v)).scaleb(-2) for v, g in zip(values, gaps, strict=True)]
        arrow = token != "decimal"
        return pd.Series(exact, dtype=pd.ArrowDtype(pa.decimal128(9, 2)) if arrow else object)
    if token == "object[int]":
        return pd.Series([None if g else int(v) for v, g in zip(values, gaps, strict=True)], dtype=object)
    if token.endswith("[pyarrow]") or token[0].isupper():
        return pd.Series(pd.array(np.where(gaps, None, values), dtype=token))
    if token.startswith("float"):
        return pd.Series(np.where(gaps, np.nan, values).astype(token))
    return pd.Series(values.astype(token))


def whole(series: pd.Series) -> np.ndarray:
    """Values of any dtype of numbers as float64, decimals in hundredths; NaN where missing."""
    factor = (
        100 if "decimal" in str(series.dtype) or isinstance(series.dropna().iloc[0], decimal.Decimal) else 1
    )
    return np.array([np.nan if pd.isna(v) else float(v * factor) for v in series])


def check_rules_are_undone(encoder: TableEncoder, table: pd.DataFrame, least: float = 0.9) -> None:
    """What the rules take out comes back to the last digit, in the rows whose values can come back at all."""
    back = encoder.plan_.restore(encoder.plan_.reduce(table), None)
    rows = comes_back(encoder, table)
    assert rows.mean() >= least
    assert_frame_equal(back[rows], table[rows], check_exact=True)


def comes_back(encoder: TableEncoder, table: pd.DataFrame) -> np.ndarray:
    """The rows that hold no level of few rows, and nothing beyond the blurred ends of a column that rules restore."""
    rows = np.ones(len(table), dtype=bool)
    for column in encoder.schema_:
        plain = to_plain(table[column.name], column)
        ends = encoder.plan_.possible.get(column.name)
        if column.levels is not None:
            rows &= plain.missing | (plain.values >= 0)
        elif ends is not None and len(np.unique(ends.values)) > 1:
            rows &= plain.missing | ((plain.values >= ends.values[0]) & (plain.values <= ends.values[1]))
    return rows
