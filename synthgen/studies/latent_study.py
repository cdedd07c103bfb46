"""Are there holes? Rows along walks between random latent vectors, judged beside samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from synthgen.exceptions import DataError
from synthgen.metrics.baselines import independent_columns, some_of
from synthgen.metrics.features import distance_matrix
from synthgen.metrics.plausibility import (
    MAX_COLUMNS,
    MAX_ROWS,
    Plausibility,
    mixtures,
    plausibility,
)
from synthgen.metrics.tables import NOT_COMPARED, CodedTable, code_tables
from synthgen.metrics.walk_lengths import WalkLengths
from synthgen.rng import derived_seed, resolve_seed, stream
from synthgen.schema import Schema
from synthgen.studies.latent_groups import group_lengths, judged_groups
from synthgen.studies.latent_images import find_images, pixel_columns
from synthgen.studies.latent_parts import Group, Traversal, Walk
from synthgen.studies.latent_pictures import CLOUD_ROWS, Scale, clouds, rounded_columns, scatter, sub_schema
from synthgen.studies.latent_result import FORMAT_VERSION, LatentStudy
from synthgen.studies.latent_rows import MAX_SLOW_ROWS, LatentRows
from synthgen.studies.latent_text import TITLES, WALKS, answer, remarks
from synthgen.table.annotated import as_annotated
from synthgen.validation import Constraint, Interval, Nothing, validate_parameters
from synthgen.version import __version__

N_WALKS = 6
"""Walks that are shown."""
FEWEST_PATHS = 20
"""Walks that are taken of any table."""
N_TRAVERSALS = 3
TRAVERSAL_STEPS = 9
N_BASES = 4
"""Vectors at which each latent number is tried; one where rows are undone one by one."""
MAX_DIMS = 512
MAX_SHOWN_COLUMNS = 2_000
"""Columns that may be shown; a random choice of them beyond that."""
SCALE_ROWS = 1_000
"""Samples that what is shown is held against."""
_CONSTRAINTS: Mapping[str, Sequence[Constraint]] = {
    "n_paths": [Interval("int", 2, math.inf)],
    "steps": [Interval("int", 3, math.inf)],
    "random_state": [Interval("int", 0, 2**63), Nothing()],
    "verbose": [Interval("int", 0, math.inf)],
}


def latent_study(
    model: Any,
    holdout: Any = None,
    *,
    n_paths: int = 1000,
    steps: int = 11,
    random_state: int | None = 0,
    verbose: int = 1,
) -> LatentStudy:
    """Walk between random latent vectors, and say whether the rows on the way are as plausible as samples.

    Parameters
    ----------
    model : SynthGAN or SynthVAE
        Fitted.
    holdout : pandas.DataFrame, AnnData or AnnotatedTable, optional
        Real rows that the model never saw, 20 at least. None: detectors learn from samples, and the study says nothing of the
        real rows.
    n_paths : int
        Walks, at least 2; fewer are taken of wide tables (`n_paths` of the result).
    steps : int
        Rows of each walk, ends included, at least 3.
    random_state : int or None
        Seed of vectors, rows and detectors; None draws one, which the result states.
    verbose : int
        0: no progress bar. It is off anyway when not writing to a terminal.

    Returns
    -------
    LatentStudy
        `answer` is the sentence; shares with intervals, walks to look at, JSON and a page.

    Raises
    ------
    ParameterError
        If a parameter breaks its constraint, or the model has no latent space.
    NotFittedError
        If the model is not fitted.
    DataError
        If the table had nothing to learn, or the held-out rows are too few or of other columns.

    Notes
    -----
    Plausibility is that of `synthgen.metrics.plausibility.plausibility`: detectors learn to tell held-out rows from a
    background without combinations, and a row is as plausible as samples if it scores above the 5% of the samples that
    score lowest. Shares are over the rows between the ends of the walks; the ends are samples. Intervals are over walks, and
    the conditions of a walk are those of its start.

    The share along great circles is what was asked for, and for a normal prior it is nearly true by construction: with
    independent normal vectors a and b, ``sin((1 - t) w) a + sin(t w) b`` over ``sin(w)`` has very nearly their distribution, so
    that its row is a sample. (The prior is not convex in another way: the middle of a straight line is shorter by the root of 2.) So
    more is measured: the same walks with the likeliest choices, as `interpolate` gives them; straight lines, whose middle
    samples hardly reach; shares against the held-out rows in place of samples; the share at each step; how far neighbours lie
    apart, and which share of a walk its largest step has, since a generator that jumps over a gap has no row in it. Two
    controls must be low for any of it to mean something: independent columns, and mixtures of the two ends.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from synthgen.models.synthgan import SynthGAN
    >>> table = load_iris(as_frame=True).frame
    >>> model = SynthGAN(max_steps=20, refine=None, random_state=0, verbose=0).fit(table[::2])
    >>> found = latent_study(model, table[1::2], n_paths=20, verbose=0)
    >>> found.n_paths, len(found.walks)
    (20, 6)
    """
    given = {"n_paths": n_paths, "steps": steps, "random_state": random_state, "verbose": verbose}
    validate_parameters("latent_study", _CONSTRAINTS, given)
    seed = resolve_seed(random_state)
    rows = LatentRows(model, seed)
    real = None if holdout is None else _checked_holdout(as_annotated(holdout)[0], rows)
    with (
        threadpool_limits(limits=1),
        tqdm(total=6, desc="latent study", unit="part", disable=None if verbose else True) as bar,
    ):
        return _study(rows, real, n_paths, steps, bar)


def _study(rows: LatentRows, real: pd.DataFrame | None, n_wanted: int, steps: int, bar: tqdm) -> LatentStudy:
    schema = _judged_schema(rows, MAX_COLUMNS)
    most = rows.most_rows(len(schema))
    n_paths = min(n_wanted, max(most // steps, FEWEST_PATHS))
    starts, ends = rows.vectors(n_paths, "latent study starts"), rows.vectors(n_paths, "latent study ends")
    ways = _Ways(rows, starts, ends, steps)
    tables = _tables(ways, schema, real, min(MAX_ROWS, max(most, SCALE_ROWS)))
    bar.update(2)
    coded = _coded(tables, schema, steps, rows.seed)
    judged = plausibility(
        coded["holdout" if real is not None else "reference"],
        coded["threshold"],
        {name: t for name, t in coded.items() if name in TITLES and name != "holdout"},
        derived_seed(rows.seed, "latent study detectors"),
    )
    bar.update(2)
    groups = judged_groups(judged, steps, has_real=real is not None)
    found = _without_pictures(rows, real, n_wanted, n_paths, steps, judged, groups, len(schema))
    found = replace(found, lengths=group_lengths(coded, steps))
    bar.update(1)
    done = _with_pictures(found, ways, real, judged)
    bar.update(1)
    selected = getattr(rows.synthesizer, "selector_", None) is not None
    has_rules = bool(rows.synthesizer.encoder_.row_checks)
    return replace(done, remarks=remarks(done, has_selection=selected, has_rules=has_rules))


@dataclass(frozen=True, eq=False)
class _Ways:
    """The walks of a study."""

    rows: LatentRows
    starts: np.ndarray
    ends: np.ndarray
    steps: int

    def along(self, name: str, columns: Sequence[str], n: int | None = None) -> pd.DataFrame:
        """Rows of the first `n` walks, all by default; with the likeliest choices fewer where they are slow."""
        is_likeliest = name == "slerp, likeliest"
        if is_likeliest and self.rows.is_slow:
            n = min(len(self.starts) if n is None else n, max(MAX_SLOW_ROWS // self.steps, 2))
        method = "linear" if name == "linear" else "slerp"
        return self.rows.walks(
            self.starts[:n], self.ends[:n], self.steps, method, columns, is_likeliest=is_likeliest
        )


def _checked_holdout(table: pd.DataFrame, rows: LatentRows) -> pd.DataFrame:
    lacking = [c.name for c in rows.synthesizer.schema_ if c.name not in table.columns and _is_shown(c.kind)]
    if lacking:
        raise DataError(
            f"The held-out table lacks column {lacking[0]!r}, which the model's table has; give rows of the same columns."
        )
    return table.reset_index(drop=True)


def _is_shown(kind: str) -> bool:
    return kind not in (*NOT_COMPARED, "constant")


def _judged_schema(rows: LatentRows, most: int) -> Schema:
    """Columns that are no identifiers, free text or constants; a random choice if there are more than `most`."""
    names = [c.name for c in rows.synthesizer.schema_ if _is_shown(c.kind)]
    used = some_of(len(names), most, stream(rows.seed, "latent study columns", most))
    return sub_schema(rows.synthesizer.schema_, [names[j] for j in used])


def _tables(
    ways: _Ways, schema: Schema, real: pd.DataFrame | None, n_samples: int
) -> dict[str, pd.DataFrame]:
    """Samples that set the threshold, others, and rows along walks; held-out rows, or samples in place of them."""
    names, rows = schema.names, ways.rows
    found = {"threshold": rows.samples(n_samples, "latent study threshold", names)}
    found |= {name: ways.along(name, names) for name in WALKS}
    found["samples"] = rows.samples(n_samples, "latent study samples", names)
    if real is None:
        found["reference"] = rows.samples(n_samples, "latent study reference", names)
    else:
        found["holdout"] = real[names]
    return found


def _coded(
    tables: Mapping[str, pd.DataFrame], schema: Schema, steps: int, seed: int
) -> dict[str, CodedTable]:
    """All of them coded together, with the controls."""
    coded = code_tables(tables, schema)
    first = np.arange(0, coded["slerp"].n_rows, steps)
    starts, ends = (coded["slerp"].take(first + shift) for shift in (0, steps - 1))
    draw = stream(seed, "latent study controls")
    coded["mixtures"] = mixtures(starts, ends, np.linspace(0, 1, steps))
    coded["independent"] = independent_columns(coded["samples"], coded["samples"].n_rows, draw)
    return coded


def _without_pictures(
    rows: LatentRows,
    real: pd.DataFrame | None,
    n_wanted: int,
    n_paths: int,
    steps: int,
    judged: Plausibility,
    groups: tuple[Group, ...],
    n_judged: int,
) -> LatentStudy:
    n_holdout = None if real is None else judged.n_reference
    kind, sentence = answer({g.name: g for g in groups})
    return LatentStudy(
        format_version=FORMAT_VERSION,
        synthgen_version=__version__,
        kind=kind,
        answer=sentence,
        remarks=(),
        model=type(rows.synthesizer).__name__,
        n_rows=rows.synthesizer.n_rows_in_,
        n_columns=len(rows.synthesizer.schema_),
        latent_dim=rows.latent.latent_dim,
        noise_prior=rows.latent.noise_prior,
        n_holdout=n_holdout,
        n_judged_columns=n_judged,
        n_paths_wanted=n_wanted,
        n_paths=n_paths,
        steps=steps,
        seed=rows.seed,
        auc=judged.auc,
        groups=groups,
        lengths={},
        walks=(),
        traversals=(),
        clouds=(),
        explained=(),
        side=None,
    )


def _with_pictures(
    found: LatentStudy, ways: _Ways, real: pd.DataFrame | None, judged: Plausibility
) -> LatentStudy:
    """With walks, traversals and the scatter."""
    rows = ways.rows
    scale = _scale(rows)
    together = ways.along("slerp, likeliest", scale.columns, N_WALKS)
    steps = [together[i : i + ways.steps] for i in range(0, len(together), ways.steps)]
    tables = {"samples": scale.samples.head(CLOUD_ROWS)}
    if real is not None:
        chosen = some_of(len(real), CLOUD_ROWS, stream(rows.seed, "latent study cloud"))
        tables["holdout"] = real.iloc[chosen][scale.columns]
    points, explained = scatter(scale.schema, {**tables, "walks": together})
    percentile = np.round(judged.candidates["slerp, likeliest"].percentile, 3)
    walks = []
    for i, picture in enumerate(scale.pictures(steps)):
        part = slice(i * ways.steps, (i + 1) * ways.steps)
        x, y = rounded_columns(points["walks"][part]) if points else ((), ())
        walks.append(Walk(picture, tuple(percentile[part].tolist()), x, y))
    return replace(
        found,
        walks=tuple(walks),
        traversals=_traversals(rows, scale, found.lengths),
        clouds=clouds({name: p for name, p in points.items() if name != "walks"}),
        explained=explained,
        side=None if scale.images is None else scale.images.side,
    )


def _scale(rows: LatentRows) -> Scale:
    names = rows.synthesizer.schema_.names
    pixels = pixel_columns(names)
    if pixels:
        samples = rows.samples(SCALE_ROWS, "latent study scale", names)
        if images := find_images(samples):
            shown = [
                c.name for c in rows.synthesizer.schema_ if _is_shown(c.kind) or c.name in set(images.columns)
            ]
            return Scale(sub_schema(rows.synthesizer.schema_, shown), samples[shown], images)
    schema = _judged_schema(rows, MAX_SHOWN_COLUMNS)
    return Scale(schema, rows.samples(SCALE_ROWS, "latent study scale", schema.names), None)


def _traversals(rows: LatentRows, scale: Scale, lengths: Mapping[str, WalkLengths]) -> tuple[Traversal, ...]:
    """The latent numbers that change rows most from one end of their range to the other."""
    reach = rows.latent.reach
    bases = rows.vectors(1 if rows.is_slow else N_BASES, "latent study bases")
    n_dims = min(rows.latent.latent_dim, MAX_DIMS)
    apart = np.mean([_effects(rows, scale, base, n_dims, reach) for base in bases], axis=0)
    usual = lengths["slerp, likeliest"].ends.value or 1.0
    dims = np.argsort(-apart, kind="stable")[:N_TRAVERSALS].tolist()
    values = np.linspace(-reach, reach, TRAVERSAL_STEPS)
    tables = []
    for dim in dims:
        z = np.repeat(bases[:1], len(values), axis=0)
        z[:, dim] = values
        tables.append(rows.likeliest(z, scale.columns))
    return tuple(
        Traversal(dim, float(apart[dim] / usual), tuple(np.round(values, 3).tolist()), picture)
        for dim, picture in zip(dims, scale.pictures(tables), strict=True)
    )


def _effects(rows: LatentRows, scale: Scale, base: np.ndarray, n_dims: int, reach: float) -> np.ndarray:
    """Distance of the rows at both ends of each latent number's range, shape (n_dims,)."""
    z = np.repeat(base[None], 2 * n_dims, axis=0)
    z[np.arange(2 * n_dims), np.repeat(np.arange(n_dims), 2)] = np.tile([-reach, reach], n_dims)
    names = scale.columns[:MAX_COLUMNS]
    tables = {"samples": scale.samples[names], "ends": rows.likeliest(z, names)}
    points = distance_matrix(list(code_tables(tables, sub_schema(scale.schema, names)).values()))[1]
    gaps = points[1::2] - points[::2]
    return np.asarray(np.sqrt((gaps.astype(np.float64) ** 2).sum(axis=1)))
