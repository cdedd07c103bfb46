import warnings

import pandas as pd
import pytest

from synthgen.reports.summary import evaluate
from synthgen.rng import stream

EVIL = "<script>alert('x')</script>"


def make_people(n, seed):
    """A small mixed table of one source, with a column and a level that would be markup if not escaped."""
    draw = stream(seed, "test.people")
    height = draw.normal(170, 10, n)
    return pd.DataFrame(
        {
            "height": height,
            "weight": pd.Series(0.9 * height - 80 + draw.normal(0, 6, n)).where(draw.random(n) > 0.05),
            EVIL: draw.choice(["<img src=x onerror=alert(1)>", "b & c", "d"], n, p=[0.6, 0.3, 0.1]),
            "tall": height > 172,
            "seen": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 500, n), "D"),
            "code": [f"id-{i:05}" for i in draw.permutation(n)],
        }
    )


@pytest.fixture(scope="session")
def people():
    return make_people


@pytest.fixture(scope="session")
def full_report():
    """With a holdout and a target; of a synthetic table with one column shuffled and a twentieth copied."""
    real, synthetic = make_people(200, 1), make_people(200, 2)
    synthetic["weight"] = synthetic["weight"].sample(frac=1, random_state=0).to_numpy()
    synthetic.iloc[:10] = real.iloc[:10]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return evaluate(real, synthetic, make_people(150, 3), target="tall")


@pytest.fixture(scope="session")
def bare_report():
    """Without a holdout and a target."""
    return evaluate(make_people(40, 1), make_people(40, 2))
