"""Kinds are found with a reason, and bad tables are refused by name."""

import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthgen.exceptions import ColumnRejected, DataError, SchemaError
from synthgen.schema import Column, Schema
from synthgen.table.infer import infer_schema

N = 100
RNG = np.random.default_rng(0)
SENTENCE = "the patient reports a mild pain in the left knee since day {}"

KINDS = {
    "continuous": RNG.normal(size=N),
    "integer": RNG.integers(0, 9, N),
    "boolean": RNG.random(N) < 0.5,
    "categorical": np.array(["a", "b"])[RNG.integers(0, 2, N)],
    "datetime": pd.date_range("2020-01-01", periods=N),
    "constant": np.ones(N),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind):
    column = infer_schema(pd.DataFrame({"x": KINDS[kind]}))["x"]
    assert column.kind == kind
    assert column.reason


@pytest.mark.parametrize(
    ("name", "values", "kind", "reason"),
    [
        ("row", np.arange(5, 5 + N), "identifier", "count the 100 rows"),
        ("customer_id", np.arange(N) * 7 + 1000, "identifier", "the name says so"),
        ("No", np.arange(N) * 7 + 1000, "identifier", "the name says so"),
        ("volcano", np.arange(N) * 7 + 1000, "integer", "100 distinct"),
        ("wage", np.arange(N) * 7 + 1000, "integer", "100 distinct"),
        ("code", [f"X{i:03d}" for i in range(N)], "identifier", "all 100 strings distinct"),
        ("note", [SENTENCE.format(i) for i in range(N)], "text", "free text"),
        ("empty", [None] * N, "constant", "every value is missing"),
        ("nearly", [f"X{i:03d}" for i in range(N - 1)] + ["X000"], "categorical", "declare it identifier"),
        ("one or none", ["yes"] * 50 + [None] * 50, "categorical", "1 levels"),
    ],
)
def test_special_kinds(name, values, kind, reason):
    column = infer_schema(pd.DataFrame({name: values}))[name]
    assert column.kind == kind
    assert reason in column.reason


def test_few_distinct_strings_are_no_identifier():
    assert infer_schema(pd.DataFrame({"x": list("abcdef")}))["x"].kind == "categorical"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, 2]], "must be a pandas DataFrame. Got list"),
        (pd.DataFrame(), "empty: 0 rows, 0 columns"),
        (pd.DataFrame({"a": []}), "empty: 0 rows, 1 columns"),
        (pd.DataFrame({"a": [1], 3: [2]}), r"must be strings. Got 3 \(int\)"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "must be distinct. Repeated: 'a'"),
    ],
)
def test_bad_tables(table, message):
    with pytest.raises(DataError, match=message):
        infer_schema(table)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, np.inf], "'x' holds infinities"),
        ([1, "a"], "'x' is an object column of mixed types"),
        ([[1], [2]], "'x' has dtype object"),
        (pd.Categorical(pd.cut(np.arange(10), 2)), "'x' has dtype interval.*astype"),
        (pd.period_range("2020", periods=3), "'x' has dtype period"),
    ],
)
def test_bad_columns(values, message):
    with pytest.raises(ColumnRejected, match=message):
        infer_schema(pd.DataFrame({"x": values}))


def test_a_declared_kind_is_kept_and_completed():
    table = pd.DataFrame({"zip": [1000, 2000, 1000], "age": [1, 2, 3]})
    schema = infer_schema(table, Schema((Column("zip", "categorical"),)))
    assert schema["zip"] == Column("zip", "categorical", "int64", levels=(1000, 2000))
    assert schema["age"].kind == "integer"


def test_levels_are_in_order_and_unseen_categories_stay():
    table = pd.DataFrame({"c": pd.Categorical(["b"], categories=["z", "b"], ordered=True)})
    column = infer_schema(table)["c"]
    assert column.levels == ("z", "b")
    assert column.ordered


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (Schema((Column("nope", "integer"),)), "names column 'nope', which the table lacks"),
        (
            Schema((Column("s", "datetime"),)),
            r"'s' is declared datetime, but its dtype .* convert the column with",
        ),
        (Schema((Column("s", "categorical", levels=("a",)),)), "'s' holds 'b', which is not among"),
    ],
)
def test_a_schema_that_does_not_fit(schema, message):
    with pytest.raises(SchemaError, match=message):
        infer_schema(pd.DataFrame({"s": ["a", "b"]}), schema)


def test_the_dtype_of_the_table_counts():
    declared = Schema((Column("s", "categorical", "int64"),))
    assert infer_schema(pd.DataFrame({"s": pd.Series(["a"], dtype="string[python]")}), declared)[
        "s"
    ].dtype == ("string[python]")


@pytest.mark.parametrize(
    ("declared", "ordered", "fits"),
    [
        (("a", "b"), False, True),
        (("b", "a"), False, True),
        (("b", "a"), True, False),
        (("a",), False, False),
        (("a", "b", "c"), False, False),
        (("a", "c"), True, False),
    ],
)
def test_declared_levels_must_be_the_categories(declared, ordered, fits):
    values = pd.Categorical(["b", "a"], categories=["a", "b"], ordered=ordered)
    table, schema = pd.DataFrame({"c": values}), Schema((Column("c", "categorical", levels=declared),))
    if fits:
        assert infer_schema(table, schema)["c"].levels == ("a", "b")
    else:
        message = r"'c' is declared with the levels .*, but its categories are 'a', 'b'.*; declare none"
        with pytest.raises(SchemaError, match=message):
            infer_schema(table, schema)


DECIMALS = [decimal.Decimal("0.50"), decimal.Decimal("1.25")]


@pytest.mark.parametrize("dtype", [object, pd.ArrowDtype(pa.decimal128(9, 2))])
def test_decimals_are_no_levels(dtype):
    table = pd.DataFrame({"d": pd.Series(DECIMALS, dtype=dtype)})
    assert infer_schema(table)["d"].kind == "continuous"
    with pytest.raises(SchemaError, match=r"'d' is declared categorical, but its dtype .*decimal.*\.astype"):
        infer_schema(table, Schema((Column("d", "categorical"),)))
    with pytest.raises(ColumnRejected, match=r"'d' has categories of dtype .*decimal.*\.astype\(str\)"):
        infer_schema(table.astype("category"))


@pytest.mark.parametrize("values", [[np.int64(3), np.int64(1)], [np.bool_(True), np.bool_(False)]])
def test_levels_are_python_values_that_json_holds(values):
    table = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    schema = infer_schema(table, Schema((Column("x", "categorical"),)))
    assert Schema.from_json(schema.to_json()) == schema
    assert {type(v) for v in schema["x"].levels} == {type(values[0].item())}
