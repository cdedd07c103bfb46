"""Tables made for tests."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import pyarrow as pa


def every_dtype(n: int) -> pd.DataFrame:
    """One column of every supported dtype; missing values in rows 1 and 3 where the dtype has them."""
    rng = np.random.default_rng(7)
    whole = rng.integers(0, 100, n)
    real = rng.normal(size=n)
    words = np.array(["a", "b", "c"], dtype=object)[rng.integers(0, 3, n)]
    days = pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D")
    gaps = np.zeros(n, dtype=bool)
    gaps[[1, 3]] = True
    columns: dict[str, object] = {}
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        columns[name] = whole.astype(name)
        nullable = name.replace("uint", "UInt") if name[0] == "u" else name.replace("int", "Int")
        columns[nullable] = pd.arrays.IntegerArray(whole.astype(name), gaps.copy())
        columns[f"{name}[pyarrow]"] = _arrow(whole, gaps, pa.type_for_alias(name))
    for name in ("float16", "float32", "float64"):
        columns[name] = np.where(gaps, np.nan, real).astype(name)
    for name in ("Float32", "Float64"):
        columns[name] = pd.array(np.where(gaps, None, real), dtype=name)
    columns["double[pyarrow]"] = _arrow(real, gaps, pa.float64())
    columns["bool"] = whole > 50
    columns["boolean"] = pd.array(np.where(gaps, None, whole > 50), dtype="boolean")
    columns["bool[pyarrow]"] = _arrow(whole > 50, gaps, pa.bool_())
    columns["object[str]"] = pd.Series(np.where(gaps, None, words), dtype=object)
    columns["object[bool]"] = pd.Series(np.where(gaps, None, whole > 50), dtype=object)
    columns["object[int]"] = pd.Series(
        [None if g else int(v) for v, g in zip(whole, gaps, strict=True)], dtype=object
    )
    columns["str"] = pd.Series(np.where(gaps, None, words), dtype="str")
    columns["str, storage python"] = pd.Series(np.where(gaps, None, words), dtype=_python_str())
    columns["string[python]"] = pd.Series(np.where(gaps, None, words), dtype="string[python]")
    columns["string[pyarrow]"] = pd.Series(np.where(gaps, None, words), dtype="string[pyarrow]")
    columns["arrow string"] = _arrow(words, gaps, pa.string())
    columns["category"] = pd.Categorical(
        np.where(gaps, None, words), categories=["c", "unseen", "b", "a"], ordered=True
    )
    columns["int category"] = pd.Categorical(whole % 3, categories=[2, 0, 1, 9])
    columns["datetime64[s]"] = days.astype("datetime64[s]")
    columns["datetime64[ns]"] = pd.Series(days.astype("datetime64[ns]")).where(~gaps)
    columns["datetime64 zoned"] = pd.Series(days.tz_localize("Europe/Paris")).where(~gaps)
    columns["timestamp[pyarrow]"] = _arrow(
        days.astype("datetime64[us]").to_numpy(), gaps, pa.timestamp("us", "UTC")
    )
    columns["date32[pyarrow]"] = _arrow(days.to_numpy().astype("datetime64[D]"), gaps, pa.date32())
    columns["object[date]"] = pd.Series(
        [None if g else d.date() for d, g in zip(days, gaps, strict=True)], dtype=object
    )
    columns["timedelta64[s]"] = pd.Series(pd.to_timedelta(whole, unit="s").astype("timedelta64[s]")).where(
        ~gaps
    )
    columns["decimal"] = pd.Series(
        [None if g else decimal.Decimal(int(v)).scaleb(-2) for v, g in zip(whole, gaps, strict=True)],
        dtype=object,
    )
    columns["decimal128[pyarrow]"] = _arrow(
        [decimal.Decimal(int(v)).scaleb(-2) for v in whole], gaps, pa.decimal128(9, 2)
    )
    return pd.DataFrame(columns)


def _python_str() -> object:
    """Pandas 3's strings without pyarrow; before pandas 2.3 there are none, and a plain "str" stands in."""
    try:
        return pd.StringDtype("python", na_value=np.nan)
    except TypeError:
        return "str"


def _arrow(values: object, gaps: np.ndarray, type_: pa.DataType) -> pd.arrays.ArrowExtensionArray:
    plain = pa.array(values) if isinstance(values, list) else pa.array(np.asarray(values), mask=gaps)
    return pd.arrays.ArrowExtensionArray(plain.cast(type_))
