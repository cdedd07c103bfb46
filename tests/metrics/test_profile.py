import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.marginals import column_shapes
from synthgen.metrics.profile import column_profile
from synthgen.rng import stream


def test_every_numeric_column_is_a_point(coded):
    draw = stream(0, "test")
    real = pd.DataFrame({"a": draw.normal(3, 2, 90), "word": ["x", "y"] * 45, "b": draw.random(90) * 1e300})
    real.loc[3, "a"] = np.nan
    tables = coded(real=real, other=real.assign(a=real.a * 2))
    shapes = column_shapes(*tables.values())[1]
    found = column_profile(*tables.values(), shapes)
    assert found.names == ("a", "b")
    assert found.mean_real[0] == pytest.approx(real.a.mean(), rel=1e-4)
    assert found.sd_real == pytest.approx(
        [real.a.std(ddof=0), 1e300 * (real.b / 1e300).std(ddof=0)], rel=1e-4
    )
    assert found.mean_synthetic[0] == pytest.approx(2 * real.a.mean(), rel=1e-4)
    assert found.score[1] == 1 and found.score[0] == pytest.approx(shapes[0].score.value, abs=1e-5)


def test_a_column_without_values_has_no_place(coded):
    real = pd.DataFrame({"a": np.arange(12.0), "b": np.nan})
    tables = coded(real=real, other=real.assign(a=np.nan))
    found = column_profile(*tables.values(), column_shapes(*tables.values())[1])
    places = dict(
        zip(found.names, zip(found.mean_real, found.mean_synthetic, found.score, strict=True), strict=True)
    )
    assert places["a"] == (5.5, None, None)


def test_few_values_have_no_mean_that_would_tell_of_them(coded):
    real = pd.DataFrame({"a": np.arange(12.0), "b": [123.4] * 9 + [np.nan] * 3})
    tables = coded(real=real, other=real.assign(b=np.arange(12.0)))
    found = column_profile(*tables.values(), column_shapes(*tables.values())[1])
    assert found.mean_real == (5.5, None) and found.sd_real[1] is None
    assert found.mean_synthetic == (5.5, 5.5)
