"""The report: frozen data first, a page after."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthgen.exceptions import DataError, FileError
from synthgen.metrics.dependence import PairTrend
from synthgen.metrics.detection import Detection
from synthgen.metrics.histograms import Marginal
from synthgen.metrics.marginals import ColumnShape
from synthgen.metrics.support import Distances
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.reports.scores import Score

FORMAT_VERSION = 1


@dataclass(frozen=True)
class LeftOut:
    """A column that was not compared.

    Parameters
    ----------
    name, reason : str
        Which, and why.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Report:
    """How a synthetic table compares with the real one. Made by `synthgen.evaluate`; plain data throughout.

    Parameters
    ----------
    format_version : int
        Of the JSON form.
    synthgen_version : str
        That made the report.
    libraries : dict of str to str
        Versions of the libraries that the figures depend on.
    seed : int
        Repeats the report on the same tables.
    n_rows : dict of str to int
        Of ``real``, ``synthetic`` and, if given, ``holdout``.
    n_columns : int
        Columns compared.
    has_holdout : bool
        Whether figures are against rows that the synthesizer has not seen.
    target : str or None
        The column that utility predicts.
    scores : dict of str to Score
        By flat name: ``column_shapes``, ``pair_trends``, ``c2st_auc``, ``nearest_record_*``, ``utility_*``.
    columns : tuple of ColumnShape
        In table order.
    column_ceilings : dict of str to (float or None)
        By column: the shape score of rows of the same source.
    marginals : tuple of Marginal
        Of the first columns, for figures.
    pairs : tuple of PairTrend
        Every pair compared.
    detection : Detection
        The classifier two-sample test of the synthetic table.
    distances : dict of str to Distances
        To the nearest real row: of ``synthetic``, ``ceiling``, ``floor`` and ``memoriser`` rows.
    left_out : tuple of LeftOut
        Columns that were not compared.
    notes : tuple of str
        What a reader must know to trust the figures.
    """

    format_version: int
    synthgen_version: str
    libraries: dict[str, str]
    seed: int
    n_rows: dict[str, int]
    n_columns: int
    has_holdout: bool
    target: str | None
    scores: dict[str, Score]
    columns: tuple[ColumnShape, ...]
    column_ceilings: dict[str, float | None]
    marginals: tuple[Marginal, ...]
    pairs: tuple[PairTrend, ...]
    detection: Detection
    distances: dict[str, Distances]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data.

        Returns
        -------
        dict
            What JSON can hold; None in place of what is not a number.
        """
        return to_plain_data(self)

    def to_json(self) -> str:
        """As strict JSON text.

        Returns
        -------
        str
            Indented by two spaces.
        """
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """From `to_json`'s text.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        Report
            Equal to the report that was written.

        Raises
        ------
        DataError
            If the text is not JSON, not a report, or from a newer version.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:  # the latter from thousands of nested brackets
            raise DataError(f"The report is not JSON: {error}.") from error
        version = data.get("format_version") if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise DataError("The JSON is not a synthgen report: it has no `format_version`.")
        if version > FORMAT_VERSION:
            raise DataError(
                f"The report has format version {version}, this synthgen reads up to {FORMAT_VERSION}; upgrade it."
            )
        return from_plain_data(cls, data, "The report")

    def to_html(self) -> str:
        """As one page that needs no network and no other file.

        Returns
        -------
        str
            HTML.
        """
        from synthgen.reports.render import page

        return page(self.to_dict())

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the page or the data, whole or not at all.

        Parameters
        ----------
        path : path-like
            Ends in ``.html`` or ``.json``.
        overwrite : bool
            Whether an existing file may be replaced.

        Raises
        ------
        FileError
            If the suffix is another, or the file cannot be written.
        """
        from synthgen.reports.render import write

        suffix = Path(path).suffix.lower()
        if suffix not in (".html", ".htm", ".json"):
            raise FileError(f"{path}: a report is written as .html or .json; got the suffix {suffix!r}.")
        write(path, self.to_json() if suffix == ".json" else self.to_html(), overwrite=overwrite)

    def summary(self) -> str:
        """As a short text for the terminal.

        Returns
        -------
        str
            A line a score: its value with the 95% interval, ceiling, floor and memoriser. Then the notes.
        """
        from synthgen.reports.text import summary

        return summary(self.to_dict())
