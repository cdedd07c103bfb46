import numpy as np
import pytest

from synthgen.metrics.decimals import column_grid, grid_counts, grids
from synthgen.rng import stream


def test_decimals_of_single_precision_are_read_as_such():
    x = stream(0, "test.single").integers(0, 1000, (1, 200)) / 10
    single, double = x.astype(np.float32).astype(float), x[:, ::-1].copy()
    for a, b in ((single, double), (double, single), (single, single)):
        assert [int(column_grid(grid_counts(g))[0]) for g in grids(a, b)] == [1, 1]


@pytest.mark.parametrize(("value", "decimals"), [
    (0.1, 1), (-2.25, 2), (1e20, 0), (1234567.12345678, 8), (1 / 3, 9), (1e300, 0), (1e10 + 0.25, 2), (0.0, -1), (np.nan, -1), (1e-300, 9),
])  # fmt: skip
def test_decimals_of_single_values(value, decimals):
    first, second = grids(np.array([[value, 1.5]]), np.array([[1.5]]))
    assert (first[0, 0], second[0, 0]) == (decimals, 1)
