"""Seeds to independent random streams. The only module that makes generators.

Streams are counter-based (Philox): the stream of a purpose and a block of rows is a function of
``(seed, purpose, block)`` alone, so any block of a large sample can be drawn anywhere, in any order.
"""

from __future__ import annotations

import secrets
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

ROWS_PER_BLOCK = 1024
"""Rows that share one stream. Part of the file format: changing it changes every seeded sample."""


def resolve_seed(random_state: int | None) -> int:
    """The seed itself, or a fresh one from the operating system for None.

    Parameters
    ----------
    random_state : int or None
        A seed in [0, 2**63), or None.

    Returns
    -------
    int
        A seed in [0, 2**63).
    """
    return secrets.randbits(63) if random_state is None else int(random_state)


def stream(seed: int, purpose: str, *counters: int) -> np.random.Generator:
    """The generator of one purpose and counter, independent of all the others.

    Parameters
    ----------
    seed : int
        The seed that the user gave, in [0, 2**63).
    purpose : str
        What the numbers are for: two purposes never share numbers.
    *counters : int
        Step, block of rows, column: whatever numbers the draw.

    Returns
    -------
    numpy.random.Generator
        A Philox generator at the start of its stream.

    References
    ----------
    .. [1] J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    key = (zlib.crc32(purpose.encode()), *counters)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy=seed, spawn_key=key)))


def derived_seed(seed: int, purpose: str, *counters: int) -> int:
    """A seed in [0, 2**63), independent of all the others.

    Parameters
    ----------
    seed, purpose, *counters
        As for `stream`.

    Returns
    -------
    int
        The seed.
    """
    return int(stream(seed, purpose, *counters).integers(2**63))


def torch_stream(seed: int, purpose: str, device: str = "cpu") -> torch.Generator:
    """A torch generator of one purpose, on a device.

    Parameters
    ----------
    seed, purpose
        As for `stream`.
    device : str
        Where the numbers are drawn; the numbers depend on it.

    Returns
    -------
    torch.Generator
        At the start of its stream.
    """
    import torch

    return torch.Generator(device).manual_seed(derived_seed(seed, purpose))


def row_blocks(start: int, stop: int) -> list[tuple[int, int, int]]:
    """The blocks that cover rows ``start:stop``, with the part of each that lies inside.

    Parameters
    ----------
    start, stop : int
        First row and the row after the last, 0 <= start <= stop.

    Returns
    -------
    list of (block, first, last)
        Block number, and the rows of that block, counted within it, that are wanted.

    Examples
    --------
    >>> row_blocks(1000, 2050)
    [(0, 1000, 1024), (1, 0, 1024), (2, 0, 2)]
    """
    out = []
    for block in range(start // ROWS_PER_BLOCK, -(-stop // ROWS_PER_BLOCK)):
        origin = block * ROWS_PER_BLOCK
        out.append((block, max(start - origin, 0), min(stop - origin, ROWS_PER_BLOCK)))
    return out
