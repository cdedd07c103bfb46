"""Seeds to independent random streams. The only module that makes generators.

Streams are counter-based (Philox): the stream of a purpose and a block of rows is a function of
``(seed, purpose, block)`` alone, so any block of a large sample can be drawn anywhere, in any order.
"""

from __future__ import annotations

import secrets
import zlib
from typing import TYPE_CHECKING, Any

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


class Middle(np.random.Generator):
    """A generator that leaves nothing to chance: every uniform number is 1/2, every choice the middle one."""

    def __init__(self) -> None:
        super().__init__(np.random.Philox(0))

    def random(self, size: Any = None, *_: Any, **__: Any) -> Any:
        """One half, as often as asked."""
        return np.full(() if size is None else size, 0.5)

    def choice(self, a: Any, size: Any = None, *_: Any, **__: Any) -> Any:
        """The middle of the sorted values, as often as asked."""
        ordered = np.sort(a)
        return np.full(() if size is None else size, ordered[len(ordered) // 2])


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


def hashed_uniform(rows: np.ndarray, width: int, purpose: str, key: int = 0) -> np.ndarray:
    """Uniform numbers that are a function of each row's bits: the same row has the same numbers wherever it stands.

    Parameters
    ----------
    rows : ndarray of float32, shape (M, Z)
        Z at least 1.
    width : int
        Numbers wanted for each row.
    purpose : str
        What the numbers are for: two purposes never share numbers.
    key : int
        In [0, 2**63): another key gives other numbers.

    Returns
    -------
    ndarray of float32, shape (M, width)
        In (0, 1), multiples of 2**-23 moved by half of that.

    Notes
    -----
    A row's bits are mixed to 64 bits, from which a SplitMix64 stream starts, two numbers from each of its words [1]_.

    References
    ----------
    .. [1] G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    start = np.uint64(derived_seed(key, f"row hash {purpose}"))
    even = np.zeros((len(rows), rows.shape[1] + rows.shape[1] % 2), dtype=np.float32)
    even[:, : rows.shape[1]] = rows
    even += 0.0  # -0 is 0
    bits = even.view(np.uint64)
    origin = _mix(_mix(bits + _steps(bits.shape[1]) + start).sum(axis=1, dtype=np.uint64))
    words = _mix(origin[:, None] + _steps(-(-width // 2)))
    halves = words.view(np.uint32)[:, :width] >> np.uint32(9)
    return (halves.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-23)


def _steps(width: int) -> np.ndarray:
    return np.arange(1, width + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def _mix(words: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser; sums and products wrap."""
    words = words ^ (words >> np.uint64(30))
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words


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


def filled(rows: np.ndarray) -> np.ndarray:
    """Rows filled up to whole blocks: the last bits of a product of matrices depend on how many rows it has.

    Parameters
    ----------
    rows : ndarray, shape (M, F)
        Any.

    Returns
    -------
    ndarray, shape (a multiple of `ROWS_PER_BLOCK`, F)
        The rows, and the last one again until there are as many; no rows if there are none.
    """
    missing = -len(rows) % ROWS_PER_BLOCK
    return rows if not missing else np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])
