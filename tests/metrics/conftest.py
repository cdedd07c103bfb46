import pandas as pd
import pytest

from synthgen.metrics.tables import code_tables
from synthgen.rng import stream
from synthgen.table.infer import infer_schema


@pytest.fixture
def people():
    """A maker of small mixed tables of one source: the same seed gives the same rows."""

    def make(n, seed):
        draw = stream(seed, "test.people")
        height = draw.normal(170, 10, n)
        weight = 0.9 * height - 80 + draw.normal(0, 6, n)
        group = pd.Series(draw.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])).where(draw.random(n) > 0.1)
        return pd.DataFrame(
            {
                "height": height,
                "weight": pd.Series(weight).where(draw.random(n) > 0.05),
                "children": draw.poisson(1.2, n) + (height > 175),
                "group": group,
                "tall": height > 172,
                "seen": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 500, n), "D"),
            }
        )

    return make


@pytest.fixture
def coded():
    """Codes frames given by name; the first is the one that the schema describes."""

    def code(**frames):
        return code_tables(frames, infer_schema(next(iter(frames.values()))))

    return code
