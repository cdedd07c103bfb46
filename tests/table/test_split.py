"""Held-out rows: disjoint, complete, in order, the same for the same seed."""

import pandas as pd
import pytest

from synthgen.exceptions import DataError
from synthgen.table.split import split_table

TABLE = pd.DataFrame({"x": range(50)})


@pytest.mark.parametrize(("share", "n_held"), [(0.2, 10), (0.001, 1), (0.999, 49)])
def test_the_sides_make_up_the_table(share, n_held):
    train, holdout = split_table(TABLE, share, 3)
    assert len(holdout) == n_held
    assert sorted([*train["x"], *holdout["x"]]) == list(range(50))
    assert train["x"].is_monotonic_increasing
    assert holdout["x"].is_monotonic_increasing
    assert isinstance(train.index, pd.RangeIndex)


def test_a_seed_repeats_the_split_and_another_changes_it():
    pd.testing.assert_frame_equal(split_table(TABLE, 0.2, 1)[1], split_table(TABLE, 0.2, 1)[1])
    assert not split_table(TABLE, 0.2, 1)[1].equals(split_table(TABLE, 0.2, 2)[1])


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_outside_its_range(share):
    with pytest.raises(DataError, match=r"must be within \(0, 1\)"):
        split_table(TABLE, share)


def test_one_row_cannot_be_split():
    with pytest.raises(DataError, match="at least two rows"):
        split_table(TABLE.head(1), 0.5)
