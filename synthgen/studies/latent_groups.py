"""What is said of each group of rows of a latent study: shares, and lengths of walks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synthgen.metrics.features import distance_matrix
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.plausibility import Plausibility
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.walk_lengths import WalkLengths, walk_lengths
from synthgen.metrics.walk_shares import Passes, share, share_difference
from synthgen.studies.latent_parts import Group
from synthgen.studies.latent_text import TITLES, WALKS


def judged_groups(judged: Plausibility, steps: int, *, has_real: bool) -> tuple[Group, ...]:
    """Shares of every group, in the order of `TITLES`.

    Parameters
    ----------
    judged : Plausibility
        Verdicts by the name of the group.
    steps : int
        Rows of a walk, ends included.
    has_real : bool
        Whether the reference rows are held-out ones.

    Returns
    -------
    tuple of Group
        Of all that were judged.
    """
    verdicts = {**judged.candidates, **({"holdout": judged.reference} if has_real else {})}
    names = [name for name in TITLES if name in verdicts]
    sizes = {name: steps if name in (*WALKS, "mixtures") else 1 for name in names}
    like_samples = {name: verdicts[name].as_samples.by_walk(sizes[name]) for name in names}
    like_real = {name: verdicts[name].as_reference.by_walk(sizes[name]) for name in names}
    yardstick = like_real if has_real else like_samples
    out = []
    for name in names:
        rows, real_rows = _between(like_samples[name]), _between(like_real[name])
        group = Group(
            name,
            len(rows.rows),
            rows.rows.size,
            share(rows),
            share_difference(rows, like_samples["samples"]),
            share(real_rows) if has_real else None,
            share_difference(real_rows, like_real["samples"]) if has_real else None,
            _positions(yardstick[name]),
        )
        out.append(group)
    return tuple(out)


def _between(walks: Passes) -> Passes:
    """Walks without their ends; other rows as they are."""
    return walks.take(np.s_[:, 1:-1]) if walks.rows.shape[1] > 1 else walks


def _positions(walks: Passes) -> tuple[Estimate, ...]:
    """Shares at each step of walks."""
    n_steps = walks.rows.shape[1]
    return tuple(share(walks.take(np.s_[:, [i]])) for i in range(n_steps)) if n_steps > 1 else ()


def group_lengths(coded: Mapping[str, CodedTable], steps: int) -> dict[str, WalkLengths]:
    """How far walks go.

    Parameters
    ----------
    coded : mapping of str to CodedTable
        Rows of walks by the name of their group, and "threshold", whose ranks distances are in.
    steps : int
        Rows of a walk.

    Returns
    -------
    dict of str to WalkLengths
        By the name of the group.
    """
    names = [name for name in (*WALKS, "mixtures") if name in coded]
    points = distance_matrix([coded["threshold"], *(coded[name] for name in names)])[1:]
    return {
        name: walk_lengths(p.reshape(-1, steps, p.shape[1])) for name, p in zip(names, points, strict=True)
    }
