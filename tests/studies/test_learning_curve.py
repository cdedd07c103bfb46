"""The study itself: rows, budget, interruption, errors, what comes out of it."""

import re

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import DataError, ParameterError, SynthgenError, TrainingError
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.membership import membership
from synthgen.models.independent import IndependentMarginals
from synthgen.models.synthgan import SynthGAN
from synthgen.studies import measuring
from synthgen.studies import risk as risk_module
from synthgen.studies.clock import Clock
from synthgen.studies.learning_curve import learning_curve
from synthgen.studies.result import LearningCurve
from synthgen.studies.splits import make_splits
from tests.studies.fakes import Perfect

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def instant(monkeypatch):
    """Measurements that take no time."""
    monkeypatch.setattr(
        measuring, "quality", lambda table, target, **_: {"c2st_auc": Estimate(table.n_rows / 1e4)}
    )
    monkeypatch.setattr(measuring, "risk", lambda table, attacked: {})


@pytest.fixture(scope="module")
def small(diabetes):
    return diabetes.head(200)[["age", "sex", "bmi", "bp", "target"]]


def test_held_out_rows_and_rows_to_learn_from_are_apart_and_nested():
    splits = make_splits(200, None, 3, 0.3, 0)
    assert splits.sizes == (17, 35, 70, 140)
    parts = [splits.rows(repeat) for repeat in range(3)]
    for heldout, pool in parts:
        assert sorted([*heldout, *pool]) == list(range(200))
        assert len(heldout) == 60
    assert set(parts[0][0]) != set(parts[1][0])


@pytest.mark.parametrize(
    ("n_rows", "sizes", "error", "words"),
    [
        (
            200,
            [20, 500],
            ParameterError,
            "at most the 140 rows that are left of 200 when 60 are held out. Got 500",
        ),
        (200, [50], ParameterError, "must name two different sizes at least. Got [50]"),
        (200, [50, 50], ParameterError, "must name two different sizes at least. Got [50, 50]"),
        (200, [3, 50], ParameterError, "must be at least 10 rows each. Got 3"),
        (60, None, DataError, "has 60 rows, of which `holdout_fraction` = 0.3 leaves 18 held out"),
        (30, None, DataError, "So few rows carry no answer; add rows."),
    ],
)
def test_sizes_that_cannot_be(n_rows, sizes, error, words):
    table = pd.DataFrame({"x": np.arange(n_rows) * 1.0, "y": np.arange(n_rows) % 7})
    with pytest.raises(error, match=re.escape(words)):
        learning_curve(table, Perfect(), sizes=sizes, verbose=0)


@pytest.mark.parametrize("model", [SynthGAN, "SynthGAN", object()])
def test_what_is_no_model_is_named(rows, model):
    with pytest.raises(
        ParameterError, match="The `model` parameter of learning_curve must be an unfitted model"
    ):
        learning_curve(rows, model, verbose=0)


def test_parameters_out_of_range_are_named(rows):
    with pytest.raises(ParameterError, match="The `holdout_fraction` parameter of learning_curve must be"):
        learning_curve(rows, Perfect(), holdout_fraction=1.0, verbose=0)
    with pytest.raises(DataError, match="The target 'no' is not a column of the table"):
        learning_curve(rows, Perfect(), target="no", verbose=0)


def test_a_study_of_a_real_model(small):
    model = SynthGAN(max_steps=5, hidden_dims=(16,), latent_dim=8)
    found = learning_curve(small, model, sizes=[60, 140], n_repeats=2, target="target", verbose=0)
    assert [(f.repeat, f.n_rows) for f in found.fits] == [(0, 60), (0, 140), (1, 60), (1, 140)]
    measures = {"c2st_auc", "correlation_agreement", "utility_r2", "membership_auc"}
    frame = found.to_frame()
    assert set(frame["measure"]) == measures
    assert len(frame) == 4 * len(measures)
    c2st = frame[frame["measure"] == "c2st_auc"]
    assert c2st.groupby("repeat")["ceiling"].nunique().eq(1).all()
    assert c2st["ceiling"].between(0.35, 0.65).all()
    assert c2st["value"].between(c2st["low"], c2st["high"]).all()
    assert found.parameters == {"hidden_dims": "(16,)", "latent_dim": "8", "max_steps": "5"}
    assert not hasattr(model, "model_")
    assert LearningCurve.from_json(found.to_json()) == found
    page = found.to_html()
    assert found.answer.split(": ", 1)[1][1:40] in page
    assert "://" not in re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert set(found.figures()) == measures


@pytest.mark.parametrize(
    ("largest", "words"),
    [
        (140, "had 140 of the 200 rows; the others were held out, and nothing"),
        (
            100,
            "had 100 of the 200 rows; 60 were held out, the other 40 were not used in that repeat, and nothing",
        ),
    ],
)
def test_rows_that_were_not_used_are_not_called_held_out(small, instant, largest, words):
    found = learning_curve(small, IndependentMarginals(), sizes=[20, largest], n_repeats=2, verbose=0)
    assert words in found.remarks[-1]


def test_the_same_seed_gives_the_same_answer(small, instant):
    found = [
        learning_curve(small, IndependentMarginals(), sizes=[20, 40], n_repeats=2, random_state=s, verbose=0)
        for s in (1, 1, 2)
    ]
    assert found[0].points == found[1].points
    assert found[0].seed != found[2].seed


class Interrupted(Perfect):
    """Ctrl-C comes while it is fitted to so many rows for the first time."""

    at = 630

    def fit(self, X, y=None):
        if len(X) == self.at:
            raise KeyboardInterrupt
        return super().fit(X)


def test_an_interrupted_study_ends_with_what_there_is(rows, instant):
    found = learning_curve(rows, Interrupted(), sizes=[20, 120, 630], verbose=0)
    assert [f.n_rows for f in found.fits] == [20, 120]
    assert found.remarks[0] == "Not all was done: it was interrupted, after 2 of 9 fits."
    assert found.kind == "too noisy to say"


def test_an_interruption_before_two_sizes_are_done_is_one(rows, instant):
    with pytest.raises(KeyboardInterrupt):
        learning_curve(rows, Interrupted(), sizes=[20, 630], verbose=0)


def test_a_budget_that_is_spent_leaves_the_first_two_fits(rows, instant):
    found = learning_curve(rows, Perfect(), sizes=[20, 120, 630], budget=1e-9, verbose=0)
    assert [f.n_rows for f in found.fits] == [20, 120]
    assert found.stopped == "the budget of 1e-09 minutes was spent"


def test_the_clock_expects_larger_fits_to_take_longer(monkeypatch):
    now = iter([0.0, 0.0, 10.0, 10.0])
    monkeypatch.setattr("synthgen.studies.clock.time.monotonic", lambda: next(now))
    with Clock([(0, 50), (0, 100)], None, 0) as clock:
        clock.begin()
        clock.end()
        assert clock.expected(50) == 10.0
        assert clock.expected(200) == 40.0


class Numbers(Perfect):
    """Two columns of its own."""

    def sample(self, n, random_state=None):
        return pd.DataFrame({"x": np.arange(n) + 0.5, "y": np.arange(n) % 7})


class Failing(Perfect):
    def fit(self, X, y=None):
        raise TrainingError("The loss is NaN.")


def test_a_fit_that_fails_is_named(rows):
    with pytest.raises(
        SynthgenError, match=r"The fit of Failing to 20 rows, repeat 1, failed: The loss is NaN\."
    ):
        learning_curve(rows, Failing(), sizes=[20, 120], verbose=0)


def test_of_very_many_columns_some_are_measured_and_the_target_always(monkeypatch):
    monkeypatch.setattr(measuring, "MAX_COLUMNS", 50)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(80, 300)), columns=[f"g{i}" for i in range(300)])
    table["class"] = np.where(table["g0"] > 0, "a", "b")
    ruler = measuring.make_ruler(table, make_splits(80, None, 1, 0.3, 0), "g7", None)
    assert {"class", "g7"} <= set(ruler.names)
    assert len(ruler.names) in (50, 51)
    assert ruler.names == [name for name in table.columns if name in set(ruler.names)]


def test_a_wide_table_is_attacked_by_its_span(monkeypatch):
    monkeypatch.setattr(measuring, "quality", lambda table, target, **_: {})
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        (rng.normal(size=(150, 5)) @ rng.normal(size=(5, 400)) + rng.normal(size=(150, 400))).astype(
            "float32"
        ),
        columns=[f"g{i}" for i in range(400)],
    )

    class Copies(IndependentMarginals):
        """Repeats its rows."""

        def fit(self, X, y=None):
            self.rows_ = X
            return super().fit(X)

        def sample(self, n=1, *, random_state=None, **more):
            return self.rows_.iloc[np.arange(n) % len(self.rows_)].reset_index(drop=True)

    found = learning_curve(table, Copies(), sizes=[50, 100], n_repeats=2, verbose=0)
    assert {p.measure for p in found.points} == {"span_auc"}
    assert found.kind == "leaking"
    assert all(0.3 < p.ceiling < 0.7 for p in found.points)


def test_a_model_that_knows_no_block_is_attacked_in_every_way(monkeypatch):
    monkeypatch.setattr(measuring, "quality", lambda table, target, **_: {})
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(110, 210)).astype("float32")).rename(
        columns=str
    )

    class Fresh(Perfect):
        def sample(self, n, random_state=None):
            return pd.DataFrame(np.random.default_rng(random_state).normal(size=(n, 210))).rename(columns=str)

    found = learning_curve(table, Fresh(), sizes=[20, 40], n_repeats=1, verbose=0)
    assert {p.measure for p in found.points} == {"membership_auc"}


def test_attacks_are_made_with_as_many_rows_as_were_fitted(monkeypatch, diabetes):
    seen = []
    monkeypatch.setattr(measuring, "quality", lambda table, target, **_: {})
    monkeypatch.setattr(risk_module, "membership", lambda *tables: seen.append(tables) or membership(*tables))
    learning_curve(
        diabetes.head(200)[["age", "bmi"]],
        IndependentMarginals(),
        sizes=[30, 60, 140],
        n_repeats=1,
        verbose=0,
    )
    rows = [(members.n_rows, made.n_rows) for members, made, *_ in seen]
    # samples, floor and control of each fit; the largest one leaves a third of the held-out rows
    assert rows == [*[(30, 30)] * 3, *[(60, 60)] * 3, (140, 140), (140, 140), (140, 20)]


def test_the_control_holds_no_row_that_was_fitted_or_is_a_candidate(monkeypatch):
    table = pd.DataFrame({"x": np.arange(200.0), "y": np.arange(200) % 7})
    seen = []
    monkeypatch.setattr(measuring, "quality", lambda table, target, **_: {})
    monkeypatch.setattr(measuring, "risk", lambda table, attacked: seen.append((table, attacked)) or {})
    learning_curve(table, Numbers(), sizes=[30, 100, 140], n_repeats=1, verbose=0)
    for control, attacked in seen[2::3]:
        own = set(control.column("x").values)
        assert len(own) == control.n_rows
        for others in (attacked.members, attacked.nonmembers, attacked.reference):
            assert own.isdisjoint(others.column("x").values)
    assert [control.n_rows for control, _ in seen[2::3]] == [30, 60, 20]
