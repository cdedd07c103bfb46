"""What is measured of a generator, against formulas written out and references."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from synthgen.exceptions import DataError
from synthgen.layout import Block, MatrixLayout
from synthgen.rng import stream
from synthgen.training.audit import AuditRecipe, audit
from synthgen.training.collapse import MAX_ROWS, MEASURES, Watch, auc
from synthgen.training.coverage import MIN_EXPECTED, Coverage, duplicate_share
from synthgen.training.geometry import (
    MAX_COORDINATES,
    Coordinates,
    among_themselves,
    nearest,
    participation,
    total_variance,
)

LAYOUT = MatrixLayout(
    (
        Block("x", "numeric", 0, 1, ("score",)),
        Block("y", "numeric", 1, 2, ("score",)),
        Block("c", "one-hot", 2, 5, ("p", "q", "r")),
    )
)


def rows_of(n, seed, shares=(0.5, 0.3, 0.2)):
    """x and y are correlated; c depends on neither."""
    draw = stream(seed, "test.collapse")
    x = draw.standard_normal(n)
    y = 0.6 * x + 0.8 * draw.standard_normal(n)
    c = np.eye(3)[draw.choice(3, n, p=shares)]
    return np.column_stack([x, y, c]).astype(np.float32)


def numbers(width):
    return MatrixLayout(tuple(Block(f"x{i}", "numeric", i, i + 1, ("score",)) for i in range(width)))


@pytest.fixture(scope="module")
def watch():
    return Watch.of(rows_of(1500, 0), rows_of(400, 1), LAYOUT, 0)


def test_honest_rows_are_within_noise_of_the_real_ones(watch):
    found = watch.measure(rows_of(4096, 2))
    assert found["participation_ratio"] == pytest.approx(1, abs=0.06)
    assert found["spread"] == pytest.approx(1, abs=0.05)
    assert found["nearest_train"] == pytest.approx(1, abs=0.15)
    assert found["nearest_fake"] == pytest.approx(1, abs=0.15)
    assert found["nearer_to_train"] == pytest.approx(0.5, abs=0.06)
    assert found["duplicates"] == pytest.approx(0, abs=0.05)
    assert (found["lost_levels"], found["empty_bins"]) == (0, 0)


def test_every_measure_has_a_name(watch):
    assert list(watch.measure(rows_of(100, 2))) == [
        *("d_auc_train", "d_auc_validation", "d_gap", "d_accuracy_train", "d_accuracy_validation"),
        *("lost_levels", "empty_bins", "duplicates"),
        *("participation_ratio", "spread", "nearest_train", "nearest_fake", "nearer_to_train"),
    ]
    assert set(watch.measure(rows_of(100, 2))) == set(MEASURES)


def test_a_seed_repeats_the_measures():
    one, two, other = (
        Watch.of(rows_of(3000, 0), rows_of(500, 1), LAYOUT, s).measure(rows_of(3000, 2), lambda r: r[:, 0])
        for s in (5, 5, 6)
    )
    assert one == two
    assert one != other


def test_one_point_is_all_that_a_collapsed_generator_makes(watch):
    found = watch.measure(np.repeat(rows_of(1, 3), 2048, axis=0))
    assert found["participation_ratio"] == found["nearest_fake"] == 0
    assert found["spread"] < 1e-12
    assert found["duplicates"] > 0.5
    assert found["lost_levels"] == 2
    assert found["empty_bins"] == pytest.approx(38 / 40)


def test_rows_on_a_line_have_one_direction():
    layout = numbers(6)
    draw = stream(0, "test.line")
    real = draw.standard_normal((1000, 6)).astype(np.float32)
    line = np.repeat(draw.standard_normal((1000, 1)), 6, axis=1).astype(np.float32)
    found = Watch.of(real, real[:0], layout, 0).measure(line)
    assert found["participation_ratio"] == pytest.approx(1 / 6, abs=0.01)
    assert found["spread"] == pytest.approx(1, abs=0.1)


def test_copies_of_training_rows_lie_on_them():
    layout, draw = numbers(4), stream(0, "test.copies")
    real, held = (draw.standard_normal((800, 4)).astype(np.float32) for _ in range(2))
    found = Watch.of(real, held, layout, 0).measure(real[draw.integers(0, 800, 1000)])
    assert found["nearest_train"] == 0
    assert found["nearer_to_train"] > 0.75  # a copied row may be among those not compared with: 400 are


def test_without_validation_rows_training_rows_stand_for_them():
    layout, draw = numbers(4), stream(0, "test.alone")
    real, fake = (draw.standard_normal((800, 4)).astype(np.float32) for _ in range(2))
    found = Watch.of(real, real[:0], layout, 0).measure(fake, lambda rows: rows[:, 0])
    assert found["nearest_train"] == pytest.approx(1, abs=0.1)
    assert all(
        math.isnan(found[m])
        for m in ("d_auc_validation", "d_gap", "d_accuracy_validation", "nearer_to_train")
    )


def test_scores_become_auc_accuracy_and_gap():
    training, validation, fake = rows_of(1000, 0), rows_of(600, 1), rows_of(1200, 2)
    training[:, 0] += 1.0
    validation[:, 0] += 0.5
    found = Watch.of(training, validation, LAYOUT, 0).measure(fake, lambda rows: rows[:, 0])

    def reference(real):
        return roc_auc_score(np.repeat([1, 0], [len(real), len(fake)]), np.r_[real[:, 0], fake[:, 0]])

    assert found["d_auc_train"] == pytest.approx(reference(training))
    assert found["d_auc_validation"] == pytest.approx(reference(validation))
    assert found["d_gap"] == pytest.approx(reference(training) - reference(validation))
    middle = np.median(np.r_[training[:, 0], fake[:1000, 0]])
    rights = [
        ((real[:, 0] > middle).mean() + (fake[:, 0] < middle).mean()) / 2 for real in (training, validation)
    ]
    assert [found["d_accuracy_train"], found["d_accuracy_validation"]] == pytest.approx(rights, abs=1e-3)


def test_a_discriminator_of_several_rows_gives_fewer_scores(watch):
    found = watch.measure(
        rows_of(1000, 2), lambda rows: rows[: len(rows) // 4 * 4, 0].reshape(-1, 4).mean(axis=1)
    )
    assert 0.3 < found["d_auc_train"] < 0.7


def test_without_a_discriminator_nothing_is_said_of_it(watch):
    found = watch.measure(rows_of(100, 2))
    assert all(math.isnan(found[m]) for m in MEASURES if m.startswith("d_"))


def test_ties_count_half():
    assert auc(np.array([1.0, 1.0, 2.0]), np.array([1.0, 0.0])) == pytest.approx((0.5 + 1) * 2 / 6 + 2 / 6)
    assert math.isnan(auc(np.empty(0), np.ones(3)))


def test_participation_ratio_is_that_of_the_eigenvalues():
    points = stream(0, "test.pr").standard_normal((300, 7)) * [5, 3, 1, 1, 0.5, 0.1, 0]
    values = np.linalg.eigvalsh(np.cov(points.T))
    expected = values.sum() ** 2 / (values**2).sum()
    assert participation(points) == pytest.approx(expected)
    assert participation(points[:5]) == pytest.approx(np.trace(c := np.cov(points[:5].T)) ** 2 / (c**2).sum())
    assert participation(np.ones((4, 3))) == 0
    assert total_variance(points) == pytest.approx(points.var(axis=0).sum())


def test_nearest_distances_are_those_of_a_reference_search():
    draw = stream(0, "test.nearest")
    points, others = draw.standard_normal((50, 5)), draw.standard_normal((80, 5))
    expected = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(others).kneighbors(points)[0][:, 0]
    np.testing.assert_allclose(nearest(points, others), expected)
    among = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(points).kneighbors(points)[0][:, 1]
    np.testing.assert_allclose(among_themselves(points, 30), among[:30])
    assert len(among_themselves(points[:1], 30)) == 0


def test_every_block_counts_alike_but_rare_levels_are_not_blown_up():
    rows = rows_of(5000, 0, shares=(0.5, 0.5, 0.0))
    rows[:, 1] = 0
    points = Coordinates.of(rows, LAYOUT, 0)(rows)
    variances = points.var(axis=0)
    assert [variances[0], variances[1], variances[2:].sum()] == pytest.approx([1, 0, 1], abs=0.01)
    rare = rows_of(5000, 0, shares=(0.98, 0.01, 0.01))
    points = Coordinates.of(rare, LAYOUT, 0)(rare)
    assert points[:, 2:].var(axis=0).sum() == pytest.approx(
        4 * rare[:, 2:].var(axis=0, dtype=np.float64).sum()
    )


def test_projection_of_wide_rows_keeps_distances():
    layout = numbers(1500)
    rows = stream(0, "test.wide").standard_normal((120, 1500)).astype(np.float32)
    points = Coordinates.of(rows, layout, 0)(rows)
    assert points.shape == (120, MAX_COORDINATES)
    scaled = rows / rows.std(axis=0)
    whole = np.linalg.norm(scaled[:60] - scaled[60:], axis=1)
    kept = np.linalg.norm(points[:60] - points[60:], axis=1)
    assert np.abs(kept / whole - 1).max() < 0.2
    assert np.mean(kept / whole) == pytest.approx(1, abs=0.02)


def test_a_wide_table_is_measured():
    layout = numbers(1500)
    draw = stream(0, "test.wide table")
    factors = draw.standard_normal((20, 1500))
    real, held, fake = (
        (draw.standard_normal((200, 20)) @ factors / math.sqrt(20)).astype(np.float32) for _ in range(3)
    )
    watch = Watch.of(real, held, layout, 0)
    found = watch.measure(fake)
    assert found["participation_ratio"] == pytest.approx(1, abs=0.05)
    assert found["nearest_train"] == pytest.approx(1, abs=0.05)
    assert watch.measure(fake[:10].repeat(20, axis=0))["participation_ratio"] < 0.6


def test_levels_are_lost_when_no_row_has_them():
    real = rows_of(5000, 0, shares=(0.9, 0.095, 0.005))
    coverage = Coverage.of(real, LAYOUT, 0)
    fake = rows_of(4000, 1, shares=(1, 0, 0))
    assert coverage.lost_levels(fake) == 1  # r is too rare to count
    few = fake[: int(MIN_EXPECTED / 0.2)]
    assert coverage.lost_levels(few) == 0  # of so few rows fewer than MIN_EXPECTED should be q


def test_half_of_the_numbers_missing_empties_half_of_the_bins():
    real = rows_of(3000, 0)
    fake = real.copy()
    fake[:, 0] = np.abs(fake[:, 0])
    assert Coverage.of(real, LAYOUT, 0).empty_bins(fake) == pytest.approx(10 / 40, abs=0.026)


def test_numbers_behind_a_closed_gate_do_not_count():
    layout = MatrixLayout(
        (Block("x", "one-hot", 0, 2, ("there", "missing")), Block("x", "numeric", 2, 3, ("score",), gate=0))
    )
    draw = stream(0, "test.gate")
    there = draw.random(2000) < 0.5
    real = np.column_stack([there, ~there, there * draw.standard_normal(2000)]).astype(np.float32)
    coverage = Coverage.of(real, layout, 0)
    assert coverage.empty_bins(real) == 0
    shut = np.tile(np.array([[0, 1, 0]], dtype=np.float32), (2000, 1))
    assert coverage.empty_bins(shut) == 1


def test_keys_are_equal_for_equal_rows_only():
    real = rows_of(500, 0)
    coverage = Coverage.of(real, LAYOUT, 0)
    again = real.copy()
    again[:, 0] = np.rint(again[:, 0] * 10) / 10
    assert (coverage.keys(real) == coverage.keys(again)).all()
    rounded = np.column_stack([np.rint(real[:, :2] * 10), real[:, 2:]])
    assert len(np.unique(coverage.keys(real))) == len(np.unique(rounded, axis=0))
    assert duplicate_share(np.array([1, 1, 2, 3])) == 0.5


def test_duplicates_of_a_table_of_few_levels_are_no_fault():
    layout = MatrixLayout((Block("c", "one-hot", 0, 3, ("p", "q", "r")),))
    real, held, fake = (rows_of(n, s)[:, 2:] for n, s in ((900, 0), (300, 1), (2000, 2)))
    found = Watch.of(real, held, layout, 0).measure(fake)
    assert found["duplicates"] == 0
    assert found["nearer_to_train"] == 0.5
    assert math.isnan(found["nearest_train"])


@pytest.mark.parametrize("n", [1, 2, 4, 30])
def test_few_rows_are_measured_without_complaint(n):
    found = Watch.of(rows_of(n, 0), rows_of(0, 1), LAYOUT, 0).measure(rows_of(50, 2), lambda r: r[:, 0])
    assert set(found) == set(MEASURES)
    assert set(Watch.of(rows_of(60, 0), rows_of(9, 1), LAYOUT, 0).measure(rows_of(n, 2))) == set(MEASURES)


def test_constant_rows_are_measured_without_complaint():
    rows = np.zeros((50, 2), dtype=np.float32)
    found = Watch.of(rows, rows[:0], numbers(2), 0).measure(rows)
    assert math.isnan(found["participation_ratio"]) and math.isnan(found["spread"])


def test_a_small_table_is_compared_with_groups_of_its_own_size():
    """Fewer rows have fewer directions and lie further apart: 40 rows against 1,024 would look like an alarm."""
    layout = numbers(30)
    draw = stream(0, "test.groups")
    real, fake = (draw.standard_normal((n, 30)).astype(np.float32) for n in (40, 2048))
    found = Watch.of(real, real[:0], layout, 0).measure(fake)
    assert found["participation_ratio"] == pytest.approx(1, abs=0.1)
    assert found["nearest_fake"] == pytest.approx(1, abs=0.1)


def test_no_more_rows_than_the_most_are_kept():
    watch = Watch.of(rows_of(MAX_ROWS + 500, 0), rows_of(10, 1), LAYOUT, 0)
    assert (len(watch.training), len(watch.validation)) == (MAX_ROWS, 10)


QUICK = AuditRecipe(n_steps=150, batch_size=64, hidden_dims=(32,))


def test_an_auditor_sees_what_is_wrong_and_nothing_where_nothing_is():
    real, held, fake = rows_of(2000, 0), rows_of(1000, 1), rows_of(2000, 2)
    wrong = fake.copy()
    wrong[:, 1] = stream(0, "test.audit").permutation(wrong[:, 1])  # margins as they are, no correlation
    assert audit(fake, real, held, LAYOUT, 0, QUICK)["auditor_auc"] == pytest.approx(0.5, abs=0.05)
    assert audit(wrong, real, held, LAYOUT, 0, QUICK)["auditor_auc"] > 0.6


def test_an_audit_is_repeatable_whatever_the_global_streams_are():
    rows = rows_of(200, 0), rows_of(300, 1), rows_of(0, 2)
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(len(found))
        found.append(audit(*rows, LAYOUT, seed, QUICK))
    assert found[0] == found[1] != found[2]


def test_an_auditor_without_validation_rows_keeps_some_training_rows_aside():
    real, fake = rows_of(60, 0), rows_of(60, 1)
    found = audit(fake, real, real[:0], LAYOUT, 0, AuditRecipe(n_steps=300, batch_size=32, r1_weight=0.0))
    assert found["auditor_auc_train"] > found["auditor_auc"]


def test_an_audit_of_three_rows_is_refused():
    with pytest.raises(DataError, match=r"at least 4 fake rows. Got 3; draw or give more"):
        audit(rows_of(3, 0), rows_of(9, 1), rows_of(0, 1), LAYOUT, 0)
