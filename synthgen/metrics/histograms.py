"""Shares by bin or level, for a figure of two marginals that tells of no single real row."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synthgen.metrics.level_checks import MIN_NAMED
from synthgen.metrics.tables import CodedColumn

MAX_LEVELS = 12
"""Levels shown by name; the rest are pooled."""
N_BINS = 30
"""Bins of a number, at most; fewer for few rows (Rice's rule)."""
MIN_REAL = 5
"""Real rows of a bin that has any, and at or beyond each end of the axis but for rounding, at least."""
_TAIL = 0.005
_LEAST_BINS = 8
_MAX_LABEL = 40
_DAY = 86_400.0
_TIMES = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, _DAY)  # seconds
_LEAST_WIDTH = 1e-300
_ROUND = 1e-9


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
        Ends of the bins, datetimes in seconds since 1970; empty for levels. Round numbers, so that none of them is
        the value of a row but by chance. The bins are as wide as each other, but for those that are several merged.
        The first and last bin also hold what lies beyond.
    labels : tuple of str, length n
        The levels; empty for bins. A level is named that the synthetic table has, or at least
        `level_checks.MIN_NAMED` real rows.
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
        Without bins if the real column has fewer than ``2 * MIN_REAL`` values.

    Notes
    -----
    Bins of equal, round width cover the middle 99% of the real values, or all but four of them at each end where these
    are fewer; bins with 1 to ``MIN_REAL - 1`` real values are merged with a neighbour.
    """
    return _numbers(real, synthetic) if real.is_numeric else _levels(real, synthetic)


def _numbers(real: CodedColumn, synthetic: CodedColumn) -> Marginal:
    kind = "datetime" if real.kind == "datetime" else "number"
    present = np.sort(real.values[~real.missing])
    if len(present) < 2 * MIN_REAL:
        return Marginal(real.name, kind, (), (), (), ())
    edges = _merged(_edges(present, kind), present)
    return Marginal(
        name=real.name,
        kind=kind,
        edges=tuple(edges.tolist()),
        labels=(),
        real=_shares(real.values, edges),
        synthetic=_shares(synthetic.values, edges),
    )


def _edges(present: np.ndarray, kind: str) -> np.ndarray:
    """Round ends of bins around all but the tails of sorted values; of whole numbers halfway between them."""
    low, high, n_within = _span(present)
    rice = np.clip(math.ceil(2 * len(present) ** (1 / 3)), _LEAST_BINS, N_BINS)
    most = float(min(rice, n_within / MIN_REAL))
    grid = _DAY if kind == "datetime" else 1.0
    on_grid = bool((present / grid == np.floor(present / grid)).all())
    whole = on_grid and kind == "number"
    # of one value, the bin is as wide as a tenth of it; and no bin is finer than floats are
    size = max(abs(low), abs(high))
    width = max(high / most - low / most or size / 10 or 1.0, size * 1e-12, grid if on_grid else _LEAST_WIDTH)
    unit = _unit(width) if kind == "datetime" else 1.0
    digit, power = _nice(width / unit) if width > unit or unit == 1 else (1, 0)
    shift = 0.5 if whole else 0.0
    step = digit * 10.0**power * unit
    first, last = math.floor((low + shift) / step), math.floor((high + shift) / step) + 1
    return _multiples(np.arange(first, last + 1.0) * digit, power) * unit - shift


def _span(present: np.ndarray) -> tuple[float, float, int]:
    """Sorted values that end the axis, each with at least `MIN_REAL` values at or beyond it, and the number from one to
    the other."""
    for beyond in (max(MIN_REAL, math.ceil(_TAIL * len(present))), MIN_REAL):
        low, high = float(present[beyond - 1]), float(present[-beyond])
        if low < high:
            break
    return low, high, len(present) - 2 * (beyond - 1)


def _unit(width: float) -> float:
    """Seconds that a bin of instants holds a round number of: one of a list, or a day."""
    return next((u for u in _TIMES if u >= width * (1 - _ROUND)), _DAY) if width > 0.5 else 1.0


def _nice(width: float) -> tuple[int, int]:
    """The least of 1, 2 and 5 times a power of ten that is no smaller, as digit and power."""
    power = math.floor(math.log10(width))
    digit = next((d for d in (1, 2, 5) if d * 10.0**power >= width * (1 - _ROUND)), 10)
    return (digit, power) if digit < 10 else (1, power + 1)


def _multiples(numbers: np.ndarray, power: int) -> np.ndarray:
    """Numbers times a power of ten; divided by it where negative, so that 3 tenths are 0.3."""
    with np.errstate(over="ignore"):
        out = numbers / 10.0**-power if power < 0 else numbers * 10.0**power
    return np.clip(out, -np.finfo(float).max, np.finfo(float).max)


def _merged(edges: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Edges between bins that hold no value or at least `MIN_REAL`: others are merged with the next one."""
    counts = np.bincount(_bins(present, edges), minlength=len(edges) - 1)
    kept, held = [edges[0]], 0
    for count, end in zip(counts.tolist(), edges[1:], strict=True):
        held += count
        if held == 0 or held >= MIN_REAL:
            kept.append(end)
            held = 0
    return np.array(kept)  # the last bin holds at least as many values as end the axis


def _bins(present: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.clip(np.searchsorted(edges, present, "right") - 1, 0, len(edges) - 2)


def _shares(values: np.ndarray, edges: np.ndarray) -> tuple[float, ...]:
    present = values[~np.isnan(values)]
    counts = np.bincount(_bins(present, edges), minlength=len(edges) - 1)
    return tuple((counts / max(len(present), 1)).tolist())


def _levels(real: CodedColumn, synthetic: CodedColumn) -> Marginal:
    n_levels = len(real.levels)
    counts = [np.bincount(c.values + 1, minlength=n_levels + 1) for c in (real, synthetic)]
    shares = [c / max(len(x.values), 1) for c, x in zip(counts, (real, synthetic), strict=True)]
    order = np.argsort(-(shares[0] + shares[1])[1:], kind="stable") + 1
    is_named = (counts[0][order] >= MIN_NAMED) | (counts[1][order] > 0)
    shown = order[is_named][:MAX_LEVELS]
    pooled = order[~np.isin(order, shown)]
    labels = [_label(real.levels[i - 1]) for i in shown]
    columns = [c[shown].tolist() for c in shares]
    if len(pooled):
        labels.append(f"({len(pooled):,} other{'s' * (len(pooled) > 1)})")
        columns = [[*own, float(c[pooled].sum())] for own, c in zip(columns, shares, strict=True)]
    if counts[0][0] or counts[1][0]:
        labels.append("(missing)")
        columns = [[*own, float(c[0])] for own, c in zip(columns, shares, strict=True)]
    return Marginal(real.name, "level", (), tuple(labels), tuple(columns[0]), tuple(columns[1]))


def _label(level: object) -> str:
    text = str(level)
    return text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 1] + "…"
