"""What a fit, a sample and a genotype file cost: floating point operations, bytes, messages, seconds.

Pure arithmetic. `constants.py` measures the constants on small inputs, `cost.py` holds the formulas against the long
runs and goes on to sizes that these machines cannot hold; docs/explain/scale.md says where each formula comes from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

FLOAT = 4
"""Bytes of a number in matrices and weights."""
DRAWS_PER_STEP = 2
"""Batches of real rows in a step: one for each player."""


@dataclass(frozen=True)
class Networks:
    """The matrix products of the two networks.

    Parameters
    ----------
    generator, discriminator : int
        Multiplications of one row's way through each: the entries of its weight matrices.
    first : int
        Those of the discriminator's first map, whose inputs need no gradient where there is no penalty.
    """

    generator: int
    discriminator: int
    first: int

    @property
    def gradient_bytes(self) -> int:
        """What all ranks average in a step."""
        return FLOAT * (self.generator + self.discriminator)


def networks(width: int, latent: int, hidden: Sequence[int], lifted: int) -> Networks:
    """The products of residual MLPs: a map in, a block of two maps for each hidden width, a map out.

    Parameters
    ----------
    width : int
        Matrix columns.
    latent : int
        Width of the noise.
    hidden : sequence of int
        Widths of the blocks of both networks.
    lifted : int
        What the discriminator sees of a row: its columns, sines and cosines of its numbers.
    """
    inner = sum((1 + (a != b)) * a * b + b * b for a, b in pairwise([hidden[0], *hidden]))
    return Networks(
        latent * hidden[0] + inner + hidden[-1] * width,
        lifted * hidden[0] + inner + hidden[-1],
        lifted * hidden[0],
    )


def step_flops(net: Networks, batch: int, penalty_every: int) -> float:
    """Floating point operations of the products of one step, on average.

    A multiplication and an addition count two. Forward and backward through weights cost 2 and 4 an entry and row. The
    discriminator's update: fake rows are drawn (2 of G), real and fake rows are judged and learnt from (2 x 6 of D, but 2 x 4 of its first map). The
    generator's: fake rows drawn and learnt from (6 of G), judged with the gradient of their inputs alone (4 of D), real
    rows judged (2 of D). A penalty on both halves of the batch: the gradient of the scores (2 x 2 of D), and its own
    gradient (2 x 4 of D), and the first map's inputs too (2 x 2).
    """
    plain = 8 * net.generator + 18 * net.discriminator - 4 * net.first
    return batch * (plain + (12 * net.discriminator + 4 * net.first) / penalty_every)


def rows_used(n_rows: int, steps: int, batch: int) -> int:
    """Rows that training can see at most: more need not be encoded."""
    return min(n_rows, steps * batch * DRAWS_PER_STEP)


def all_reduce_seconds(
    n_bytes: float, workers: int, latency: float, bytes_per_second: float, buffers: int = 1
) -> float:
    """One sum over all workers in a ring: 2 (W - 1) messages one after another, each of a W-th of the bytes."""
    if workers == 1:
        return 0.0
    return 2 * (workers - 1) * (buffers * latency + n_bytes / workers / bytes_per_second)


def gram_flops(people: int, variants: int) -> float:
    """Products of people with people."""
    return 2.0 * people**2 * variants


def randomised_flops(people: int, variants: int, sketch: int, powers: int) -> float:
    """The range finder of randomised PCA: one product before, and two for each power [1]_.

    References
    ----------
    .. [1] N. Halko, P. G. Martinsson, J. A. Tropp, "Finding structure with randomness", SIAM Review 53, 2011.
    """
    return 2.0 * people * variants * sketch * (2 + 2 * powers)


def bed_bytes(people: int, variants: int) -> int:
    """Of a .bed file: two bits a genotype, whole bytes a variant."""
    return 3 + variants * math.ceil(people / 4)
