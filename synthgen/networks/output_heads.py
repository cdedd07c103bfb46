"""Raw generator outputs to matrix rows: soft choices while training, hard ones when sampling."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from synthgen.layout import MatrixLayout


class OutputHeads(nn.Module):
    """Activate each block of the layout.

    One-hot blocks are relaxed categorical draws: ``softmax((logits + gumbel) / tau)`` [1]_, or the one-hot argmax of
    ``logits + gumbel``, which is an exact draw from ``softmax(logits)``. Numeric blocks pass as they are, times
    the weight of their gate.

    Blocks of equal width are activated together, so the cost does not grow with the number of blocks, and on the
    transposed matrix: a softmax over a few columns is quick only where its neighbours in memory are other rows.

    Parameters
    ----------
    layout : MatrixLayout
        What the F columns are.

    References
    ----------
    .. [1] E. Jang, S. Gu, B. Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017.
    """

    order: Tensor
    place: Tensor
    gate: Tensor
    numeric: Tensor
    gated: Tensor
    gate_columns: Tensor

    def __init__(self, layout: MatrixLayout) -> None:
        super().__init__()
        self.widths = sorted({b.width for b in layout.one_hot})
        groups = [[b for b in layout.one_hot if b.width == w] for w in self.widths]
        one_hot = [i for group in groups for b in group for i in range(b.start, b.stop)]
        gated = [(b.start, one_hot.index(b.gate)) for b in layout.numeric if b.gate is not None]
        free = [b.start for b in layout.numeric if b.gate is None]
        order = [*one_hot, *free, *(start for start, _ in gated)]
        self.n_one_hot = len(one_hot)
        self.group_sizes = [len(group) for group in groups]
        self._index("order", order)
        self._index("place", torch.argsort(torch.tensor(order, dtype=torch.long)).tolist())
        self._index("gate", [gate for _, gate in gated])  # rows of the arranged matrix
        self._index("numeric", [b.start for b in layout.numeric])
        self._index("gated", [i for i, b in enumerate(layout.numeric) if b.gate is not None])
        self._index("gate_columns", [b.gate for b in layout.numeric if b.gate is not None])

    def _index(self, name: str, values: list[int]) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.long), persistent=False)

    def forward(self, raw: Tensor, gumbel: Tensor, tau: float) -> Tensor:
        """Soft rows, for training.

        Parameters
        ----------
        raw : Tensor, shape (B, F)
            The generator's outputs: logits and numbers.
        gumbel : Tensor, shape (B, n_one_hot)
            Standard Gumbel noise.
        tau : float
            Temperature, > 0.

        Returns
        -------
        Tensor, shape (B, F)
            One-hot blocks sum to 1.
        """
        return self._activate(raw, gumbel, lambda logits: torch.softmax(logits / tau, dim=1))

    def harden(self, raw: Tensor, gumbel: Tensor) -> Tensor:
        """Hard rows, for sampling: as `forward` for tau towards 0."""
        return self._activate(raw, gumbel, _one_hot_argmax)

    def one_hot_groups(self) -> list[Tensor]:
        """The matrix columns of one-hot blocks, those of equal width together: shapes (n_blocks, width)."""
        sizes = [width * size for width, size in zip(self.widths, self.group_sizes, strict=True)]
        groups = self.order[: self.n_one_hot].split(sizes)
        return [group.unflatten(0, (-1, width)) for group, width in zip(groups, self.widths, strict=True)]

    def counts(self, rows: Tensor) -> Tensor:
        """Where numbers count: the gates of the numeric columns, shape (B, n_numeric), 1 where there is none."""
        out = rows.new_ones(len(rows), len(self.numeric))
        return out.index_copy(1, self.gated, rows[:, self.gate_columns])

    def _activate(self, raw: Tensor, gumbel: Tensor, choose: Callable[[Tensor], Tensor]) -> Tensor:
        """Choose within every block. `choose` works along dimension 1 of (n_blocks, width, B)."""
        if not self.n_one_hot:
            return raw
        arranged = raw.T.index_select(0, self.order)
        sizes = [width * size for width, size in zip(self.widths, self.group_sizes, strict=True)]
        logits = (arranged[: self.n_one_hot] + gumbel.T).split(sizes)
        chosen = [
            choose(group.unflatten(0, (-1, width))).flatten(0, 1)
            for group, width in zip(logits, self.widths, strict=True)
        ]
        n_free = len(arranged) - self.n_one_hot - len(self.gate)
        free, gated = arranged[self.n_one_hot :].split([n_free, len(self.gate)])
        one_hot = torch.cat(chosen)
        rows = torch.cat([one_hot, free, gated * one_hot.index_select(0, self.gate)])
        return rows.index_select(0, self.place).T


def _one_hot_argmax(logits: Tensor) -> Tensor:
    return torch.zeros_like(logits).scatter_(1, logits.argmax(dim=1, keepdim=True), 1.0)
