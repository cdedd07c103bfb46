import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import predictors as module
from synthgen.metrics.predictors import fit_predictor
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.utility import find_task, score
from synthgen.rng import stream


def measured(tables, target, train="real", test="holdout"):
    """The score of trees that were fitted to one table and tested on another."""
    return score(fit_predictor(tables[train], find_task(tables["real"], target), 0), tables[test])


def numeric(**columns):
    values = {name: np.asarray(v, dtype=float) for name, v in columns.items()}
    made = tuple(CodedColumn(name, "continuous", v) for name, v in values.items())
    return CodedTable(made, len(next(iter(values.values()))))


def test_extra_rows_take_no_real_row_s_place(people, coded, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 50)
    tables = coded(real=people(100, 1), more=people(100, 2))
    seen = []
    monkeypatch.setattr(module, "_fitted", lambda predictor, matrix, y: seen.append(matrix))
    task = find_task(tables["real"], "tall")
    fit_predictor(tables["real"], task, 0)
    fit_predictor(tables["real"], task, 0, extra=tables["more"])
    assert (len(seen[0]), len(seen[1])) == (50, 100)
    assert np.array_equal(seen[0], seen[1][:50], equal_nan=True)


def test_of_many_columns_the_trees_see_those_that_tell_most(monkeypatch):
    monkeypatch.setattr(module, "MAX_COLUMNS", 4)
    monkeypatch.setattr(module, "_FEW_COLUMNS", 4)
    draw = stream(0, "test.many")
    x = draw.normal(size=(300, 40))
    columns = {f"x{j:02}": x[:, j] for j in range(40)}
    table = numeric(**columns, y=x[:, 7] + x[:, 31] - x[:, 20])
    predictor = fit_predictor(table, find_task(table, "y"), 0)
    assert {"x07", "x20", "x31"} < set(predictor.columns) and len(predictor.columns) == 4
    assert list(predictor.columns) == sorted(predictor.columns)
    assert (predictor.n_columns, len(predictor.associations)) == (40, 4)
    assert score(predictor, table).value > 0.8


def test_wide_tables_are_cut_in_rows(monkeypatch):
    monkeypatch.setattr(module, "MAX_CELLS", 300)
    draw = stream(0, "test.cells")
    table = numeric(a=draw.normal(size=200), b=draw.normal(size=200), y=draw.normal(size=200))
    assert fit_predictor(table, find_task(table, "y"), 0).n_rows == 150


def test_a_class_of_one_row_in_a_large_table(coded):
    """Above 10,000 rows the trees hold rows back, and would want two of each class."""
    n = 10_100
    x = np.linspace(0, 1, n)
    frame = pd.DataFrame({"x": x, "y": np.where(x < 0.5, "low", "top")})
    frame.loc[7, "y"] = "odd"
    tables = coded(real=frame)
    assert measured(tables | {"holdout": tables["real"]}, "y").value > 0.6


def test_a_target_without_predictors():
    draw = stream(0, "test.alone")
    number = numeric(y=draw.normal(size=50))
    assert score(fit_predictor(number, find_task(number, "y"), 0), number).value == pytest.approx(0)
    classes = CodedTable((CodedColumn("y", "categorical", draw.integers(0, 2, 50), ("a", "b")),), 50)
    assert score(fit_predictor(classes, find_task(classes, "y"), 0), classes).value == 0.5


def test_huge_numbers():
    draw = stream(0, "test.huge")
    x = draw.normal(size=200)
    plain = numeric(x=x, y=x + draw.normal(size=200))
    table = numeric(**{c.name: 2.0**990 * c.values for c in plain.columns})
    task = find_task(plain, "y")
    assert (
        score(fit_predictor(table, task, 0), table).value == score(fit_predictor(plain, task, 0), plain).value
    )
    assert score(fit_predictor(table, task, 0), plain).value is None  # too far off for a number


def test_more_levels_than_trees_can_tell_apart(coded):
    """Frequent levels keep their own code, wherever they stand among the rare ones."""
    draw = stream(0, "test.levels")
    level = np.where(draw.random(1_500) < 0.7, 100 * draw.integers(0, 5, 1_500), draw.integers(0, 450, 1_500))
    frame = pd.DataFrame({"level": [f"l{i:03}" for i in level], "y": np.isin(level, [100, 300, 400])})
    assert frame["level"].nunique() > 254
    tables = coded(real=frame[:1_000], holdout=frame[1_000:])
    assert measured(tables, "y").value > 0.95


def test_a_column_without_any_value_in_training(people, coded):
    tables = coded(
        real=people(200, 1), synthetic=people(200, 2).assign(height=np.nan), holdout=people(200, 3)
    )
    assert 0 < measured(tables, "tall", "synthetic").value < 1
