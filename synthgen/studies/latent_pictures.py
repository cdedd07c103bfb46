"""Rows of walks as cells, curves and points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from synthgen.metrics.coordinates import standardised
from synthgen.metrics.features import distance_matrix
from synthgen.metrics.tables import CodedColumn, CodedTable, code_tables
from synthgen.schema import Schema
from synthgen.studies.latent_images import Images
from synthgen.studies.latent_parts import Cloud, Curve, Picture

MAX_COLUMNS = 12
"""Columns shown of a walk."""
MAX_CURVES = 6
MOVED = 0.1
"""By how much of the samples' ranks a number moves to be marked."""
CLIP = 5.0
"""Standard deviations at which curves and points end."""
CLOUD_ROWS = 800
_LONGEST = 40


@dataclass(frozen=True, eq=False)
class Scale:
    """What rows are held against to be shown.

    Parameters
    ----------
    schema : Schema
        Of the columns that may be shown.
    samples : pandas.DataFrame
        Of the model, with those columns.
    images : Images or None
        How rows are images, if they are.
    """

    schema: Schema
    samples: pd.DataFrame
    images: Images | None

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self.schema.names

    def pictures(self, tables: Sequence[pd.DataFrame]) -> list[Picture]:
        """Each table's rows as a picture.

        Parameters
        ----------
        tables : sequence of pandas.DataFrame
            With the columns of `samples`.

        Returns
        -------
        list of Picture
            One a table.
        """
        coded = code_tables({"samples": self.samples, **_numbered(tables)}, self.schema)
        return [
            self._picture(table, coded["samples"], coded[name]) for name, table in _numbered(tables).items()
        ]

    def _picture(self, table: pd.DataFrame, samples: CodedTable, rows: CodedTable) -> Picture:
        pixels = set(self.images.columns) if self.images else set()
        own = [j for j, c in enumerate(rows.columns) if c.name not in pixels]
        moves = [_moves(rows.columns[j], samples.columns[j]) for j in own]
        order = np.argsort([-m.sum() for m in moves], kind="stable")[:MAX_COLUMNS].tolist()
        if self.images:  # they show enough where nothing else moves
            order = [i for i in order if moves[i].any()]
        names = [rows.columns[own[i]].name for i in order]
        changed = np.array([moves[i] > MOVED for i in order]).reshape(len(names), rows.n_rows).T
        moved = [own[i] for i in order if moves[i].any()]
        numbers = [j for j in moved if rows.columns[j].is_numeric][:MAX_CURVES]
        curves = [Curve(rows.columns[j].name, _curve(rows.columns[j], samples.columns[j])) for j in numbers]
        cells = [tuple(cell(v) for v in row) for row in zip(*(table[name] for name in names), strict=True)]
        return Picture(
            tuple(names),
            tuple(cells),
            tuple(tuple(map(bool, row)) for row in changed),
            tuple(curves),
            self.images.greys(table) if self.images else (),
        )


def cell(value: object) -> str:
    """A value as text for a small cell.

    Parameters
    ----------
    value : object
        Of a table.

    Returns
    -------
    str
        Four significant digits of a number with a fraction, at most 40 characters of any other; a dash for missing.
    """
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "–"
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    text = str(value).removesuffix(" 00:00:00")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def scatter(
    schema: Schema, tables: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, np.ndarray], tuple[float, ...]]:
    """The rows of several tables on the first two principal components of the first.

    Parameters
    ----------
    schema : Schema
        Of their columns.
    tables : mapping of str to pandas.DataFrame
        By name; the first one gives scale and components.

    Returns
    -------
    points : dict of str to ndarray, shape (n_rows, 2)
        Of each table; empty if the rows have but one dimension.
    explained : tuple of float
        Shares of the first table's variance.

    Notes
    -----
    Of the numeric columns in standard deviations, cut at 5, missing ones at the mean; where there are fewer than two, of all
    columns as `synthgen.metrics.features.distance_matrix` has them.
    """
    coded = code_tables(tables, schema)
    first = next(iter(coded.values()))
    numeric = [j for j, c in enumerate(first.columns) if c.is_numeric]
    if len(numeric) > 1:
        points = {
            name: _standard(table.select(numeric), first.select(numeric)) for name, table in coded.items()
        }
    else:
        points = dict(zip(coded, distance_matrix(list(coded.values())), strict=True))
    like = next(iter(points.values()))
    if min(like.shape) < 2 or not np.ptp(like, axis=0).any():
        return {}, ()
    axes = PCA(2, svd_solver="full" if like.shape[1] <= 200 else "randomized", random_state=0).fit(like)
    return {name: axes.transform(p) for name, p in points.items()}, tuple(
        float(share) for share in axes.explained_variance_ratio_
    )


def clouds(points: Mapping[str, np.ndarray]) -> tuple[Cloud, ...]:
    """The rows behind the walks of a scatter.

    Parameters
    ----------
    points : mapping of str to ndarray, shape (n_rows, 2)
        By the name of their table.

    Returns
    -------
    tuple of Cloud
        Rounded, for a smaller page.
    """
    return tuple(Cloud(name, *rounded_columns(p)) for name, p in points.items())


def rounded_columns(points: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Both coordinates of points, to three digits."""
    x, y = np.round(points.astype(np.float64), 3).T
    return tuple(x.tolist()), tuple(y.tolist())


def sub_schema(schema: Schema, names: Sequence[str]) -> Schema:
    """The columns of some names, in the order of the schema, without relations."""
    wanted = set(names)
    return Schema(tuple(c for c in schema if c.name in wanted))


def _numbered(tables: Sequence[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {f"rows {i}": table for i, table in enumerate(tables)}


def _moves(rows: CodedColumn, samples: CodedColumn) -> np.ndarray:
    """How far a column moves from each row to the next, in [0, 1]; 0 for the first row."""
    if rows.is_numeric:
        grid = np.sort(samples.values[~samples.missing])
        places = np.searchsorted(grid, rows.values, "left") + np.searchsorted(grid, rows.values, "right")
        here = np.where(rows.missing, -1.0, places / max(2 * len(grid), 1))
        moved = np.abs(np.diff(here))
    else:
        moved = (np.diff(rows.values) != 0) * 1.0
    return np.concatenate([[0.0], np.minimum(moved, 1.0)])


def _curve(rows: CodedColumn, samples: CodedColumn) -> tuple[float | None, ...]:
    z = standardised(rows.values[None], samples.values[None], CLIP)[0]
    return tuple(None if gone else round(float(v), 3) for v, gone in zip(z, rows.missing, strict=True))


def _standard(table: CodedTable, like: CodedTable) -> np.ndarray:
    values, first = (np.array([c.values for c in t.columns]) for t in (table, like))
    return standardised(values, first, CLIP).T
