"""Shares by bin or level, for a figure of two marginals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.tables import CodedColumn

MAX_LEVELS = 12
"""Levels shown by name; the rest are pooled."""
N_BINS = 30
"""Bins of a number, at most; fewer for few rows (Rice's rule)."""
_MAX_LABEL = 40


@dataclass(frozen=True)
class Marginal:
    """One column's shares in two tables.

    Parameters
    ----------
    name : str
        The column.
    kind : {"number", "datetime", "level"}
        What the axis is.
    edges : tuple of float, length n + 1
        Ends of the bins, datetimes in seconds since 1970; empty for levels. The first and last bin also hold
        what lies beyond.
    labels : tuple of str, length n
        The levels; empty for bins.
    real, synthetic : tuple of float, length n
        Shares of all rows that have a value (bins) or of all rows (levels, where missing is one of them).
    """

    name: str
    kind: str
    edges: tuple[float, ...]
    labels: tuple[str, ...]
    real: tuple[float, ...]
    synthetic: tuple[float, ...]


def marginal(real: CodedColumn, synthetic: CodedColumn) -> Marginal:
    """Shares of one column in two tables.

    Parameters
    ----------
    real, synthetic : CodedColumn
        Coded together. The bins follow the real values.

    Returns
    -------
    Marginal
        Without bins if the real column has no value.
    """
    return _numbers(real, synthetic) if real.is_numeric else _levels(real, synthetic)


def _numbers(real: CodedColumn, synthetic: CodedColumn) -> Marginal:
    kind = "datetime" if real.kind == "datetime" else "number"
    present = real.values[~real.missing]
    if not len(present):
        return Marginal(real.name, kind, (), (), (), ())
    edges = _edges(present, whole=bool((present == np.floor(present)).all()) and kind == "number")
    return Marginal(
        name=real.name,
        kind=kind,
        edges=tuple(edges.tolist()),
        labels=(),
        real=_shares(real.values, edges),
        synthetic=_shares(synthetic.values, edges),
    )


def _edges(present: np.ndarray, whole: bool) -> np.ndarray:
    """Bins between the 0.5% and 99.5% quantiles; of whole numbers, each bin holds equally many."""
    most = int(np.clip(math.ceil(2 * len(present) ** (1 / 3)), 8, N_BINS))
    low, high = np.quantile(present, [0.005, 0.995])
    if low == high:
        low, high = present.min(), present.max()
    if whole:
        width = math.ceil((math.ceil(high) - math.floor(low) + 1) / most)
        n_bins = math.ceil((math.ceil(high) - math.floor(low) + 1) / width)
        return math.floor(low) - 0.5 + width * np.arange(n_bins + 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, most + 1)


def _shares(values: np.ndarray, edges: np.ndarray) -> tuple[float, ...]:
    present = values[~np.isnan(values)]
    bins = np.clip(np.searchsorted(edges, present, "right") - 1, 0, len(edges) - 2)
    counts = np.bincount(bins, minlength=len(edges) - 1)
    return tuple((counts / max(len(present), 1)).tolist())


def _levels(real: CodedColumn, synthetic: CodedColumn) -> Marginal:
    n_levels = len(real.levels)
    counts = [np.bincount(c.values + 1, minlength=n_levels + 1) / len(c.values) for c in (real, synthetic)]
    order = np.argsort(-(counts[0] + counts[1])[1:], kind="stable") + 1
    shown, pooled = order[:MAX_LEVELS], order[MAX_LEVELS:]
    labels = [_label(real.levels[i - 1]) for i in shown]
    columns = [c[shown].tolist() for c in counts]
    if len(pooled):
        labels.append(f"({len(pooled):,} others)")
        columns = [[*shares, float(c[pooled].sum())] for shares, c in zip(columns, counts, strict=True)]
    if counts[0][0] or counts[1][0]:
        labels.append("(missing)")
        columns = [[*shares, float(c[0])] for shares, c in zip(columns, counts, strict=True)]
    return Marginal(real.name, "level", (), tuple(labels), tuple(columns[0]), tuple(columns[1]))


def _label(level: object) -> str:
    text = str(level)
    return text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 1] + "…"
