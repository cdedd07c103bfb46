"""Streams: independent, repeatable, drawn anywhere."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthgen.rng import (
    ROWS_PER_BLOCK,
    derived_seed,
    filled,
    resolve_seed,
    row_blocks,
    stream,
    torch_stream,
)


def test_a_stream_is_a_function_of_its_arguments():
    assert np.array_equal(stream(3, "z", 5).random(4), stream(3, "z", 5).random(4))


def test_streams_differ_by_seed_purpose_and_counter():
    draws = [stream(*key).random() for key in [(3, "z", 5), (4, "z", 5), (3, "y", 5), (3, "z", 6), (3, "z")]]
    assert len(set(draws)) == len(draws)


def test_streams_are_uncorrelated():
    draws = np.array([stream(0, "z", block).standard_normal(2000) for block in range(8)])
    off_diagonal = np.corrcoef(draws)[~np.eye(8, dtype=bool)]
    assert np.abs(off_diagonal).max() < 0.1


def test_a_seed_is_kept_and_none_gives_a_fresh_one():
    assert resolve_seed(11) == 11
    assert resolve_seed(None) != resolve_seed(None)


def test_derived_seeds_differ():
    assert derived_seed(1, "a") == derived_seed(1, "a") != derived_seed(1, "b")


def test_torch_streams_repeat():
    assert torch_stream(1, "a").initial_seed() == torch_stream(1, "a").initial_seed()


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_row_blocks_cover_the_rows_once(start, length):
    rows = [
        block * ROWS_PER_BLOCK + row
        for block, first, last in row_blocks(start, start + length)
        for row in range(first, last)
    ]
    assert rows == list(range(start, start + length))


def test_rows_are_filled_up_to_whole_blocks_with_the_last_one():
    rows = np.arange(2 * (ROWS_PER_BLOCK + 3)).reshape(-1, 2)
    for n, whole in ((0, 0), (1, 1), (ROWS_PER_BLOCK, 1), (ROWS_PER_BLOCK + 3, 2)):
        found = filled(rows[:n])
        assert found.shape == (whole * ROWS_PER_BLOCK, 2)
        assert np.array_equal(found[:n], rows[:n]) and (found[n:] == rows[n - 1]).all()
