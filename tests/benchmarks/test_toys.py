"""The toy problems: where modes are, what counts as covered, and the table of results."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.laboratory import toys
from benchmarks.laboratory.toy_problems import (
    TOYS,
    Mixture,
    cover,
    grid,
    nearest_neighbour_accuracy,
    rows_of,
)
from benchmarks.laboratory.toy_table import markdown
from synthgen.rng import stream


@pytest.mark.parametrize("name", TOYS)
def test_its_own_rows_cover_every_mode(name):
    toy = TOYS[name]
    found = cover(toy, rows_of(toy, 10_000, 0, "holdout"))
    # three standard deviations: in two directions for clouds of two columns, in one across a curve or on a line
    round_clouds = isinstance(toy, Mixture) and toy.n_columns == 2
    expected = 1 - np.exp(-4.5) if round_clouds else 0.9973
    assert found.n_covered == found.n_modes == len(toy.shares)
    assert found.within == pytest.approx(expected, abs=0.004)
    assert found.share_gap < 0.03


def test_rows_repeat_with_their_seed_and_part():
    toy = TOYS["spiral"]
    first = rows_of(toy, 50, 0, "train")
    pd.testing.assert_frame_equal(first, rows_of(toy, 50, 0, "train"))
    assert not np.isin(first["x"], rows_of(toy, 50, 0, "holdout")["x"]).any()
    assert not np.isin(first["x"], rows_of(toy, 50, 1, "train")["x"]).any()


def test_the_turned_grid_is_the_grid_turned_by_30_degrees():
    straight, turned = (grid(d, "").means @ [1, 1j] for d in (0, 30))
    assert turned == pytest.approx(straight * np.exp(1j * np.pi / 6))
    assert np.sort(np.unique(np.abs(straight.real))) == pytest.approx([0, 1, 2])


def test_lost_modes_and_rows_between_modes_are_seen():
    toy = TOYS["grid"]
    rows = rows_of(toy, 5000, 0, "train")
    half = rows[rows["x"] < 0.5]  # three of five columns of modes
    found = cover(toy, half)
    assert (found.n_covered, found.within > 0.98) == (15, True)
    assert found.share_gap == pytest.approx(10 / 25, abs=0.01)
    between = cover(toy, rows + 0.5)
    assert (between.n_covered, between.within, between.share_gap) == (0, 0.0, 1.0)


def test_a_mode_of_a_tenth_of_its_share_is_not_covered():
    toy = TOYS["line2"]
    low, high = toy.points(np.repeat(0, 1000), stream(0, "a")), toy.points(np.repeat(1, 20), stream(0, "b"))
    assert cover(toy, pd.DataFrame(np.concatenate([low, high]))).n_covered == 1
    high = toy.points(np.repeat(1, 300), stream(0, "b"))
    assert cover(toy, pd.DataFrame(np.concatenate([low, high]))).n_covered == 2


def test_nearest_neighbours_tell_distributions_and_copies():
    rng = stream(0, "nearest")
    one, two = rng.normal(size=(2, 2000, 2))
    assert nearest_neighbour_accuracy(one, two) == pytest.approx(0.5, abs=0.03)
    assert nearest_neighbour_accuracy(one, two + 100) == 1.0
    assert nearest_neighbour_accuracy(one, one.copy()) == 0.0


def test_real_rows_are_judged_as_such():
    toy = TOYS["moons"]
    found = toys.judged(toy, rows_of(toy, 10_000, 0, "other"), 0)
    assert (found["covered"], found["modes"]) == (2, 2)
    assert found["c2st_auc"] == pytest.approx(0.5, abs=0.02)
    assert found["nearest_accuracy"] == pytest.approx(0.5, abs=0.02)


def test_losses_have_equal_steps_and_the_default_its_own():
    assert [toys.steps_of(loss, None) for loss in ("ceiling", "default", "hinge")] == [
        None,
        None,
        toys.LOSS_STEPS,
    ]
    assert [toys.steps_of(loss, 70) for loss in ("ceiling", "default", "hinge")] == [None, 70, 70]


def test_the_table_has_means_over_seeds_the_fewest_modes_and_failures():
    def run(seed, covered, within):
        part = {"modes": 25, "covered": covered, "within": within, "c2st_auc": 0.6, "nearest_accuracy": 0.5}
        key = {"problem": "grid", "loss": "hinge", "steps": 2000, "seed": seed}
        return key | {
            "steps_done": 2000,
            "fit_cpu_seconds": 30.0,
            "sample_cpu_seconds": 2.0,
            "drawn": part,
            "chosen": part,
        }

    failed = {"problem": "grid", "loss": "minimax", "steps": 2000, "seed": 0, "error": "TrainingError"}
    lines = markdown([failed, run(0, 25, 0.9), run(1, 20, 0.8)]).splitlines()
    assert len(lines) == 4 and len({line.count("|") for line in lines}) == 1
    cells = [c.strip() for c in lines[2].split("|")[1:-1]]
    assert cells[:7] == ["grid", "hinge", "2000", "0 1", "32", "20 of 25", "20 of 25"]
    assert cells[7:] == ["85.0", "85.0", "0.600", "0.600", "0.500", "0.500"]
    assert "failed" in lines[3]
