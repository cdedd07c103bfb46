"""Which rows a report of tables in files is of."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ApproximateColumn:
    """A column of too many distinct values to count each.

    Parameters
    ----------
    name : str
        The column.
    rank_error : float or None
        How far its cumulative shares can be off, at most, in [0, 1]; None for a column of levels, whose margins are then of the
        sampled rows.
    """

    name: str
    rank_error: float | None


@dataclass(frozen=True)
class Coverage:
    """Which rows the figures are of.

    Parameters
    ----------
    margins : dict of str to int
        Rows of each table that the margins are of: all of them.
    sampled : dict of str to int
        Random rows of each table that everything else is of.
    n_exact : int
        Columns whose margins are exact.
    approximate : tuple of ApproximateColumn
        The others.
    words : tuple of str
        The same in sentences, as `covering` makes them: the first says which rows.
    """

    margins: dict[str, int]
    sampled: dict[str, int]
    n_exact: int
    approximate: tuple[ApproximateColumn, ...] = ()
    words: tuple[str, ...] = ()


def covering(
    margins: dict[str, int],
    sampled: dict[str, int],
    n_columns: int,
    approximate: tuple[ApproximateColumn, ...],
) -> Coverage:
    """A coverage with its sentences.

    Parameters
    ----------
    margins, sampled, approximate
        As for `Coverage`.
    n_columns : int
        Columns compared.

    Returns
    -------
    Coverage
    """
    found = Coverage(margins, sampled, n_columns - len(approximate), approximate)
    return replace(found, words=_words(found))


def _words(coverage: Coverage) -> tuple[str, ...]:
    """Which rows first, then what is less than exact."""
    words = [f"Margins: all {_rows(coverage.margins)}; the rest: {_rows(coverage.sampled, 'random ')}."]
    bounded = [c.rank_error for c in coverage.approximate if c.rank_error is not None]
    text = sum(c.rank_error is None for c in coverage.approximate)
    n = coverage.n_exact + len(coverage.approximate)
    exact = f"Margins of {coverage.n_exact:,} of {n:,} columns are exact"
    if bounded:
        exact += (
            f"; cumulative shares of {len(bounded):,} are off by {max(bounded):.2%} at most, in each table"
        )
    if text:
        exact += f"; those of {text:,} columns of too many levels are of the random rows"
    words.append(f"{exact}. Tests of numbers, but for missing values, are of the random rows.")
    if coverage.sampled != coverage.margins:
        words.append(
            "Floor and memoriser of the column shapes, and without held-out rows their ceiling, are of the random rows: fewer rows "
            "agree less by chance alone."
        )
        words.append(
            "Exact copies were sought among the random rows only: few copies in many rows are not seen."
        )
    return tuple(words)


def _rows(counts: dict[str, int], word: str = "") -> str:
    numbers = list(counts.values())
    if len(set(numbers)) == 1:
        return f"{numbers[0]:,} {word}rows of each"
    return ", ".join(f"{n:,} {which}" for which, n in counts.items()) + f" {word}rows"
