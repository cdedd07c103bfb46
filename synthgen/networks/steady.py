"""Linear maps that draw nothing from the global stream, and whose result for a row does not depend on its place in a batch."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import linear, pad

MULTIPLE = 16
"""Matrix products of other widths take other ways for some rows of a batch, and sum in another order there."""


def steady_product(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``rows @ weight.T + bias``, the same bits for a row wherever it stands in a batch of a given size.

    Parameters
    ----------
    rows : Tensor, shape (B, K)
        B the same at every use.
    weight : Tensor, shape (N, K)
        The map.
    bias : Tensor, shape (N,), optional
        Added.

    Returns
    -------
    Tensor, shape (B, N)
        Computed with both widths filled up with zeros to multiples of `MULTIPLE`.
    """
    n_out, n_in = weight.shape
    more_in, more_out = -n_in % MULTIPLE, -n_out % MULTIPLE
    if not more_in and not more_out:
        return linear(rows, weight, bias)
    bias = None if bias is None else pad(bias, (0, more_out))
    return linear(pad(rows, (0, more_in)), pad(weight, (0, more_in, 0, more_out)), bias)[:, :n_out]


class QuietLinear(nn.Linear):
    """`torch.nn.Linear` of zeros until its weights are drawn: torch's own start takes from the caller's global stream.

    Notes
    -----
    Shape: (B, in_features) -> (B, out_features).
    """

    def reset_parameters(self) -> None:
        """Zeros."""
        nn.init.zeros_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class SteadyLinear(QuietLinear):
    """A linear map that gives a row the same bits wherever it stands, in evaluation; in training it is the plain one.

    Notes
    -----
    Shape: (B, in_features) -> (B, out_features).
    """

    def forward(self, input: Tensor) -> Tensor:
        """The map's result, shape (B, out_features)."""
        if self.training:
            return linear(input, self.weight, self.bias)
        return steady_product(input, self.weight, self.bias)
