"""The matrix products of a piece of code, counted as they run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode

NAMES = ("mm", "addmm")
Product = tuple[str, tuple[tuple[tuple[int, ...], tuple[int, ...]], ...], torch.dtype]
"""Operation, shape and stride of its two matrices, dtype."""


class Products(TorchDispatchMode):
    """Note every product of two matrices that runs inside a ``with`` block."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[Product] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in NAMES:
            matrices = tuple((tuple(a.shape), a.stride()) for a in args[-2:])
            self.seen[name, matrices, args[-1].dtype] += 1
        return func(*args, **(kwargs or {}))


def counted(run: Callable[[], object]) -> Counter[Product]:
    """The products that one call makes. Not for compiled networks."""
    with Products() as products:
        run()
    return products.seen


def flops(products: Counter[Product]) -> int:
    """Two for each multiplication."""
    return sum(2 * n * a[0] * a[1] * b[1] for (_, ((a, _), (b, _)), _), n in products.items())
