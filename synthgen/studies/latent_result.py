"""The outcome of a study of a latent space: frozen data first, a page after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from synthgen.metrics.intervals import Estimate
from synthgen.metrics.walk_lengths import WalkLengths
from synthgen.reports.document import Document
from synthgen.reports.plain import to_plain_data
from synthgen.studies.latent_parts import Cloud, Group, Traversal, Walk

FORMAT_VERSION = 1


@dataclass(frozen=True, repr=False)
class LatentStudy(Document):
    """What lies between the vectors of a latent space. Made by `latent_study`; plain data throughout.

    Parameters
    ----------
    format_version : int
        Of the JSON form.
    synthgen_version : str
        That made it.
    kind : str
        What the answer begins with: "no holes seen", "holes" or "cannot be told".
    answer : str
        In one sentence, with its interval.
    remarks : tuple of str
        What a reader must know besides.
    model : str
        Class of the model.
    n_rows, n_columns : int
        Of its training table.
    latent_dim : int
        Width of its latent vectors.
    noise_prior : str
        Their distribution.
    n_holdout : int or None
        Held-out rows that the detectors were trained on; None: they were trained on samples.
    n_judged_columns : int
        Columns that the detectors saw.
    n_paths_wanted, n_paths : int
        Walks asked for, and taken.
    steps : int
        Rows of each, ends included.
    seed : int
        Repeats the study.
    auc : Estimate
        How well the detectors tell the rows that they learn from, when they have not seen them, from rows without
        combinations.
    groups : tuple of Group
        What was judged.
    lengths : dict of str to WalkLengths
        How far walks go, by the name of their group; 1 would be as different as rows can be in every column.
    walks : tuple of Walk
        Some, to look at.
    traversals : tuple of Traversal
        Of the latent numbers that change rows most.
    clouds : tuple of Cloud
        Behind the walks of the scatter.
    explained : tuple of float
        Shares of the variance that its two axes hold.
    side : int or None
        If rows are square images, their side in pixels.
    """

    format_version: int
    synthgen_version: str
    kind: str
    answer: str
    remarks: tuple[str, ...]
    model: str
    n_rows: int
    n_columns: int
    latent_dim: int
    noise_prior: str
    n_holdout: int | None
    n_judged_columns: int
    n_paths_wanted: int
    n_paths: int
    steps: int
    seed: int
    auc: Estimate
    groups: tuple[Group, ...]
    lengths: dict[str, WalkLengths]
    walks: tuple[Walk, ...]
    traversals: tuple[Traversal, ...]
    clouds: tuple[Cloud, ...]
    explained: tuple[float, ...]
    side: int | None

    _called: ClassVar[str] = "latent study"
    _newest_format: ClassVar[int] = FORMAT_VERSION

    def __repr__(self) -> str:
        return f"<LatentStudy of {self.model}: {self.answer}>"

    def group(self, name: str) -> Group:
        """The group of one name, which must be among them."""
        return next(g for g in self.groups if g.name == name)

    def to_frame(self) -> pd.DataFrame:
        """The shares as a table.

        Returns
        -------
        pandas.DataFrame
            A row a group: walks, rows, and each share with its interval.
        """
        rows = []
        for group in self.groups:
            row: dict[str, object] = {"group": group.name, "n_walks": group.n_walks, "n_rows": group.n_rows}
            for name in ("as_samples", "difference", "as_real", "real_difference"):
                found = to_plain_data(getattr(group, name) or Estimate(None))
                row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
            rows.append(row)
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """As a short text for the terminal.

        Returns
        -------
        str
            The answer, a line a group, and the remarks.
        """
        from synthgen.studies.latent_text import summary

        return summary(self)

    def to_html(self) -> str:
        """As one page that needs no network and no other file.

        Returns
        -------
        str
            HTML.
        """
        from synthgen.studies.latent_page import page

        return page(self)
