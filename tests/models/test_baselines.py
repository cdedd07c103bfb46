"""The baselines: columns drawn by themselves, and training rows drawn again."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

from synthgen import load
from synthgen.exceptions import ConditionError, DataError, ParameterError
from synthgen.layout import Block, MatrixLayout
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.independent import IndependentMarginals, IndependentModel
from synthgen.models.row_encoder import RowEncoder, matrix_to_numbers, numbers_to_matrix
from synthgen.schema import Column, Schema
from synthgen.table.infer import infer_schema
from tests.common.encoder_checks import check_dtype


@pytest.fixture(scope="module")
def related():
    """Two numbers and a class that go together; the first number is often 0 and sometimes missing."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    y = 2 * x + 0.1 * rng.normal(size=2000)
    group = np.select([x > 0.8, x > 0], ["high", "middle"], "low")
    x = np.where(rng.random(2000) < 0.3, 0.0, x)
    x[rng.random(2000) < 0.1] = np.nan
    return pd.DataFrame({"x": x, "y": y, "group": group})


@pytest.fixture(scope="module")
def wide():
    """60 rows of 400 columns of one common factor, and a class that goes with it."""
    rng = np.random.default_rng(1)
    factor = rng.normal(size=60)
    values = np.outer(factor, rng.uniform(1, 2, 400)) + rng.normal(size=(60, 400)) + np.arange(400)
    table = pd.DataFrame(values.astype(np.float32), columns=[f"g{i}" for i in range(400)])
    table.insert(0, "tissue", np.where(factor > 0, "liver", "lung"))
    return table


def drawn_rows(sample, table):
    """The training rows that a sample of a table with a column `number` claims to be."""
    return table.iloc[sample["number"].to_numpy()].reset_index(drop=True)


# IndependentMarginals


def test_every_column_keeps_its_own_distribution(related):
    synthetic = IndependentMarginals(random_state=0).fit(related).sample(20_000, random_state=0)
    shares = related["group"].value_counts(normalize=True)
    assert (synthetic["group"].value_counts(normalize=True) - shares).abs().max() < 0.015
    assert abs(synthetic["x"].isna().mean() - related["x"].isna().mean()) < 0.015
    assert abs((synthetic["x"] == 0).mean() - (related["x"] == 0).mean()) < 0.015
    for name in ("x", "y"):
        assert stats.ks_2samp(synthetic[name].dropna(), related[name].dropna()).statistic < 0.04


def test_no_two_columns_depend_on_each_other(related):
    synthetic = IndependentMarginals(random_state=0).fit(related).sample(20_000, random_state=1)
    assert related["x"].corr(related["y"]) > 0.7
    assert abs(synthetic["x"].corr(synthetic["y"])) < 4 / np.sqrt(20_000)
    above = pd.crosstab(synthetic["group"], synthetic["y"] > 0)
    assert stats.chi2_contingency(above).pvalue > 1e-4
    gaps = pd.crosstab(synthetic["group"], synthetic["x"].isna())
    assert stats.chi2_contingency(gaps).pvalue > 1e-4


def test_a_number_counts_only_where_its_gate_is_open():
    layout = MatrixLayout(
        (
            Block("a", "one-hot", 0, 3, ("0", "<missing>", "<rest>")),
            Block("a", "numeric", 3, 4, ("score",), gate=2),
            Block("b", "numeric", 4, 5, ("score",)),
        )
    )
    training = np.zeros((10, 5), dtype=np.float32)
    training[np.arange(10), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2]] = 1
    rows = np.concatenate([IndependentModel.fit(training, layout).generate_block(3, b) for b in range(20)])
    assert (rows[:, :3].sum(axis=1) == 1).all()
    assert ((rows[:, 3] != 0) == (rows[:, 2] == 1)).all()
    assert np.abs(rows[:, :3].mean(axis=0) - [0.5, 0.1, 0.4]).max() < 0.015
    for normal in (rows[rows[:, 2] == 1, 3], rows[:, 4]):
        assert stats.kstest(normal, "norm").pvalue > 1e-4


def test_a_level_without_training_rows_is_never_drawn():
    layout = MatrixLayout((Block("a", "one-hot", 0, 4, ("p", "q", "r", "s")),))
    training = np.eye(4, dtype=np.float32)[[1, 1, 3]]
    drawn = IndependentModel.fit(training, layout).generate_block(0, 0).argmax(axis=1)
    assert set(drawn) == {1, 3}


def test_independent_marginals_give_every_dtype_back(awkward, mixed):
    for table in (awkward, mixed):
        synthetic = IndependentMarginals(random_state=0).fit(table).sample(2000, random_state=0)
        for name in table.columns:
            check_dtype(synthetic[name], table[name])
        assert (synthetic.isna().mean() - table.isna().mean()).abs().max() < 0.04


def test_a_wide_table_keeps_its_columns_and_loses_their_dependence(wide):
    synthetic = IndependentMarginals(random_state=0).fit(wide).sample(3000, random_state=0)
    real, fake = wide.drop(columns="tissue"), synthetic.drop(columns="tissue")
    assert np.abs(np.corrcoef(real.T))[np.triu_indices(400, 1)].mean() > 0.5
    correlations = np.corrcoef(fake.T)[np.triu_indices(400, 1)]
    assert np.abs(correlations).mean() < 1.1 * np.sqrt(2 / np.pi / 3000)  # what 3,000 independent rows have
    assert np.abs((fake.mean() - real.mean()) / real.std()).max() < 0.25
    assert ((fake.std() / real.std()) - 1).abs().median() < 0.1
    of_liver = fake[(synthetic["tissue"] == "liver").to_numpy()].mean()
    assert np.abs((of_liver - fake.mean()) / fake.std()).max() < 5 / np.sqrt(1500)


def test_covariates_of_a_wide_table_can_be_asked_for(wide):
    model = IndependentMarginals(covariates=["g7"], random_state=0).fit(wide)
    rows = model.sample(20, conditions={"tissue": "lung", "g7": (6.0, 8.0)}, random_state=0)
    assert (rows["tissue"] == "lung").all() and rows["g7"].between(6, 8).all()
    with pytest.raises(ParameterError, match="names column 'g400', which the table lacks"):
        IndependentMarginals(covariates=["g400"]).fit(wide)


# Bootstrap


def test_rows_come_back_exactly(awkward, mixed):
    for table in (awkward, mixed):
        table = table.assign(number=np.arange(len(table)))
        sample = Bootstrap().fit(table).sample(300, random_state=0)
        assert_frame_equal(sample, drawn_rows(sample, table), check_exact=True)


def test_numbers_come_back_bit_for_bit():
    bits = np.array(
        [0, 2**63, 1, 0x7FF8000000000001, 0x3FB999999999999A, 0xFFEFFFFFFFFFFFFF], dtype=np.uint64
    )
    table = pd.DataFrame(
        {"value": bits.view(np.float64), "number": np.arange(6)}
    )  # -0.0, a NaN with a payload, ...
    sample = Bootstrap().fit(table).sample(100, random_state=0)
    assert (sample["value"].to_numpy().view(np.uint64) == bits[sample["number"]]).all()


@pytest.mark.parametrize(
    "values",
    [
        pd.Categorical(pd.array([1, 2, None, 1, 2, 1], dtype="Int8")),
        pd.Categorical(pd.array(["a", "b", None, "a", "b", "c"], dtype="string[python]"), ordered=True),
        pd.Categorical([None] * 6, categories=["a", "b"]),
        pd.Categorical([0.5, 1.5, None, 0.5, 0.5, 0.5]),
        pd.Series([None] * 6, dtype="Int64"),
        pd.Series([None] * 6, dtype=object),
        pd.Series([pd.NaT] * 5 + [pd.Timestamp("2020-10-25 00:30", tz="UTC")]).dt.tz_convert("Europe/Paris"),
    ],
    ids=["nullable", "string", "no value", "float", "all NA", "all None", "clock change"],
)
def test_unusual_columns_come_back_exactly(values, tmp_path):
    table = pd.DataFrame({"value": values, "number": np.arange(6)})
    Bootstrap().fit(table).save(tmp_path / "m.synthgen")
    sample = load(tmp_path / "m.synthgen").sample(50, random_state=0)
    assert_frame_equal(sample, drawn_rows(sample, table), check_exact=True)


def test_every_row_is_as_likely_as_any_other():
    table = pd.DataFrame({"number": np.arange(40.0)})
    counts = Bootstrap().fit(table).sample(20_000, random_state=0)["number"].value_counts()
    assert len(counts) == 40
    assert stats.chisquare(counts).pvalue > 1e-4


def test_identifiers_and_free_text_are_repeated():
    notes = [f"the patient reports a mild pain in the left knee since day {i}" for i in range(30)]
    table = pd.DataFrame({"id": [f"P-{i:04d}" for i in range(30)], "note": notes})
    model = Bootstrap().fit(table)
    assert [c.kind for c in model.schema_] == ["identifier", "text"]
    sample = model.sample(100, random_state=0)
    assert len(sample.merge(table)) == 100


def test_one_row_is_enough_to_meet_a_condition():
    table = pd.DataFrame({"x": np.arange(5000.0), "kind": ["usual"] * 4999 + ["rare"]})
    model = Bootstrap().fit(table)
    assert (model.sample(50, conditions={"kind": "rare"})["x"] == 4999).all()
    assert (model.sample(50, conditions={"x": (17.0, 17.5)})["x"] == 17).all()
    assert model.sample(2, conditions=pd.DataFrame({"x": [3.0, 1.0]}))["x"].tolist() == [3, 1]
    with pytest.raises(ConditionError, match="No training row had kind = 'rare' and x = 5"):
        model.sample(1, conditions={"kind": "rare", "x": 5.0})


def test_missing_values_can_be_asked_for(mixed):
    rows = Bootstrap().fit(mixed).sample(50, conditions={"sex": None, "age": (30, 60)}, random_state=0)
    assert rows["sex"].isna().all() and rows["age"].between(30, 60).all()


def test_rows_are_the_same_from_the_file(awkward, tmp_path):
    model = Bootstrap().fit(awkward)
    model.save(tmp_path / "m.synthgen")
    sample = load(tmp_path / "m.synthgen").sample(200, random_state=1)
    assert_frame_equal(sample, model.sample(200, random_state=1), check_exact=True)


def test_a_table_changed_after_the_fit_changes_nothing(awkward):
    table = awkward.copy(deep=True)
    model = Bootstrap().fit(table)
    for name in table:
        table[name].array[:30] = table[name].array[30:]
    assert not table.equals(awkward)
    assert_frame_equal(model.encoder_.rows_, awkward)


def test_it_says_that_it_gives_away_every_row(diabetes):
    notes = " ".join(Bootstrap().fit(diabetes).describe()["privacy"])
    assert f"all {len(diabetes)} training rows are stored in this file as they are" in notes
    assert "every sampled row is one of them" in notes
    assert "stores every training row" in Bootstrap.__doc__


def test_a_declared_schema_changes_no_value(diabetes):
    table = diabetes.assign(number=np.arange(len(diabetes)))
    schema = Schema((Column("age", "categorical"), Column("s1", "integer")))
    sample = Bootstrap(schema=schema).fit(table).sample(100, random_state=0)
    assert_frame_equal(sample, drawn_rows(sample, table), check_exact=True)


def test_a_wide_table_is_repeated_exactly(wide):
    table = wide.assign(number=np.arange(60))
    model = Bootstrap().fit(table)
    sample = model.sample(100, random_state=0)
    assert_frame_equal(sample, drawn_rows(sample, table), check_exact=True)
    low, high = wide["g3"].nsmallest(2)
    assert (model.sample(5, conditions={"g3": (low, (low + high) / 2)})["g3"] == low).all()


def test_a_wide_table_is_kept_once():
    table = pd.DataFrame(np.ones((400, 5000), dtype=np.float32)).rename(columns=str)
    schema = infer_schema(table)
    tracemalloc.start()
    encoder = RowEncoder(schema).fit(table)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    n_bytes = 400 * 5000 * 4
    assert len(encoder.rows_) == 400
    assert n_bytes < kept < 1.3 * n_bytes
    assert peak < 2 * n_bytes


def test_row_numbers_are_exact_beyond_what_float32_counts():
    numbers = np.array([0, 1, 2**20, 2**24 + 1, 2**31 + 7, 2**40 + 3])
    matrix = numbers_to_matrix(numbers)
    assert matrix.dtype == np.float32
    assert (matrix_to_numbers(matrix) == numbers).all()


def test_only_the_rows_of_the_fit_have_numbers(diabetes):
    encoder = Bootstrap().fit(diabetes).encoder_
    assert matrix_to_numbers(encoder.transform(diabetes)).tolist() == list(range(len(diabetes)))
    with pytest.raises(DataError, match=r"Only the 442 rows of `fit` have numbers\. Got a table of 3 rows"):
        encoder.transform(diabetes.head(3))
