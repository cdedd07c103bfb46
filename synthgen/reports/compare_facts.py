"""What the compared reports are about, and what they are unlike in besides their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_OF_THE_TABLES = ("real rows", "held-out rows", "columns compared")


@dataclass(frozen=True)
class Compared:
    """What one report is about.

    Parameters
    ----------
    name : str
        What the page calls it.
    n_rows : dict of str to int
        Of ``real``, ``synthetic`` and, if given, ``holdout``.
    n_columns, has_holdout, target, seed, synthgen_version
        As in `synthgen.reports.report.Report`.
    """

    name: str
    n_rows: dict[str, int]
    n_columns: int
    has_holdout: bool
    target: str | None
    seed: int
    synthgen_version: str


@dataclass(frozen=True)
class Difference:
    """Something in which the reports are unlike, besides their scores.

    Parameters
    ----------
    what : str
        For example ``real rows``.
    values : tuple of str
        One a report, in words.
    """

    what: str
    values: tuple[str, ...]


def facts(about: Sequence[Compared]) -> tuple[Difference, ...]:
    """What the reports are about, side by side, whether they differ in it or not.

    Parameters
    ----------
    about : sequence of Compared
        One a report.

    Returns
    -------
    tuple of Difference
        A line a fact.
    """

    def rows(which: str) -> tuple[str, ...]:
        return tuple(f"{a.n_rows[which]:,}" if which in a.n_rows else "none" for a in about)

    return (
        Difference("real rows", rows("real")),
        Difference("held-out rows", rows("holdout")),
        Difference("columns compared", tuple(f"{a.n_columns:,}" for a in about)),
        Difference("synthetic rows", rows("synthetic")),
        Difference("target", tuple("none" if a.target is None else a.target for a in about)),
        Difference("seed", tuple(str(a.seed) for a in about)),
        Difference("synthgen version", tuple(a.synthgen_version for a in about)),
    )


def differences(about: Sequence[Compared]) -> tuple[Difference, ...]:
    """The facts that are not the same in all reports.

    Parameters
    ----------
    about : sequence of Compared
        One a report.

    Returns
    -------
    tuple of Difference
        Empty if the reports are alike.
    """
    return tuple(fact for fact in facts(about) if len(set(fact.values)) > 1)


def same_tables(found: Sequence[Difference]) -> bool:
    """Whether the reports are of the same tables, as far as their sizes tell.

    Parameters
    ----------
    found : sequence of Difference
        As `differences` gives them.

    Returns
    -------
    bool
        Whether the real and the held-out rows and the columns are as many in all reports.
    """
    return not {d.what for d in found} & set(_OF_THE_TABLES)


def warnings(found: Sequence[Difference]) -> tuple[str, ...]:
    """Why figures cannot be set against each other.

    Parameters
    ----------
    found : sequence of Difference
        As `differences` gives them.

    Returns
    -------
    tuple of str
        Sentences; empty if they can.
    """
    values = {d.what: " / ".join(d.values) for d in found}
    out = []
    if not same_tables(found):
        kinds = [k for k in _OF_THE_TABLES if k in values]
        out.append(
            f"The reports compare different tables ({'; '.join(f'{k}: {values[k]}' for k in kinds)}). Their scores are "
            "not on one scale, so that nothing is marked as best and ceilings and floors are left out."
        )
    if "target" in values:
        out.append(
            f"The reports predict different columns ({values['target']}): no utility score is marked as best."
        )
    if "synthgen version" in values:
        out.append(
            f"The reports were made by different versions of synthgen ({values['synthgen version']}): a score may have "
            "been computed differently."
        )
    if "synthetic rows" in values:
        out.append(
            f"The synthetic tables differ in size ({values['synthetic rows']}): scores depend on it, and so do ceilings and "
            "floors."
        )
    return tuple(out)
