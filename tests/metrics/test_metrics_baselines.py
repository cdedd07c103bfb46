import numpy as np
import pandas as pd

from synthgen.metrics.baselines import bootstrap, independent_columns, some_of, split, subsample
from synthgen.rng import stream

FRAME = pd.DataFrame({"x": np.arange(50.0) + 0.5, "y": np.arange(50.0) + 0.5})


def test_the_floor_keeps_every_column_and_breaks_the_rows(coded):
    real = coded(real=FRAME)["real"]
    floor = independent_columns(real, 80, stream(0, "test"))
    x, y = (c.values for c in floor.columns)
    assert floor.n_rows == 80 and set(x) | set(y) <= set(FRAME.x)
    assert len(set(x)) > 30 and (x == y).mean() < 0.2


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


def test_some_of_few_are_all_and_some_of_many_are_drawn_in_order():
    draw = stream(0, "test")
    assert some_of(4, 4, draw).tolist() == [0, 1, 2, 3] and some_of(0, 3, draw).tolist() == []
    assert draw.random() == stream(0, "test").random()
    drawn = [some_of(50, 10, stream(seed, "test")) for seed in (0, 0, 1)]
    assert len(drawn[0]) == 10 and (np.diff(drawn[0]) > 0).all() and drawn[0].max() < 50
    assert drawn[0].tolist() == drawn[1].tolist() != drawn[2].tolist()
