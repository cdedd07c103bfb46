import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import dependence
from synthgen.metrics.dependence import pair_trends
from synthgen.rng import stream

REFERENCE = Path(__file__).parents[1] / "reference" / "sdmetrics_shapes_and_trends.json"
METRICS = {"CorrelationSimilarity": "correlation", "ContingencySimilarity": "contingency"}


def test_trends_equal_those_of_sdmetrics(coded):
    spec = importlib.util.spec_from_file_location(REFERENCE.stem, REFERENCE.with_suffix(".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    real, synthetic = module.build()
    expected = json.loads(REFERENCE.read_text())
    tables = coded(real=real, synthetic=synthetic)
    mean, pairs = pair_trends(tables["real"], tables["synthetic"])
    assert mean.value == pytest.approx(expected["pair_trends"], abs=1e-9)
    assert len(pairs) == len(expected["pairs"]) == 28
    for pair, (first, second, metric, score, r_real, r_synthetic) in zip(
        pairs, expected["pairs"], strict=True
    ):
        assert (pair.first, pair.second, pair.metric) == (first, second, METRICS[metric])
        assert pair.score == (None if score is None else pytest.approx(score, abs=1e-9))
        if score is not None and pair.metric == "correlation":
            assert (pair.real, pair.synthetic) == pytest.approx((r_real, r_synthetic), abs=1e-9)


def test_opposite_correlations_score_zero(coded):
    x = np.arange(10.0)
    tables = coded(real=pd.DataFrame({"x": x, "y": x}), synthetic=pd.DataFrame({"x": x, "y": -x}))
    mean, (pair,) = pair_trends(tables["real"], tables["synthetic"])
    assert (pair.real, pair.synthetic) == pytest.approx((1, -1))
    assert mean.value == pytest.approx(0, abs=1e-12)


def test_many_levels_are_counted_without_a_dense_table(coded):
    x, y = [f"x{i % 1500}" for i in range(3000)], [f"y{i % 1400}" for i in range(3000)]
    frame = pd.DataFrame({"x": x, "y": y})
    shuffled = frame.assign(y=frame.y.to_numpy()[::-1])
    tables = coded(real=frame, synthetic=frame, other=shuffled)
    assert pair_trends(tables["real"], tables["synthetic"])[0].value == pytest.approx(1)
    joint = lambda t: set(zip(t.x, t.y, strict=True))  # noqa: E731
    shared = len(joint(frame) & joint(shuffled)) / len(joint(frame))
    assert pair_trends(tables["real"], tables["other"])[0].value == pytest.approx(shared)


def test_without_a_pair_there_is_no_score(coded):
    tables = coded(real=pd.DataFrame({"x": [1.0, 2.0]}), synthetic=pd.DataFrame({"x": [1.0, 2.0]}))
    mean, pairs = pair_trends(tables["real"], tables["synthetic"])
    assert mean.value is None and pairs == ()


@pytest.mark.parametrize("fault", ["correlation", "contingency"])
def test_the_interval_is_as_wide_as_a_bootstrap_s(people, coded, fault):
    names = ["height", "weight", "children"] if fault == "correlation" else ["height", "group", "tall"]
    other = people(300, 2)
    other["height"] = other["height"].to_numpy()[stream(0, "test.shuffle").permutation(300)]
    tables = coded(real=people(400, 1)[names], synthetic=other[names])
    real, synthetic = tables["real"], tables["synthetic"]
    interval = pair_trends(real, synthetic)[0]
    draw = stream(5, "test.bootstrap")
    resampled = [
        pair_trends(real.take(draw.integers(400, size=400)), synthetic.take(draw.integers(300, size=300)))[0]
        for _ in range(150)
    ]
    expected = 2 * 1.96 * np.std([r.value for r in resampled])
    assert 0.75 < (interval.high - interval.low) / expected < 1.6


def test_missing_numbers_share_a_bin_with_the_largest_one_and_missing_levels_have_their_own(coded):
    frame = pd.DataFrame({"x": [0.0, 0.5, 1.0, np.nan], "g": ["a", "b", "c", None]})
    table = coded(real=frame, synthetic=frame)["real"]
    numbers, levels = (dependence._bin(table.column(name)).codes.tolist() for name in ("x", "g"))
    assert numbers[2] == numbers[3] and len(set(numbers)) == 3
    assert len(set(levels)) == 4
