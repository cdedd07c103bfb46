"""Which matrix columns carry which table column, and how networks activate them.

The only thing that encoders and networks both know.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthgen.exceptions import SchemaError


@dataclass(frozen=True)
class Block:
    """A run of matrix columns that belongs to one table column.

    Parameters
    ----------
    column : str
        The table column.
    activation : {"one-hot", "numeric"}
        ``one-hot``: the columns sum to 1 in each row. ``numeric``: one column, standard normal where it counts.
    start, stop : int
        Matrix columns ``start:stop``.
    labels : tuple of str
        What each matrix column means; unique within the table column.
    gate : int or None
        For a numeric block the matrix column (of a one-hot block) that must be 1 for the number to count;
        elsewhere the number is 0. None: it always counts.
    """

    column: str
    activation: str
    start: int
    stop: int
    labels: tuple[str, ...]
    gate: int | None = None

    @property
    def width(self) -> int:
        """Number of matrix columns."""
        return self.stop - self.start


@dataclass(frozen=True)
class MatrixLayout:
    """The blocks of a matrix, in order and without gaps.

    Parameters
    ----------
    blocks : tuple of Block
        In matrix order.

    Raises
    ------
    SchemaError
        If the blocks leave a gap or overlap.
    """

    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        end = 0
        for block in self.blocks:
            if block.start != end or block.width != len(block.labels):
                raise SchemaError(f"Block {block} does not start at column {end} or lacks labels.")
            end = block.stop

    @property
    def width(self) -> int:
        """Number of matrix columns, F."""
        return self.blocks[-1].stop if self.blocks else 0

    @property
    def one_hot(self) -> tuple[Block, ...]:
        """The one-hot blocks."""
        return tuple(b for b in self.blocks if b.activation == "one-hot")

    @property
    def numeric(self) -> tuple[Block, ...]:
        """The numeric blocks, one matrix column each."""
        return tuple(b for b in self.blocks if b.activation == "numeric")

    @property
    def names(self) -> list[str]:
        """One unique name for each matrix column."""
        return [
            f"{b.column}={label}" if b.activation == "one-hot" else f"{b.column}~{label}"
            for b in self.blocks
            for label in b.labels
        ]

    def columns_of(self, columns: tuple[str, ...]) -> list[int]:
        """The matrix columns that carry some table columns.

        Parameters
        ----------
        columns : tuple of str
            Table columns.

        Returns
        -------
        list of int
            Their matrix columns, in matrix order.
        """
        return [i for b in self.blocks if b.column in columns for i in range(b.start, b.stop)]

    def choices_of(self, columns: list[int]) -> MatrixLayout:
        """The one-hot blocks that begin among some matrix columns, moved together: the layout of these columns alone."""
        blocks: list[Block] = []
        for block in self.one_hot:
            if block.start in columns:
                start = blocks[-1].stop if blocks else 0
                blocks.append(Block(block.column, "one-hot", start, start + block.width, block.labels))
        return MatrixLayout(tuple(blocks))
