"""Several reports side by side: data first, a page after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from synthgen.reports.compare_facts import Compared, Difference, differences, same_tables, warnings
from synthgen.reports.compare_page import page
from synthgen.reports.compare_scores import ComparedScore, compared_score
from synthgen.reports.compare_text import ahead, score_lines
from synthgen.reports.document import PlainData

_NOTES = (
    "Best is marked only where a report's 95% interval lies wholly on the better side of every other's. Intervals that "
    "overlap do not show that two tables are equally good.",
    "Intervals speak of the rows drawn: they do not cover training a synthesizer anew, which can change more than "
    "one synthesizer differs from another.",
    "Of many scores some come out apart by chance: read what is best in several of them.",
    "Only the reports are read, not the tables: equal sizes do not prove that the real rows are the same.",
)


@dataclass(frozen=True)
class Comparison(PlainData):
    """Several reports side by side. Made by `compare`; plain data throughout.

    Parameters
    ----------
    reports : tuple of Compared
        In the order given.
    same_tables : bool
        Whether the real and the held-out rows and the columns are as many in all reports.
    differences : tuple of Difference
        In what the reports are unlike.
    warnings : tuple of str
        Why figures cannot be set against each other; empty if they can.
    scores : tuple of ComparedScore
        In the order of the reports.
    notes : tuple of str
        How the page is to be read.
    """

    reports: tuple[Compared, ...]
    same_tables: bool
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]
    scores: tuple[ComparedScore, ...]
    notes: tuple[str, ...]

    def to_html(self) -> str:
        """As one page that needs no network and no other file.

        Returns
        -------
        str
            HTML.
        """
        return page(
            self.reports,
            self.scores,
            same_tables=self.same_tables,
            warnings=self.warnings,
            notes=self.notes,
        )

    def summary(self) -> str:
        """As a short text for the terminal.

        Returns
        -------
        str
            Warnings, a line a score, and what is best.
        """
        names = [r.name for r in self.reports]
        head = [f"{len(names)} reports: {', '.join(names)}. A star marks the best.", *self.warnings]
        table = score_lines(names, self.scores, with_baselines=self.same_tables)
        notes = [f"- {n}" for n in self.notes]
        return "\n".join([*head, "", *table, "", *ahead(names, self.scores), "", *notes])


def report_names(paths: Sequence[str]) -> list[str]:
    """Short names of files, all different.

    Parameters
    ----------
    paths : sequence of str
        All different, absolute, so that there is always a folder to tell two apart.

    Returns
    -------
    list of str
        The stem; where several share it, with as many folders before it as it takes.
    """
    parts = [(*PurePath(p).parts[:-1], PurePath(p).stem) for p in paths]
    lengths = [1] * len(paths)
    while True:
        names = ["/".join(p[-n:]) for p, n in zip(parts, lengths, strict=True)]
        alike = [names.count(name) > 1 for name in names]
        longer = [n + (a and n < len(p)) for n, a, p in zip(lengths, alike, parts, strict=True)]
        if longer == lengths:  # what is left differs in the suffix alone
            return [p if a else name for p, a, name in zip(paths, alike, names, strict=True)]
        lengths = longer


def compare(reports: Mapping[str, Mapping[str, Any]]) -> Comparison:
    """Set reports side by side.

    Parameters
    ----------
    reports : mapping of str to mapping
        `Report.to_dict` of each, by the name that the page shall use; two at least.

    Returns
    -------
    Comparison
        Plain data.
    """
    about = tuple(_about(name, report) for name, report in reports.items())
    unlike = differences(about)
    comparable = same_tables(unlike)
    same_target = "target" not in {d.what for d in unlike}
    names = dict.fromkeys(name for report in reports.values() for name in report["scores"])
    scores = tuple(
        compared_score(name, reports, comparable=comparable, same_target=same_target) for name in names
    )
    return Comparison(about, comparable, unlike, warnings(unlike), scores, _NOTES)


def _about(name: str, report: Mapping[str, Any]) -> Compared:
    given = ("n_rows", "n_columns", "has_holdout", "target", "seed", "synthgen_version")
    return Compared(name=name, **{field: report[field] for field in given})
