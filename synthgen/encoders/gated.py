"""A gate and a score: how one column lies in the matrix.

The gate is a one-hot block with a column for each atom (a value or level that stands on its own), one for
"missing" and one for "all the rest". The score is the normal score of the rest (`ranks`), and 0 elsewhere.
Numbers, instants, levels and pooled rare levels are all laid out this way; either part may be absent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthgen.encoders.ranks import RankMap, from_scores, to_scores
from synthgen.layout import Block
from synthgen.plain import Plain
from synthgen.relations.quantities import nearest


@dataclass(frozen=True)
class Gated:
    """The fitted parts.

    Parameters
    ----------
    atoms : ndarray of float64, int64 or uint64, shape (A,)
        Ascending.
    has_missing : bool
        Whether the gate has a column for missing values.
    rest : RankMap or None
        The map of the values that are no atoms; None if there are none.
    """

    atoms: np.ndarray
    has_missing: bool
    rest: RankMap | None

    @property
    def gate_width(self) -> int:
        """Columns of the gate: 0 where there is nothing to choose between."""
        n_choices = len(self.atoms) + self.has_missing + (self.rest is not None)
        return n_choices if n_choices > 1 else 0

    @property
    def width(self) -> int:
        """Matrix columns in all."""
        return self.gate_width + (self.rest is not None)


def blocks(gated: Gated, column: str, start: int, atom_labels: list[str]) -> list[Block]:
    """The layout of a column.

    Parameters
    ----------
    gated : Gated
        The fitted parts.
    column : str
        The table column.
    start : int
        Its first matrix column.
    atom_labels : list of str, length A
        What the atoms are called.

    Returns
    -------
    list of Block
        The gate, then the score; each only if there is one.
    """
    out = []
    gate = start + gated.gate_width
    if gated.gate_width:
        labels = [*atom_labels, *["<missing>"] * gated.has_missing, *["<rest>"] * (gated.rest is not None)]
        out.append(Block(column, "one-hot", start, gate, tuple(labels)))
    if gated.rest is not None:
        out.append(
            Block(column, "numeric", gate, gate + 1, ("score",), gate - 1 if gated.gate_width else None)
        )
    return out


def encode(plain: Plain, gated: Gated, rng: np.random.Generator) -> np.ndarray:
    """Values to matrix columns.

    Parameters
    ----------
    plain : Plain, length N
        Of the atoms' dtype.
    gated : Gated
        The fitted parts.
    rng : numpy.random.Generator
        Draws the places of tied values.

    Returns
    -------
    ndarray of float32, shape (N, width)
        Gate, then score.
    """
    n = len(plain.values)
    out = np.zeros((n, gated.width), dtype=np.float32)
    choice = _choices(plain, gated)
    if gated.gate_width:
        out[np.arange(n), choice] = 1.0
    if gated.rest is not None:
        uniform = rng.random(n)
        is_rest = choice == gated.gate_width - 1 if gated.gate_width else np.ones(n, dtype=bool)
        out[is_rest, -1] = to_scores(plain.values[is_rest], gated.rest, uniform[is_rest])
    return out


def decode(matrix: np.ndarray, gated: Gated) -> Plain:
    """Matrix columns to values.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, width)
        Gate, then score; the largest gate column wins.
    gated : Gated
        The fitted parts.

    Returns
    -------
    Plain
        Length N, of the atoms' dtype.
    """
    n, n_atoms = len(matrix), len(gated.atoms)
    choice = matrix[:, : gated.gate_width].argmax(axis=1) if gated.gate_width else np.zeros(n, dtype=np.int64)
    missing = (choice == n_atoms) & gated.has_missing
    if gated.rest is None:
        table = np.append(gated.atoms, gated.atoms.dtype.type(0))
        return Plain(table[np.where(missing, n_atoms, choice)], missing)
    if not gated.gate_width:
        return Plain(from_scores(matrix[:, -1], gated.rest), np.zeros(n, dtype=bool))
    values = np.zeros(n, dtype=gated.atoms.dtype)
    is_rest = choice == gated.gate_width - 1
    is_atom = choice < n_atoms
    values[is_rest] = from_scores(matrix[is_rest, -1], gated.rest)
    values[is_atom] = gated.atoms[choice[is_atom]]
    return Plain(values, missing)


def seen(gated: Gated) -> np.ndarray:
    """Atoms and the ends of all segments: every level of a column of levels, and both ends of a column of numbers."""
    if gated.rest is None:
        return gated.atoms
    return np.concatenate([gated.atoms, gated.rest.low, gated.rest.high[-1:]])


def stored(gated: Gated, plain: Callable[[np.ndarray], list[Any]]) -> dict[str, Any]:
    """What is kept of a column of numbers, as plain data.

    Parameters
    ----------
    gated : Gated
        The fitted parts.
    plain : callable
        Of the atoms' dtype to what the column holds.

    Returns
    -------
    dict
        ``single values``: atoms and steps, each of `MIN_ROWS` rows. ``ends``: smallest and largest value of the others.
        ``knots``: where their segments meet.
    """
    if gated.rest is None:
        return {"single values": plain(gated.atoms), "ends": [], "knots": []}
    low, high = gated.rest.low, gated.rest.high
    inner = (low == high) & (np.arange(len(low)) % max(len(low) - 1, 1) > 0)
    shared = np.flatnonzero(~inner)
    knots = np.unique(np.concatenate([low[shared], high[shared]]))
    return {
        "single values": plain(np.unique(np.concatenate([gated.atoms, low[inner]]))),
        "ends": plain(np.array([low[0], high[-1]])),
        "knots": plain(knots),
    }


def to_state(gated: Gated) -> dict[str, Any]:
    """As plain data and arrays."""
    state: dict[str, Any] = {"atoms": gated.atoms, "has_missing": gated.has_missing}
    if gated.rest is not None:
        state |= {
            "grid": gated.rest.grid,
            "edges": gated.rest.edges,
            "low": gated.rest.low,
            "high": gated.rest.high,
        }
    return state


def from_state(state: dict[str, Any]) -> Gated:
    """From `to_state`'s data; TypeError where it is not that."""
    if not isinstance(state["has_missing"], bool) or not isinstance(state["atoms"], np.ndarray):
        raise TypeError("an encoder of numbers whose atoms are no array")
    rest = RankMap(state["edges"], state["low"], state["high"], state["grid"]) if "edges" in state else None
    return Gated(state["atoms"], state["has_missing"], rest)


def _choices(plain: Plain, gated: Gated) -> np.ndarray:
    """The gate column of every row, shape (N,)."""
    n_atoms = len(gated.atoms)
    choice = np.full(len(plain.values), n_atoms + gated.has_missing, dtype=np.int64)
    if n_atoms:
        place = np.minimum(np.searchsorted(gated.atoms, plain.values), n_atoms - 1)
        is_atom = gated.atoms[place] == plain.values
        if gated.rest is None:  # a number never seen: the nearest atom stands for it
            place, is_atom = nearest(gated.atoms, plain.values), np.ones(len(place), dtype=bool)
        choice[is_atom] = place[is_atom]
    if gated.has_missing:
        choice[plain.missing] = n_atoms
    return choice
