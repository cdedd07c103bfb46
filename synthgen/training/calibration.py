"""Bring a trained generator's own margins to the real ones, without touching how columns go together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from synthgen.layout import MatrixLayout
from synthgen.networks.output_heads import OutputHeads

ROUNDS = 30
"""Fixed-point rounds for the logit offsets."""
N_KNOTS = 201
"""Quantiles of a number's map, evenly spaced in normal score from -REACH to REACH."""
REACH = 3.5
_NEIGHBOURS = 5  # sorted values that a knot is the mean of
_FEWEST = 100  # values on either side below which a number is left as it is
_SMALL = 1e-6
_MAX_OFFSET = 10.0


@dataclass(frozen=True)
class Calibration:
    """Logit offsets and maps of numbers.

    Parameters
    ----------
    offsets : Tensor, shape (F,)
        Added to the raw outputs; 0 for numbers.
    knots_from, knots_to : Tensor, shape (n_numeric, Q)
        Ascending. A number at ``knots_from`` moves to ``knots_to``, linearly in between, by the same shift beyond.
    """

    offsets: Tensor
    knots_from: Tensor
    knots_to: Tensor


def identity(layout: MatrixLayout) -> Calibration:
    """The calibration that changes nothing."""
    knots = torch.linspace(-REACH, REACH, N_KNOTS).repeat(len(layout.numeric), 1)
    return Calibration(torch.zeros(layout.width), knots, knots.clone())


def fit_calibration(
    raw: Tensor, gumbel: Tensor, real: Tensor, layout: MatrixLayout, heads: OutputHeads
) -> Calibration:
    """Compare a generated sample with the real rows, column by column.

    Parameters
    ----------
    raw : Tensor, shape (M, F)
        Raw outputs of the trained generator.
    gumbel : Tensor, shape (M, n_one_hot)
        Noise for the choices.
    real : Tensor, shape (N, F)
        Real rows.
    layout : MatrixLayout
        What the columns are.
    heads : OutputHeads
        Of the same layout.

    Returns
    -------
    Calibration
        On the device of `raw`.
    """
    offsets = _fit_offsets(raw, real, layout, heads)
    rows = heads.harden(raw + offsets, gumbel)
    start = identity(layout)
    knots_from, knots_to = start.knots_from.to(raw.device), start.knots_to.to(raw.device)
    shares = torch.special.ndtr(torch.linspace(-REACH, REACH, N_KNOTS, device=raw.device))
    for i, block in enumerate(layout.numeric):
        generated = _counted(rows, block.start, block.gate)
        wanted = _counted(real, block.start, block.gate)
        if min(len(generated), len(wanted)) >= _FEWEST:
            knots_from[i] = _strictly_ascending(_quantiles(generated, shares))
            knots_to[i] = _quantiles(_smoothed(wanted), shares)
    return Calibration(offsets, knots_from, knots_to)


def apply_calibration(raw: Tensor, calibration: Calibration, numeric: Tensor) -> Tensor:
    """Calibrated raw outputs.

    Parameters
    ----------
    raw : Tensor, shape (B, F)
        The generator's outputs.
    calibration : Calibration
        On the same device.
    numeric : Tensor of int64, shape (n_numeric,)
        The matrix columns of numbers.

    Returns
    -------
    Tensor, shape (B, F)
        To be given to `OutputHeads.harden`.
    """
    shifted = raw + calibration.offsets
    if not len(numeric):
        return shifted
    x = raw[:, numeric].T.contiguous()
    knots_from, knots_to = calibration.knots_from, calibration.knots_to
    place = torch.searchsorted(knots_from, x).clamp(1, knots_from.shape[1] - 1)
    left, right = knots_from.gather(1, place - 1), knots_from.gather(1, place)
    low, high = knots_to.gather(1, place - 1), knots_to.gather(1, place)
    moved = low + ((x - left) / (right - left)).clamp(0, 1) * (high - low)
    beyond = (x - knots_from[:, -1:]).clamp_min(0) + (x - knots_from[:, :1]).clamp_max(0)
    return shifted.index_copy(1, numeric, (moved + beyond).T)


def _fit_offsets(raw: Tensor, real: Tensor, layout: MatrixLayout, heads: OutputHeads) -> Tensor:
    """Offsets that bring the mean probability of every choice to its share among the real rows."""
    offsets = torch.zeros(layout.width, device=raw.device)
    for columns in heads.one_hot_groups():
        logits = raw[:, columns]
        wanted = real[:, columns].mean(0).clamp_min(_SMALL).log()
        own = torch.zeros_like(wanted)
        for _ in range(ROUNDS):
            found = torch.softmax(logits + own, dim=-1).mean(0).clamp_min(_SMALL).log()
            own = (own + wanted - found).clamp(-_MAX_OFFSET, _MAX_OFFSET)
        offsets[columns] = own
    return offsets


def _counted(rows: Tensor, column: int, gate: int | None) -> Tensor:
    return rows[:, column] if gate is None else rows[rows[:, gate] > 0.5, column]


def _quantiles(values: Tensor, shares: Tensor) -> Tensor:
    """Linear-interpolated quantiles; `torch.quantile` refuses more than 16 million values."""
    ordered = values.sort().values
    place = shares * (len(ordered) - 1)
    below = place.floor().long()
    above = (below + 1).clamp_max(len(ordered) - 1)
    return torch.lerp(ordered[below], ordered[above], place - below)


def _smoothed(values: Tensor) -> Tensor:
    """Each value as the mean of itself and its nearest neighbours, `_NEIGHBOURS` rows in all: no knot is a single row's."""
    means = values.sort().values.unfold(0, _NEIGHBOURS, 1).mean(1)
    half = _NEIGHBOURS // 2
    return torch.cat([means[:1].expand(half), means, means[-1:].expand(_NEIGHBOURS - 1 - half)])


def _strictly_ascending(values: Tensor) -> Tensor:
    return values.cummax(0).values + 1e-6 * torch.arange(len(values), device=values.device)
