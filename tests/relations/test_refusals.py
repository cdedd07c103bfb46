"""Rules that a table breaks, or that do not fit it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthgen import (
    Column,
    Dependency,
    FixedCombinations,
    Formula,
    IndependentMarginals,
    Inequality,
    Range,
    Schema,
    Unique,
    infer_schema,
)
from synthgen.exceptions import DataError, ParameterError, SchemaError
from tests.common.related import shop


def broken_shop():
    table = shop(500)
    table.loc[[7, 30, 31], "total"] = 0.01
    table.loc[[9, 12], "delivered"] = table["ordered"].min() - pd.Timedelta("1s")
    table.loc[40, ["price", "ordered"]] = table.loc[3, ["price", "ordered"]].tolist()
    return table


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Formula("total", "price + tip"), r"'total = price \+ tip' does not hold .*: [34] of 500 rows break it, first row 7"),
        (Inequality("ordered", "delivered"), "'ordered <= delivered' does not hold .*: 2 of 500 rows break it, first row 9"),
        (Range("total", 0.5, None), "'0.5 <= total' does not hold .*: 5 of 500 rows break it, first row 7"),
        (Unique(["price", "ordered"]), "'price, ordered unique' does not .*: 1 of 500 rows repeat an earlier one, first row 40"),
        (Dependency("city", "zip"), "'city determines zip' does not hold"),
    ],
)  # fmt: skip
def test_a_rule_that_the_table_breaks(rule, message):
    with pytest.raises(DataError, match=message + ".*mend or drop these rows, or take it out"):
        IndependentMarginals(random_state=0, constraints=[rule]).fit(broken_shop())
    off = infer_schema(broken_shop()).relate([rule])
    off = off.relate([replace(r, enabled=False) for r in off.relations])
    assert len(IndependentMarginals(random_state=0, schema=off).fit(broken_shop()).sample(5)) == 5


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Inequality("tip", "nope"), "names column 'nope', which the table lacks. It has 'zip', 'grade'"),
        (Inequality("tip", "grade"), "needs numbers, instants or durations; column 'grade' is categorical"),
        (Inequality("tip", "ordered"), "compares numbers with instants; convert one column"),
        (Range("ordered", 0, 3), "must have instants such as '2020-01-31' as ends"),
        (Range("tip", "2020", None), "must have numbers as ends"),
        (Range("ordered", "noon", None), "has the end 'noon', which is no instant"),
        (Formula("city", "tip + 1"), "column 'city' is categorical"),
        (FixedCombinations(["zip", "id"]), "names column 'id', which is identifier and not learnt"),
        (Unique("note"), "names column 'note', which is text"),
        (Formula("one", "tip * 0"), "computes a constant column"),
    ],
)
def test_a_rule_that_does_not_fit_the_table(rule, message):
    table = shop(200).assign(id=np.arange(200), one=1, note="x")
    schema = Schema((Column("note", "text"),))
    with pytest.raises(SchemaError, match=message):
        infer_schema(table, schema, constraints=[rule])


def test_combinations_that_are_the_rows_themselves_are_refused():
    with pytest.raises(DataError, match="combinations in 500 rows: samples would repeat the rows"):
        infer_schema(shop(500), constraints=[FixedCombinations(["price", "tip"])])


def test_parameters_must_be_rules():
    for bad in (["a < b"], Unique("zip"), "zip"):
        with pytest.raises(ParameterError, match="`constraints` parameter of IndependentMarginals must be"):
            IndependentMarginals(constraints=bad).fit(shop(100))
