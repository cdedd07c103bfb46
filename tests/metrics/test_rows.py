import numpy as np

from synthgen.metrics.rows import Rows, concatenate, taken


def test_concatenated_tables_hold_the_rows_of_all(people, coded):
    tables = coded(real=people(5, 1), more=people(3, 2))
    both = concatenate([tables["real"], tables["more"]])
    assert both.n_rows == 8
    for part, start in ((tables["real"], 0), (tables["more"], 5)):
        for column, whole in zip(part.columns, both.columns, strict=True):
            assert (column.name, column.levels) == (whole.name, whole.levels)
            rows = whole.values[start : start + part.n_rows]
            assert np.array_equal(rows, column.values, equal_nan=column.is_numeric)


def test_rows_and_columns_are_taken_in_the_order_given(people, coded):
    table = coded(real=people(6, 1))["real"]
    found = taken(Rows(table, np.array([4, 0])), np.array([3, 1]))
    assert found.n_rows == 2
    assert [c.name for c in found.columns] == [table.columns[3].name, table.columns[1].name]
    assert found.columns[1].values.tolist() == table.columns[1].values[[4, 0]].tolist()
