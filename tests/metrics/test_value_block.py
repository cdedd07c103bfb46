import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.value_block import LIMIT, block_values, find_block, number_columns
from synthgen.rng import stream


def table(values, **more):
    """A coded table of a matrix, with more columns by name."""
    columns = [CodedColumn(f"c{j}", "continuous", v) for j, v in enumerate(np.asarray(values, dtype=float).T)]
    columns += [CodedColumn(name, "continuous", np.asarray(v, dtype=float)) for name, v in more.items()]
    return CodedTable(tuple(columns), len(values))


def draw(kind, n=30, p=220, seed=0):
    random = stream(seed, "test.value_block")
    return {
        "haplotypes": lambda: random.integers(0, 2, (n, p)),
        "dosages": lambda: random.integers(0, 3, (n, p)),
        "counts": lambda: random.poisson(4, (n, p)),
        "continuous": lambda: random.normal(size=(n, p)),
    }[kind]()


@pytest.mark.parametrize("family", ["haplotypes", "dosages", "counts", "continuous"])
def test_each_family_is_told_by_its_values(family):
    block = find_block(table(draw(family)))
    assert block is not None and block.family == family
    assert block.columns.tolist() == list(range(220))
    assert block.is_genotypes == (family in ("haplotypes", "dosages"))
    assert block.ploidy == (2 if family == "dosages" else 1)


@pytest.mark.parametrize("family", ["haplotypes", "dosages", "counts", "continuous"])
def test_missing_values_and_constant_columns_belong_to_any_family(family):
    values = draw(family).astype(float)
    values[:5, ::3] = np.nan
    values[:, 7] = 0
    values[:, 8] = np.nan
    block = find_block(table(values))
    assert block is not None and block.family == family and len(block.columns) == 220


def test_covariates_beside_the_block_are_left_out():
    age = np.arange(30) + 0.5
    block = find_block(table(draw("dosages"), age=age, weight=age))
    assert block is not None and block.family == "dosages" and block.columns.max() == 219
    block = find_block(table(draw("haplotypes"), stage=np.arange(30) % 3))
    assert block is not None and block.family == "haplotypes" and block.columns.max() == 219


def test_the_target_is_no_gene():
    values = draw("haplotypes")
    block = find_block(table(values), "c5")
    assert block is not None and 5 not in block.columns and len(block.columns) == 219


def test_few_columns_make_no_block():
    assert find_block(table(draw("counts", p=199))) is None


@pytest.mark.parametrize("n_whole", [5, 30, 150])
@pytest.mark.parametrize("family", ["counts", "dosages", "haplotypes"])
def test_continuous_genes_that_happen_to_be_whole_stay_in_the_block(family, n_whole):
    values = np.concatenate([draw(family, p=n_whole), draw("continuous", p=220)], axis=1)
    block = find_block(table(values))
    assert block is not None and block.family == "continuous"
    assert block.columns.tolist() == list(range(220 + n_whole))


def test_numbers_among_many_levels_make_no_block():
    numbers = [CodedColumn(f"x{j}", "continuous", v) for j, v in enumerate(draw("continuous", p=150).T)]
    levels = [
        CodedColumn(f"b{j}", "boolean", v.astype(int), (False, True))
        for j, v in enumerate(draw("haplotypes", p=150).T)
    ]
    coded = CodedTable((*numbers, *levels), 30)
    assert find_block(coded) is None
    assert number_columns(coded, "x0") == list(range(1, 300))


def test_levels_that_are_numbers_count_as_numbers():
    columns = [CodedColumn(f"c{j}", "boolean", np.array([0, 1, -1, 1]), (False, True)) for j in range(200)]
    coded = CodedTable(tuple(columns), 4)
    block = find_block(coded)
    assert block is not None and block.family == "haplotypes"
    np.testing.assert_array_equal(block_values(coded, block.columns[:1]), [[0, 1, np.nan, 1]])
    names = [CodedColumn(f"c{j}", "categorical", np.array([0, 1]), ("a", "b")) for j in range(200)]
    assert find_block(CodedTable(tuple(names), 2)) is None


def test_the_matrix_has_a_row_a_column_and_no_infinity():
    found = block_values(table([[1.0, np.nan], [1e300, -1e300]]), np.array([1, 0]))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[np.nan, -LIMIT], [1, LIMIT]], rtol=1e-6)


def test_a_data_frame_of_eight_bit_dosages_is_read_as_genotypes(coded):
    frame = pd.DataFrame(draw("dosages").astype(np.int8), columns=[f"rs{j}" for j in range(220)])
    block = find_block(coded(real=frame)["real"])
    assert block is not None and block.family == "dosages"
