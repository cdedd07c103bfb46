"""What is made of dosages a few variants at a time, against the same arithmetic on whole arrays."""

import numpy as np
import pytest

from synthgen.encoders import top_directions
from synthgen.encoders.block_stream import (
    DosageScores,
    block_size,
    count_dosages,
    decode_dosages,
    fit_dosages,
    looked_up,
)
from synthgen.encoders.level_marginals import fit_level_marginals, marginals_of_counts
from synthgen.encoders.linkage import LinkageFit, draw_linked, draw_linked_parts, fit_linkage
from synthgen.encoders.low_rank import Design, fit_factors
from synthgen.encoders.normal_scores import conditional_scores, scores_of_counts
from synthgen.encoders.score_chunks import ArrayScores
from synthgen.encoders.wide_columns import WideOptions
from tests.common.genotypes import dosages


class Held:
    """Dosages in memory that count how often they are gone through."""

    def __init__(self, values):
        self.values, self.purposes = values, []
        self.n_variants, self.n_people = values.shape

    def blocks(self, size, purpose):
        self.purposes.append(purpose)
        for start in range(0, self.n_variants, size):
            part = slice(start, min(start + size, self.n_variants))
            yield part, self.values[part]


def as_floats(values):
    return np.where(values < 0, np.float32(np.nan), values.astype(np.float32))


def kept_of(values):
    return count_dosages(Held(values)).kept()


@pytest.mark.parametrize("n_people", [4, 7, 60])
def test_marginals_of_counts_are_those_of_the_values(n_people):
    values, _ = dosages(80, n_people)
    values[9], values[10] = 2, 1
    values[11, :] = 0
    values[11, 0] = 2
    kept = kept_of(values)
    floats = as_floats(values)
    floats[kept.n_present == 0] = np.nan
    wanted, found = fit_level_marginals(floats), marginals_of_counts(kept.counts, n_people)
    assert np.array_equal(wanted.levels, found.levels, equal_nan=True)
    assert np.array_equal(wanted.shares, found.shares)


def test_scores_of_counts_are_those_of_the_values():
    values, _ = dosages(80, 60)
    counts = count_dosages(Held(values)).counts
    scores, information = scores_of_counts(counts)
    wanted, wanted_information = conditional_scores(as_floats(values))
    table = np.concatenate([scores, np.zeros((80, 1), dtype=np.float32)], axis=1)
    assert np.array_equal(looked_up(table, values), wanted)
    assert information == pytest.approx(wanted_information, rel=1e-12)


def test_a_variant_that_few_have_counts_as_missing_throughout():
    values, _ = dosages(30, 60)
    counts = count_dosages(Held(values))
    assert counts.n_present[6] == 3
    assert counts.kept().n_present[6] == 0
    chunks = list(DosageScores(Held(values), counts.kept(), 8).chunks("test"))
    scores, gaps = np.concatenate([c[1] for c in chunks]), np.concatenate([c[2] for c in chunks])
    assert not scores[6].any() and gaps[6].all()
    assert (gaps[8:] == (values[8:] < 0)).all()


@pytest.mark.parametrize("size", [256, 512])
def test_links_are_the_same_to_the_last_bit_however_many_columns_come_together(size):
    values, _ = dosages(900, 150)
    levels = np.where(values < 0, -1, values).astype(np.int8)
    scores = np.random.default_rng(0).standard_normal((150, 2)).astype(np.float32)
    whole, apart = fit_linkage(levels, scores), LinkageFit(900, 3, scores)
    for start in range(0, 900, size):
        apart.add(levels[start : start + size])
    for name, wanted in whole.to_state().items():
        assert np.array_equal(wanted, apart.linkage().to_state()[name]), name
    assert (whole.weights[size : size + 48] != 0).any()  # links across the border


def test_parts_of_a_draw_are_the_whole(monkeypatch):
    from synthgen.encoders import linkage as module

    values, _ = dosages(300, 150, missing=0)
    scores = np.random.default_rng(0).standard_normal((150, 2)).astype(np.float32)
    linkage = fit_linkage(values, scores)
    monkeypatch.setattr(module, "_COLUMNS_PER_DRAW", 64)
    parts = list(draw_linked_parts(linkage, scores, 1, 0))
    assert [p.stop - p.start for p, _ in parts] == [64, 64, 64, 64, 44]
    assert (np.concatenate([levels for _, levels in parts]) == draw_linked(linkage, scores, 1, 0)).all()


def test_randomised_directions_are_those_of_the_gram_matrix(monkeypatch):
    values, _ = dosages(500, 90)
    scores, information = conditional_scores(as_floats(values))
    source = ArrayScores(scores, information)
    exact = top_directions.top_directions(source, 2, 0)
    monkeypatch.setattr(top_directions, "MAX_GRAM_ROWS", 10)
    found = top_directions.top_directions(source, 2, 0)
    assert found[0] == pytest.approx(exact[0], rel=1e-4)
    assert np.abs((found[1] * exact[1]).sum(axis=0)) == pytest.approx(1, abs=1e-3)
    assert found[2] == pytest.approx(float((scores.astype(float) ** 2).sum()))
    singular = np.linalg.svd(scores.astype(float), compute_uv=False)[:2]
    assert np.sqrt(exact[0]) == pytest.approx(singular, rel=1e-5)


def test_factors_do_not_depend_on_how_the_scores_come():
    values, population = dosages(700, 120)
    values[5:8] = 1 - (values[8:11] > 0)
    design = Design(np.eye(3, dtype=np.float32)[population], [slice(0, 3)], 2.0)
    gaps = values < 0
    whole, common = fit_factors(*conditional_scores(as_floats(values)), 3, design, 0, gaps)
    held = Held(values)
    options = WideOptions(reduce=3)
    block, matrix = fit_dosages(
        [f"v{i}" for i in range(700)], "float32", held, kept_of(values), options, design, 0, 64
    )
    assert matrix == pytest.approx(common, abs=1e-4)
    for name in ("projection", "loadings", "residual", "shifts"):
        assert getattr(block.factors, name) == pytest.approx(getattr(whole, name), abs=1e-4), name
    assert held.purposes == ["common factors", "factors", "group effects"]


def test_decoded_parts_are_the_decoded_block():
    values, population = dosages(2_300, 80)
    one_hot = np.eye(3, dtype=np.float32)[population]
    design = Design(one_hot, [slice(0, 3)], 2.0)
    for linked in (True, False):
        options = WideOptions(reduce=2, linked=linked)
        names = [f"v{i}" for i in range(2_300)]
        block, _ = fit_dosages(names, "float32", Held(values), kept_of(values), options, design, 0)
        assert (block.linkage is not None) is linked
        scores = np.random.default_rng(1).standard_normal((1_100, 2)).astype(np.float32)
        rows = one_hot[np.arange(1_100) % 80]
        whole = block.inverse_transform(scores, rows, 0, 7).to_numpy().T
        parts = np.concatenate(list(decode_dosages(block, scores, rows, 7)))
        assert np.array_equal(as_floats(parts), whole, equal_nan=True)


def test_blocks_are_whole_steps_and_no_larger_than_memory_allows():
    assert block_size(2_000) == 4_096
    assert block_size(4_000) == 4_096
    for n_people in (4_001, 20_000, 500_000, 10**7):
        assert block_size(n_people) % 256 == 0
        assert block_size(n_people) == 256 or block_size(n_people) * n_people <= 2**24
