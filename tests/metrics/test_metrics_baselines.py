import numpy as np
import pandas as pd

from synthgen.metrics.baselines import bootstrap, permuted_columns, split, subsample
from synthgen.rng import stream

FRAME = pd.DataFrame({"x": np.arange(50.0) + 0.5, "y": np.arange(50.0) + 0.5})


def test_the_floor_keeps_every_column_and_breaks_the_rows(coded):
    real = coded(real=FRAME)["real"]
    floor = permuted_columns(real, 80, stream(0, "test"))
    x, y = (c.values for c in floor.columns)
    assert floor.n_rows == 50 and sorted(x) == sorted(y) == FRAME.x.tolist()
    assert (x == y).mean() < 0.2
    assert permuted_columns(real, 7, stream(0, "test")).n_rows == 7


def test_the_memoriser_repeats_whole_rows(coded):
    copied = bootstrap(coded(real=FRAME)["real"], 200, stream(0, "test"))
    x, y = (c.values for c in copied.columns)
    assert copied.n_rows == 200 and (x == y).all() and len(set(x)) > 40


def test_a_subsample_has_no_row_twice(coded):
    real = coded(real=FRAME)["real"]
    x = subsample(real, 20, stream(0, "test")).columns[0].values
    assert len(set(x)) == 20 and (np.diff(x) > 0).all()
    assert subsample(real, 50, stream(0, "test")) is real


def test_a_split_uses_every_row_once(coded):
    first, second = split(coded(real=FRAME)["real"], 0.8, stream(0, "test"))
    assert (first.n_rows, second.n_rows) == (40, 10)
    assert sorted([*first.columns[0].values, *second.columns[0].values]) == FRAME.x.tolist()
