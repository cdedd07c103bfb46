import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from synthgen.metrics.marginals import column_shapes, shares
from synthgen.rng import stream

REFERENCE = Path(__file__).parents[1] / "reference" / "sdmetrics_shapes_and_trends.json"


@pytest.fixture(scope="module")
def reference():
    """SDMetrics' numbers and the tables that they are of."""
    spec = importlib.util.spec_from_file_location(REFERENCE.stem, REFERENCE.with_suffix(".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return json.loads(REFERENCE.read_text()), module.build()


def test_shapes_equal_those_of_sdmetrics(reference, coded):
    expected, (real, synthetic) = reference
    tables = coded(real=real, synthetic=synthetic)
    mean, columns = column_shapes(tables["real"], tables["synthetic"])
    got = {c.name: c.score.value for c in columns}
    assert got == pytest.approx(expected["shapes"], abs=1e-6)
    assert mean.value == pytest.approx(expected["column_shapes"], abs=1e-6)


def test_the_ks_distance_is_that_of_scipy(coded):
    draw = stream(3, "test.ks")
    x, y = draw.normal(size=80).round(1), draw.normal(0.3, 1.2, size=60).round(1)
    tables = coded(real=pd.DataFrame({"x": x}), synthetic=pd.DataFrame({"x": y}))
    shape = column_shapes(tables["real"], tables["synthetic"])[1][0]
    assert shape.metric == "ks"
    assert shape.score.value == pytest.approx(1 - ks_2samp(x, y).statistic, abs=1e-12)


def test_the_tv_distance_by_hand(coded):
    tables = coded(
        real=pd.DataFrame({"x": ["a"] * 6 + ["b"] * 4 + [None] * 5}),
        synthetic=pd.DataFrame({"x": ["a"] * 2 + ["b"] * 2 + ["c"]}),
    )
    shape = column_shapes(tables["real"], tables["synthetic"])[1][0]
    assert shape.metric == "tv"
    assert shape.score.value == pytest.approx(1 - 0.5 * (0.2 + 0.0 + 0.2))
    assert (shape.missing_real, shape.missing_synthetic) == (pytest.approx(1 / 3), 0.0)


def test_equal_tables_score_one(people, coded):
    frame = people(100, 0)
    tables = coded(real=frame, synthetic=frame[::-1])
    mean, columns = column_shapes(tables["real"], tables["synthetic"])
    assert mean.value == pytest.approx(1)
    assert [c.score.value for c in columns] == pytest.approx([1] * len(columns))


@pytest.mark.parametrize("which", ["real", "synthetic"])
def test_a_column_without_values_has_no_score_and_no_part_in_the_mean(coded, which):
    frames = {name: pd.DataFrame({"x": [1.0, 2, 3], "y": [1.0, 2, 3]}) for name in ("real", "synthetic")}
    frames[which]["x"] = np.nan
    tables = coded(**frames)
    mean, columns = column_shapes(tables["real"], tables["synthetic"])
    assert columns[0].score.value is None and mean.value == 1


def test_no_values_at_all_is_no_score(coded):
    frame = pd.DataFrame({"x": [np.nan, np.nan]})
    tables = coded(real=frame, synthetic=frame)
    assert column_shapes(tables["real"], tables["synthetic"])[0].value is None


def test_the_interval_is_as_wide_as_a_bootstrap_s(people, coded):
    tables = coded(real=people(400, 1), synthetic=people(300, 2).assign(height=lambda t: t.height + 6))
    real, synthetic = tables["real"], tables["synthetic"]
    interval = column_shapes(real, synthetic)[0]
    draw = stream(5, "test.bootstrap")
    resampled = [
        column_shapes(real.take(draw.integers(400, size=400)), synthetic.take(draw.integers(300, size=300)))[
            0
        ]
        for _ in range(150)
    ]
    expected = 2 * 1.96 * np.std([r.value for r in resampled])
    assert 0.75 < (interval.high - interval.low) / expected < 1.5


def test_shares_leave_out_what_is_missing():
    assert shares(np.array([2, -1, 0]), 3).tolist() == [0.5, 0, 0.5]
    assert np.isnan(shares(np.array([-1]), 2)).all()


@pytest.mark.parametrize("value", [1e300, 1e-300, -1e15, 0.1])
def test_numbers_of_any_size_compare(coded, value):
    tables = coded(real=pd.DataFrame({"x": [value, 2.5 * value]}), synthetic=pd.DataFrame({"x": [value] * 2}))
    small = abs(value) < 1e-14  # SDMetrics rounds to 14 decimals
    assert column_shapes(tables["real"], tables["synthetic"])[0].value == (1.0 if small else 0.5)
