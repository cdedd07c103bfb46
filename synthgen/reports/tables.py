"""The tables that are compared: those given, and the baselines made of the real rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.metrics import baselines
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.value_block import ValueBlock, find_block
from synthgen.reports.file_margins import Margins
from synthgen.rng import stream

MAX_ROWS = 200_000
"""Rows of each table that are compared, at most; only exact copies are sought among all rows."""
MAX_BASELINE_COLUMNS = 2_000
"""Columns of a wide table on which the baselines of column shapes are taken, at most."""


@dataclass(frozen=True, eq=False)
class Tables:
    """Everything that is compared.

    Parameters
    ----------
    whole : dict of str to CodedTable
        The tables given: ``real``, ``synthetic`` and perhaps ``holdout``, with all their rows.
    real : CodedTable
        The real rows, at most `MAX_ROWS`.
    real_rows : ndarray of int
        Their positions in the whole real table.
    all_synthetic : CodedTable
        The synthetic rows, at most `MAX_ROWS`: for what is looked at row by row or column by column.
    synthetic : CodedTable
        As many of them as there are held-out rows, for the scores: more rows agree better by chance alone, and
        model, ceiling, floor and memoriser shall differ in the kind of their rows, not in their number.
    holdout : CodedTable or None
        Real rows that the synthesizer has not seen, at most `MAX_ROWS`.
    reference : CodedTable
        What detection compares with: the holdout, or else the real rows.
    twins : (CodedTable, CodedTable)
        Two tables of one source, for the ceiling: real and holdout, or else two halves of the real rows.
    floor, memoriser : CodedTable
        Columns drawn independently, and a bootstrap of the real rows; as many rows as `synthetic`.
    seed : int
        Of everything random.
    block : ValueBlock or None
        The genes or variants of the real table, if it has many.
    margins : Margins or None
        Of tables in files, of which the others hold a sample: what all rows say of each column.
    """

    whole: dict[str, CodedTable]
    real: CodedTable
    real_rows: np.ndarray
    all_synthetic: CodedTable
    synthetic: CodedTable
    holdout: CodedTable | None
    reference: CodedTable
    twins: tuple[CodedTable, CodedTable]
    floor: CodedTable
    memoriser: CodedTable
    seed: int
    block: ValueBlock | None = None
    margins: Margins | None = None

    @property
    def others(self) -> tuple[tuple[CodedTable, CodedTable], ...]:
        """The pairs that ceiling, floor and memoriser compare."""
        return self.twins, (self.real, self.floor), (self.real, self.memoriser)


def make_tables(
    coded: dict[str, CodedTable], seed: int, target: str | None = None, margins: Margins | None = None
) -> Tables:
    """The tables given, cut to size, and the baselines.

    Parameters
    ----------
    coded : dict of str to CodedTable
        ``real``, ``synthetic`` and perhaps ``holdout``, coded together.
    seed : int
        For samples, splits and baselines.
    target : str, optional
        What is predicted: no gene and no variant.
    margins : Margins, optional
        Of all rows, where `coded` are samples of them.

    Returns
    -------
    Tables
        Everything that is compared.
    """
    real_rows = _some_rows(coded["real"], seed)
    cut = {
        which: baselines.subsample(table, MAX_ROWS, stream(seed, f"evaluate.rows.{which}"))
        for which, table in coded.items()
        if which != "real"
    }
    cut["real"] = coded["real"] if len(real_rows) == coded["real"].n_rows else coded["real"].take(real_rows)
    real, holdout = cut["real"], cut.get("holdout")
    n = equal_rows(cut["synthetic"].n_rows, None if holdout is None else holdout.n_rows)
    if holdout is None:
        twins = baselines.split(real, 0.5, stream(seed, "evaluate.split"))
    else:
        twins = (real, baselines.subsample(holdout, n, stream(seed, "evaluate.ceiling")))
    return Tables(
        whole=coded,
        real=real,
        real_rows=real_rows,
        all_synthetic=cut["synthetic"],
        synthetic=baselines.subsample(cut["synthetic"], n, stream(seed, "evaluate.synthetic")),
        holdout=holdout,
        reference=real if holdout is None else holdout,
        twins=twins,
        floor=baselines.independent_columns(real, n, stream(seed, "evaluate.floor")),
        memoriser=baselines.bootstrap(real, n, stream(seed, "evaluate.memoriser")),
        seed=seed,
        block=find_block(real, target),
        margins=margins,
    )


def attack_baselines(t: Tables) -> tuple[CodedTable, CodedTable]:
    """Floor and memoriser as large as the whole synthetic table: an attack succeeds the better, the more rows it sees.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    (floor, memoriser) : (CodedTable, CodedTable)
        The memoriser holds each real row with a chance of 63% if it has as many rows, less if it has fewer.
    """
    n = t.all_synthetic.n_rows
    if n == t.synthetic.n_rows:
        return t.floor, t.memoriser
    floor = baselines.independent_columns(t.real, n, stream(t.seed, "evaluate.attacks.floor"))
    return floor, baselines.bootstrap(t.real, n, stream(t.seed, "evaluate.attacks.memoriser"))


def _some_rows(table: CodedTable, seed: int) -> np.ndarray:
    return baselines.some_of(table.n_rows, MAX_ROWS, stream(seed, "evaluate.rows.real"))


def equal_rows(n_synthetic: int, n_holdout: int | None) -> int:
    """How many rows the scores take of the synthetic table and of its baselines.

    Parameters
    ----------
    n_synthetic : int
        Rows there are.
    n_holdout : int or None
        Held-out rows; None without a holdout.

    Returns
    -------
    int
        As many as there are held-out rows, at most.
    """
    return n_synthetic if n_holdout is None else min(n_synthetic, n_holdout)


def some_columns(table: CodedTable, most: int, seed: int) -> np.ndarray:
    """All columns, or a random choice of them where there are too many.

    Parameters
    ----------
    table : CodedTable
        Any table; the choice depends on the number of its columns alone.
    most : int
        Columns wanted at most.
    seed : int
        For the choice.

    Returns
    -------
    ndarray of int
        In increasing order.
    """
    return baselines.some_of(len(table.columns), most, stream(seed, "evaluate.columns"))
