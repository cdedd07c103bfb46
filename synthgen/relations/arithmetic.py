"""What a formula gives, and whether a column agrees with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synthgen.constraints.rules import Formula
from synthgen.plain import Plain
from synthgen.relations.quantities import (
    finest,
    in_ticks,
    is_temporal,
    is_whole,
    noise,
    numbers,
    ticks_per_second,
)
from synthgen.schema import Column, Schema


@dataclass(frozen=True)
class Computed:
    """What a formula gives.

    Parameters
    ----------
    values : ndarray of float64 or int64, shape (N,)
        The formula's value; means nothing where it is not known.
    known : ndarray of bool, shape (N,)
        Where no input is missing and the value is finite.
    scale : int
        How many units of `values` are one natural unit (one second, of instants and durations).
    size : ndarray of float64, shape (N,)
        Sum of the inputs' absolute values, in natural units: what rounding errors grow with.
    """

    values: np.ndarray
    known: np.ndarray
    scale: int
    size: np.ndarray


def compute(formula: Formula, columns: Mapping[str, Plain], schema: Schema) -> Computed:
    """Evaluate a formula.

    Parameters
    ----------
    formula : Formula
        The formula.
    columns : mapping of str to Plain
        Its inputs, each of length N.
    schema : Schema
        Complete.

    Returns
    -------
    Computed
        In whole numbers where everything is whole and only added and subtracted, which is exact; else in float64.
    """
    names = formula.parsed.names
    missing = np.logical_or.reduce([columns[n].missing for n in names])
    natural = {n: numbers(columns[n], schema[n]) for n in names}
    size = np.sum([np.abs(v) for v in natural.values()], axis=0)
    if (whole := _whole(formula, columns, schema)) is not None:
        return Computed(whole[0], ~missing, whole[1], size)
    with np.errstate(all="ignore"):
        values = np.asarray(formula.parsed.evaluate(natural), dtype=np.float64)
    return Computed(values, ~missing & np.isfinite(values), 1, size)


def held(formula: Formula, columns: Mapping[str, Plain], schema: Schema, decimals: int | None) -> np.ndarray:
    """Which rows agree with a formula.

    Parameters
    ----------
    formula : Formula
        The formula.
    columns : mapping of str to Plain
        The column that it gives, and its inputs.
    schema : Schema
        Complete.
    decimals : int or None
        The grid of the column that it gives; None: continuous.

    Returns
    -------
    ndarray of bool, shape (N,)
        See `synthgen.constraints.rules.Formula`.
    """
    found, target = compute(formula, columns, schema), schema[formula.column]
    plain = columns[formula.column]
    inputs_missing = np.logical_or.reduce([columns[n].missing for n in formula.parsed.names])
    if found.values.dtype.kind == "i" and (y := in_ticks(plain, target, found.scale)) is not None:
        off = np.abs(y - found.values).astype(np.float64) / found.scale
        agrees = off <= 0.5 * _unit(target, decimals) * (1 + 1e-9)
    else:
        with np.errstate(invalid="ignore"):
            off = np.abs(numbers(plain, target) - found.values / found.scale)
            agrees = off <= 0.5 * _unit(target, decimals) * (1 + 1e-9) + _slack(
                formula, found, columns, schema
            )
    return plain.missing | inputs_missing | (found.known & agrees)


def _slack(formula: Formula, found: Computed, columns: Mapping[str, Plain], schema: Schema) -> np.ndarray:
    """How far rounding may take the two sides apart, shape (N,).

    Of sums each column has its own part: a coarse number of seconds does not make an instant's seconds coarse.
    """
    if formula.parsed.is_additive:
        parts = [noise(schema[n]) * np.abs(numbers(columns[n], schema[n])) for n in formula.names]
        out: np.ndarray = np.sum(parts, axis=0)
        return out
    return max(noise(schema[n]) for n in formula.names) * (found.size + np.abs(found.values))


def rounded(found: Computed, target: Column, decimals: int | None) -> np.ndarray:
    """A formula's value as plain values of the column that it gives.

    Parameters
    ----------
    found : Computed
        What the formula gives.
    target : Column
        The column.
    decimals : int or None
        Its grid.

    Returns
    -------
    ndarray, shape (N,)
        int64 for whole numbers, instants and durations, float64 for others; 0 where not known.
    """
    values = np.where(found.known, found.values, found.values.dtype.type(0))
    if not is_whole(target):
        natural = values / found.scale
        return natural if decimals is None else np.rint(natural * 10.0**decimals) / 10.0**decimals
    ticks = ticks_per_second(target) if is_temporal(target) else 1
    if values.dtype.kind == "i":
        divisor = round(found.scale / ticks)
        return (values + divisor // 2) // divisor
    return np.clip(np.rint(values * ticks), -(2.0**62), 2.0**62).astype(np.int64)


def _unit(target: Column, decimals: int | None) -> float:
    """The distance of neighbouring values, in natural units; 0 if continuous."""
    if is_temporal(target):
        return 1 / ticks_per_second(target)
    return 0.0 if decimals is None else 10.0**-decimals


def _whole(formula: Formula, columns: Mapping[str, Plain], schema: Schema) -> tuple[np.ndarray, int] | None:
    names = formula.parsed.names
    involved = [schema[n] for n in formula.names]
    if not (formula.parsed.is_additive and all(is_whole(c) for c in involved)):
        return None
    scale = finest(involved)
    ticks = {n: in_ticks(columns[n], schema[n], scale) for n in names}
    found = {n: t for n, t in ticks.items() if t is not None}
    uses = formula.parsed.n_terms
    if len(found) < len(names) or any(np.abs(t).max(initial=0) >= 2**61 // uses for t in found.values()):
        return None
    n_rows = len(columns[names[0]].values)
    values = formula.parsed.evaluate(found, scale)
    return np.broadcast_to(np.asarray(values, dtype=np.int64), (n_rows,)), scale
