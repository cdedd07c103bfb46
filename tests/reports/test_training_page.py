"""The page of a training: what it says of alarms, of histories, and of models that have none."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.persistence import load
from synthgen.models.synthgan import SynthGAN
from synthgen.reports.training_page import panel_figure
from synthgen.reports.training_report import MAX_POINTS, TrainingReport, training_report
from synthgen.training.alarms import LIMITS, MIN_ROWS, Alarm
from synthgen.training.collapse import MEASURES
from tests.reports.conftest import EVIL, make_people

STEPS = 12


@pytest.fixture(scope="module")
def model():
    """Hardly trained, with four evaluations."""
    table = make_people(240, 1).drop(columns=[EVIL, "code"])
    model = SynthGAN(
        max_steps=STEPS,
        validate_every=3,
        hidden_dims=(8,),
        latent_dim=4,
        refine=None,
        random_state=0,
        verbose=0,
    )
    return model.fit(table)


@pytest.fixture
def history(model):
    """The model's own, put back after the test."""
    kept = model.history_, model.alarms_, model.validation_history_
    yield model.history_
    model.history_, model.alarms_, model.validation_history_ = kept


def panels(found):
    return {p.title: p for p in found.panels}


def test_every_quantity_of_the_history_is_shown(model):
    found = training_report(model)
    shown = {line.column for p in found.panels for line in p.lines}
    there = {c for c in model.history_ if model.history_[c].notna().any()}
    assert there <= shown
    assert {"d_loss", "g_loss", "d_accuracy", "participation_ratio", "nearest_train"} <= shown
    assert (found.n_steps, found.is_watched) == (STEPS, True)
    assert found.parameters["max_steps"] == str(STEPS) and "latent_dim" in found.parameters
    assert "verbose" not in found.parameters and "loss" not in found.parameters


def test_measures_stand_at_the_steps_where_they_were_taken(model):
    panel = panels(training_report(model))["participation_ratio"]
    column = model.history_["participation_ratio"].dropna()
    assert panel.lines[0].steps == tuple(column.index) == (3, 6, 9, 12)
    assert panel.lines[0].values == pytest.approx(tuple(column), rel=1e-4)
    assert panel.honest == 1


def test_every_limit_is_marked_in_its_panel(history, model):
    model.history_ = history.assign(**dict.fromkeys(MEASURES, 0.5))
    by_column = {line.column: p for p in training_report(model).panels for line in p.lines}
    for limit in LIMITS:
        if limit.measure in MEASURES:
            panel = by_column[limit.measure]
            assert (limit.value, limit.code, limit.above) in [(m.value, m.code, m.above) for m in panel.marks]
            heights = [s.y0 for s in panel_figure(panel).layout.shapes]
            assert limit.value in heights and panel.honest in heights


def test_the_step_whose_weights_were_kept_is_marked(history, model, monkeypatch):
    monkeypatch.setattr(model, "kept_step_", 9, raising=False)
    found = training_report(model)
    assert found.kept_step == 9 and "Upright: step 9" in found.to_html()
    shapes = panel_figure(panels(found)["participation_ratio"], 9).layout.shapes
    assert [s.x0 for s in shapes if s.x0 == s.x1] == [9]


def test_half_is_marked_where_the_discriminator_ranks_pairs(model):
    figure = panel_figure(panels(training_report(model))["Pairs ranked rightly"])
    assert [s.y0 for s in figure.layout.shapes] == [0.5]


def test_detection_on_validation_rows_is_shown_where_there_is_any(history, model):
    assert "Detection" not in panels(training_report(model))
    model.validation_history_ = pd.DataFrame({"auc": [0.9, 0.7]}, index=pd.Index([6, 12], name="step"))
    assert panels(training_report(model))["Detection"].lines[0].values == (0.9, 0.7)


def test_a_long_history_is_thinned_to_means(history, model):
    n = 3 * MAX_POINTS
    model.history_ = pd.DataFrame({"g_loss": np.arange(n, dtype=float)}, index=pd.RangeIndex(1, n + 1))
    (line,) = training_report(model).panels[0].lines
    assert len(line.steps) == MAX_POINTS
    assert (line.steps[0], line.steps[-1]) == (3, n)
    assert line.values[:2] == (1.0, 4.0)


def test_columns_that_are_not_known_are_shown_as_they_are(history, model):
    model.history_ = history.assign(elbo=-1.5)
    assert panels(training_report(model))["elbo"].lines[0].values == (-1.5,) * STEPS


def test_infinite_losses_are_left_out(history, model):
    model.history_ = history.assign(g_loss=[math.inf, math.nan, *[1.0] * (STEPS - 2)])
    lines = panels(training_report(model))["Losses"].lines
    assert lines[1].steps[0] == 3


def test_alarms_come_first_and_in_words(history, model):
    model.alarms_ = [Alarm("collapse", f"It <b>collapsed</b> {EVIL}.", ("participation_ratio",))]
    found = training_report(model)
    assert found.answer == "1 alarm: collapse."
    assert found.summary().splitlines()[0] == "1 alarm: collapse."
    html = found.to_html()
    assert "It &lt;b&gt;collapsed&lt;/b&gt;" in html and EVIL not in html
    assert html.index("It &lt;b&gt;") < html.index("What was watched")
    assert html.count("beyond its limit") == 1
    assert "No alarm" not in html


def test_no_alarm_is_said(history, model):
    model.alarms_ = []
    found = training_report(model)
    assert found.answer == "No alarm: nothing that was watched went beyond its limit."
    assert found.answer in found.to_html()


def test_a_training_that_was_not_watched_is_not_called_good(history, model):
    model.alarms_ = []
    model.history_ = history.drop(columns=[c for c in history if c in MEASURES])
    found = training_report(model)
    assert not found.is_watched
    assert "Nothing was watched" in found.to_html() and "No alarm" not in found.to_html()


def test_small_tables_are_told_that_none_is_ever_raised():
    table = make_people(MIN_ROWS - 10, 1)[["height", "weight"]]
    model = SynthGAN(max_steps=3, hidden_dims=(8,), latent_dim=4, random_state=0, verbose=0).fit(table)
    assert training_report(model).answer.startswith("No alarm, but with fewer than 50 rows")


def test_models_without_networks_say_so():
    model = GaussianCopula(random_state=0).fit(make_people(80, 1)[["height", "weight"]])
    found = training_report(model)
    assert found.panels == () and found.n_steps == 0
    assert found.answer == "Nothing was trained step by step: GaussianCopula has no networks."
    assert found.answer in found.to_html() and "No alarm" not in found.to_html()


def test_a_linear_winner_without_a_contest_says_why():
    table = pd.DataFrame(
        np.random.default_rng(0).normal(size=(40, 300)), columns=[f"g{i}" for i in range(300)]
    )
    model = SynthGAN(random_state=0, verbose=0).fit(table)
    found = training_report(model)
    assert model.winner_ == "linear" and found.n_steps == 0
    assert "the linear model alone: fewer than 150 rows" in found.answer
    assert found.answer in found.to_html()


def test_a_table_of_constants_says_that_there_was_nothing_to_learn():
    model = SynthGAN(random_state=0, verbose=0).fit(pd.DataFrame({"a": [1.0] * 20}))
    assert "nothing to learn" in training_report(model).to_html()


def test_the_report_is_the_same_after_json_and_after_the_model_file(model, tmp_path):
    found = training_report(model)
    assert TrainingReport.from_json(found.to_json()) == found
    assert json.loads(found.to_json())["panels"][0]["title"] == "Losses"
    model.save(tmp_path / "m.synthgen")
    loaded = training_report(load(tmp_path / "m.synthgen"))
    assert [p.title for p in loaded.panels] == [p.title for p in found.panels]
    assert loaded.answer == found.answer


def test_the_page_fetches_nothing(model):
    html = training_report(model).to_html()
    own = re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", own)
    assert "default-src 'none'" in html
    assert html.count('class="plot"') == len(training_report(model).panels)
