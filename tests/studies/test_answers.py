"""Models of known behaviour get the answer that is true of them."""

import pytest

from synthgen.studies import measuring, quality
from synthgen.studies.learning_curve import learning_curve
from tests.studies.fakes import Growing, Memoriser, Perfect

pytestmark = pytest.mark.usefixtures("quick")


def study(rows, model, **more):
    return learning_curve(rows, model, **{"sizes": [20, 120, 630], "verbose": 0} | more)


def last(found, measure):
    return next(t for t in found.trends if t.measure == measure).last


@pytest.fixture
def no_attack(monkeypatch):
    monkeypatch.setattr(measuring, "risk", lambda samples, attacked: {})


def test_a_perfect_sampler_is_flat_at_the_ceiling(rows, monkeypatch, no_attack):
    monkeypatch.setattr(quality, "MAX_BLOCK_ROWS", 810)  # three sets: less noise
    found = study(rows, Perfect(), sizes=[20, 630], n_repeats=4)
    assert found.answer.startswith(
        "flat: more rows would not help this model: the next doubling changes the "
    )
    c2st = last(found, "c2st_auc")
    assert c2st.value.low < 0.5 < c2st.value.high
    assert c2st.floor.value > 0.8


def test_a_sampler_that_gets_better_is_rising_and_the_rows_that_it_needs_are_covered(rows, no_attack):
    found = study(rows, Growing(), sizes=[160, 320, 630])
    assert found.answer.startswith("rising: at this slope ")
    (needed,) = (t.needed for t in found.trends if t.measure == "c2st_auc")
    assert needed.limit == 6300
    assert needed.low <= 4 * 630 <= (needed.high or needed.limit)
    assert needed.goal < last(found, "c2st_auc").value.value


def test_a_memoriser_is_leaking_though_its_samples_look_real(rows):
    found = study(rows, Memoriser(), sizes=[120, 630], n_repeats=2)
    assert found.answer.startswith(
        "leaking: at 630 rows the samples give away training rows (membership AUC "
    )
    assert found.answer.endswith("take a model that keeps less of each row.")
    assert last(found, "membership_auc").value.low > 0.65
    assert any(remark.startswith("The leak aside, ") for remark in found.remarks)
