"""The words of one score."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """The words of one score.

    Parameters
    ----------
    title : str
        Its name in words.
    area : {"fidelity", "expression", "genotypes", "utility", "privacy"}
        What it speaks of.
    better : {"higher", "lower", "near the ceiling", "near 0.5"}
        Which way is better.
    meaning : str
        One sentence or two.
    formula : str
        How it is computed, in a line.
    source : str
        Where it comes from.
    needs_holdout : bool
        Whether it cannot be trusted without held-out rows.
    """

    title: str
    area: str
    better: str
    meaning: str
    formula: str
    source: str
    needs_holdout: bool = False
