"""`learning_curve` by Ray's workers: the numbers are those of one process."""

from dataclasses import replace

import pytest

from synthgen.engines import ray_cluster
from synthgen.exceptions import ParameterError, SynthgenError, TrainingError
from synthgen.models.independent import IndependentMarginals
from synthgen.studies import measuring, quality
from synthgen.studies.learning_curve import learning_curve


class Quick(IndependentMarginals):
    """Measured quickly wherever it is fitted: what is patched in this process is not patched in a worker."""

    fails = False

    def fit(self, X, y=None, **given):
        if self.fails:
            raise TrainingError("The loss is NaN.")
        quality.MAX_BLOCK_ROWS = 1
        measuring.risk = lambda *tables: {}
        return super().fit(X, y, **given)


class Failing(Quick):
    fails = True


@pytest.fixture(autouse=True)
def unpatched(monkeypatch):
    monkeypatch.setattr(quality, "MAX_BLOCK_ROWS", 1)
    monkeypatch.setattr(measuring, "risk", lambda *tables: {})


@pytest.fixture(scope="module")
def ray():
    pytest.importorskip("ray")
    with ray_cluster.ray_cluster(None, 2):
        yield


@pytest.fixture(scope="module")
def small(diabetes):
    return diabetes.head(200)[["age", "sex", "bmi"]]


def without_times(found):
    fits = tuple(replace(f, fit_seconds=0, sample_seconds=0, measure_seconds=0) for f in found.fits)
    return replace(found, fits=fits)


@pytest.mark.cluster
def test_the_engine_changes_nothing_but_the_times(ray, small):
    given = {"sizes": [20, 60], "n_repeats": 2, "random_state": 1, "verbose": 0}
    one = learning_curve(small, Quick(), **given)
    many = learning_curve(small, Quick(), engine="ray", workers=2, **given)
    assert len(many.points) >= 8
    assert without_times(many).to_json() == without_times(one).to_json()


@pytest.mark.cluster
def test_a_budget_that_is_spent_leaves_the_first_two_fits(ray, small):
    given = {"sizes": [20, 40, 60], "n_repeats": 2, "verbose": 0}
    found = learning_curve(small, Quick(), engine="ray", workers=2, budget=1e-9, **given)
    assert [f.n_rows for f in found.fits] == [20, 40]


@pytest.mark.cluster
def test_a_fit_that_fails_is_named(ray, small):
    with pytest.raises(
        SynthgenError, match=r"^The fit of Failing to 20 rows, repeat 1, failed: The loss is NaN\.$"
    ):
        learning_curve(small, Failing(), sizes=[20, 60], engine="ray", workers=1, verbose=0)


def test_an_engine_that_is_not_there_is_refused(small):
    with pytest.raises(
        ParameterError, match=r"`engine` parameter of learning_curve must be one of 'local', 'ray'"
    ):
        learning_curve(small, IndependentMarginals(), engine="spark")
