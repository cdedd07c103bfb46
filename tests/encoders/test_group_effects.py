"""Shifts of single columns by the levels of covariates."""

import numpy as np
import pytest

from synthgen.encoders.group_effects import fit_group_effects


def one_hot(codes):
    return np.eye(codes.max() + 1, dtype=np.float32)[codes]


def test_without_threshold_shifts_are_differences_of_means():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [10, 20, 30])
    rest = rng.standard_normal((1_500, 60)).astype(np.float32)
    found = fit_group_effects(rest, one_hot(codes), [slice(0, 3)], 0.0)
    wanted = np.stack([rest[:, codes == c].mean(axis=1) - rest.mean(axis=1) for c in range(3)])
    assert found == pytest.approx(wanted, abs=1e-5)


def test_noise_is_dropped_and_what_stands_out_is_kept_and_shrunk():
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1], 50)
    rest = rng.standard_normal((1_000, 100)).astype(np.float32)
    rest[:100, codes == 1] += 2.0
    found = fit_group_effects(rest, one_hot(codes), [slice(0, 2)], 3.0)
    assert (found[:, 100:] == 0).mean() > 0.99
    difference = found[1, :100] - found[0, :100]
    assert 1.5 < difference.mean() < 2.0


def test_shifts_sum_to_zero_over_the_rows():
    rng = np.random.default_rng(2)
    codes = np.repeat([0, 1, 2], [3, 30, 17])
    rest = (rng.standard_normal((200, 50)) + 2 * rng.standard_normal((200, 3))[:, codes]).astype(np.float32)
    design = one_hot(codes)
    found = fit_group_effects(rest, design, [slice(0, 3)], 2.0)
    assert design.sum(axis=0) @ found == pytest.approx(np.zeros(200), abs=1e-4)


def test_a_level_of_one_row_has_no_shift_of_its_own():
    codes = np.repeat([0, 1, 2], [1, 20, 20])
    rest = np.zeros((5, 41), dtype=np.float32)
    rest[:, 0] = 10.0
    assert not fit_group_effects(rest, one_hot(codes), [slice(0, 3)], 2.0).any()


def test_a_second_covariate_gets_only_what_the_first_left():
    rng = np.random.default_rng(3)
    codes = np.repeat([0, 1], 40)
    rest = (rng.standard_normal((300, 80)) + 3.0 * codes).astype(np.float32)
    twice = np.hstack([one_hot(codes), one_hot(codes)])
    found = fit_group_effects(rest, twice, [slice(0, 2), slice(2, 4)], 0.0)
    assert np.abs(found[:2]).mean() > 1
    assert np.abs(found[2:]).max() < 1e-4
