import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.associations import associations
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream


def test_the_association_of_two_numbers_is_the_adjusted_r_squared():
    draw = stream(0, "test.associations")
    x = draw.uniform(size=300)
    y = x + draw.uniform(size=300)
    columns = {"x": x, "huge": 1e300 * x, "constant": np.ones(300), "empty": np.full(300, np.nan)}
    table = CodedTable(tuple(CodedColumn(name, "continuous", v) for name, v in columns.items()), 300)
    r2 = np.corrcoef(x, y)[0, 1] ** 2
    adjusted = 1 - (1 - r2) * 299 / 298
    found = associations([table], y, ())
    assert found == pytest.approx([adjusted, adjusted, 0, 0])


def test_the_association_of_levels_and_classes_is_tau_adjusted():
    draw = stream(0, "test.associations.tau")
    level = draw.integers(-1, 3, 400)
    y = np.where(draw.random(400) < 0.5, level % 2, draw.integers(0, 3, 400)).astype(float)
    column = CodedColumn("level", "categorical", level, ("a", "b", "c"))
    joint = pd.crosstab(level, y).to_numpy() / 400
    by_y = joint.sum(axis=0)
    tau = ((joint**2 / joint.sum(axis=1, keepdims=True)).sum() - (by_y**2).sum()) / (1 - (by_y**2).sum())
    found = associations([CodedTable((column,), 400)], y, (0.0, 1.0, 2.0))
    assert found == pytest.approx([1 - (1 - tau) * 399 / 396])
