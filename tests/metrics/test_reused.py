import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.reused import reused_values
from synthgen.rng import stream


def people(n, seed):
    draw = stream(seed, "test.reused")
    return pd.DataFrame(
        {
            "name": [f"person {seed} {i}" for i in range(n)],
            "number": draw.integers(10**9, 10**10, n),
            "row": np.arange(n),
            "age": draw.integers(18, 90, n),
            "town": draw.choice(["a", "b"], n),
            "x": draw.normal(size=n),
        }
    )


def test_copied_names_and_numbers_are_counted():
    real, synthetic, holdout = people(60, 1), people(60, 2), people(40, 3)
    synthetic.loc[:29, "name"] = real.loc[:29, "name"]
    found = {f.name: f for f in reused_values({"real": real, "synthetic": synthetic, "holdout": holdout})}
    assert set(found) == {"name", "number"}  # rows are counted, ages and towns repeat, x is no whole number
    assert found["name"].synthetic.value == pytest.approx(0.5) and found["name"].holdout.value == 0
    assert found["number"].synthetic.value == 0


def test_missing_values_and_no_holdout_are_no_obstacle():
    real = people(60, 1)
    found = reused_values({"real": real.where(real.x > -1), "synthetic": real.assign(name=None)})
    assert [f.synthetic.value for f in found if f.name == "name"] == [None]
    assert all(f.holdout is None for f in found)
