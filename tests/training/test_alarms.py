"""Alarms: what raises them, and what they say must be changed."""

import dataclasses
import math
import re
import warnings

import pytest

from synthgen.models.recipe import table_config
from synthgen.models.synthgan import SynthGAN
from synthgen.training.alarms import (
    BEHIND,
    LIMITS,
    MIN_ROWS,
    WORDS,
    Alarm,
    CollapseWarning,
    alarms,
    training_alarms,
)
from synthgen.training.collapse import MEASURES

CONFIG = table_config(SynthGAN().get_params(), 1000, 0, "cpu")
HONEST = {
    "d_auc_train": 0.6,
    "d_auc_validation": 0.58,
    "d_gap": 0.02,
    "d_accuracy_train": 0.55,
    "d_accuracy_validation": 0.54,
    "participation_ratio": 1.0,
    "spread": 0.98,
    "lost_levels": 0.0,
    "empty_bins": 0.0,
    "duplicates": 0.0,
    "nearest_train": 1.0,
    "nearest_fake": 1.0,
    "nearer_to_train": 0.5,
    "auditor_auc": 0.62,
}


def beyond(limit):
    """Honest measures but for one, which is just beyond its limit."""
    return HONEST | {limit.measure: limit.value + (1e-6 if limit.above else -1e-6)}


def raising(limit):
    """A recipe under which the limit counts."""
    return changed(r1_weight=0.0, r2_weight=0.0) if limit.code == "overpowering" else CONFIG


def changed(**given):
    return dataclasses.replace(CONFIG, **given)


def test_an_honest_model_raises_nothing():
    assert alarms(HONEST, CONFIG, n_rows=1000) == []
    assert set(HONEST) == {*MEASURES, "auditor_auc"}


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.code}-{limit.measure}")
def test_each_limit_raises_its_alarm_just_beyond_it(limit):
    (found,) = alarms(beyond(limit), raising(limit), n_rows=1000)
    assert (found.code, found.measures) == (limit.code, (limit.measure,))
    assert f"`{limit.measure}`" in found.words and f"{limit.value:g}" in found.words
    assert WORDS[limit.code] in found.words
    assert alarms(HONEST | {limit.measure: limit.value}, raising(limit), n_rows=1000) == []


def test_the_limits_lie_on_the_far_side_of_an_honest_model():
    assert not any(limit.is_crossed(HONEST[limit.measure]) for limit in LIMITS)
    assert {limit.code for limit in LIMITS} == set(WORDS)


def test_measures_that_are_absent_or_no_numbers_are_passed_over():
    assert alarms({}, CONFIG, n_rows=1000) == []
    assert alarms(dict.fromkeys(HONEST, math.nan), CONFIG, n_rows=1000) == []


def test_small_tables_raise_nothing():
    wrong = HONEST | {"participation_ratio": 0.0}
    assert alarms(wrong, CONFIG, n_rows=MIN_ROWS - 1) == []
    assert [a.code for a in alarms(wrong, CONFIG, n_rows=MIN_ROWS)] == ["collapse"]


def test_one_alarm_names_all_that_was_seen_of_it():
    found = alarms(HONEST | {"participation_ratio": 0.1, "lost_levels": 3.0}, CONFIG, n_rows=1000)
    assert found[0].measures == ("participation_ratio", "lost_levels")
    assert "0.1 times as many directions" in found[0].words and "3 of the frequent levels" in found[0].words


def test_an_auditor_is_heard_only_where_the_own_discriminator_lags_behind():
    blind = HONEST | {"auditor_auc": 0.99}
    assert [a.code for a in alarms(blind, CONFIG, n_rows=1000)] == ["no equilibrium"]
    seeing = blind | {"d_auc_validation": 0.99 - BEHIND + 0.01}
    assert alarms(seeing, CONFIG, n_rows=1000) == []
    alone = blind | {"d_auc_validation": math.nan}
    assert [a.code for a in alarms(alone, CONFIG, n_rows=1000)] == ["no equilibrium"]


@pytest.mark.parametrize("name", ["r1_weight", "r2_weight", "gradient_penalty_weight"])
def test_a_strong_discriminator_with_a_penalty_may_be(name):
    strong, none = HONEST | {"d_auc_validation": 0.99}, {"r1_weight": 0.0, "r2_weight": 0.0}
    assert [a.code for a in alarms(strong, changed(**none), n_rows=1000)] == ["overpowering"]
    assert alarms(strong, changed(**{**none, name: 0.1}), n_rows=1000) == []


def test_rows_off_the_table_are_no_copies():
    found = alarms(HONEST | {"nearer_to_train": 0.99, "nearest_train": 250.0}, CONFIG, n_rows=1000)
    assert [a.code for a in found] == ["divergence"]


def test_what_is_wrong_with_the_recipe_is_named_first():
    config = changed(loss="minimax", r1_weight=0.0, r2_weight=0.0, n_critic=8, learning_rate=0.01)
    (found,) = alarms(HONEST | {"spread": 0.1}, config, n_rows=1000)
    advice = found.words.split("Try, in this order: ")[1]
    places = [
        advice.index(words)
        for words in (
            "`r1_weight=0.3` and `r2_weight=0.3` (now 0 each)",
            "`n_critic=1` (now 8)",
            '`loss="relativistic"` (now "minimax")',
            "a lower `learning_rate` (now 0.01)",
            "`pac=4` (now 1)",
        )
    ]
    assert places == sorted(places)


def test_a_much_quicker_discriminator_is_named():
    config = changed(discriminator_learning_rate=10 * CONFIG.learning_rate)
    (found,) = alarms(HONEST | {"spread": 0.1}, config, n_rows=1000)
    assert "a lower `discriminator_learning_rate` (now 0.02)" in found.words


def test_a_recipe_without_fault_gets_a_larger_penalty_and_packing():
    (found,) = alarms(HONEST | {"spread": 0.1}, CONFIG, n_rows=1000, pac=2)
    assert "a larger `r1_weight` (now 0.3)" in found.words
    assert "`pac=4` (now 2)" in found.words
    assert "n_critic" not in found.words


def test_wasserstein_is_told_of_its_own_penalty():
    config = changed(loss="wgan-gp", r1_weight=0.0, r2_weight=0.0, gradient_penalty_weight=0.0)
    (found,) = alarms(HONEST | {"spread": 0.1}, config, n_rows=1000)
    assert "`gradient_penalty_weight=10` (now 0)" in found.words


def test_too_few_steps_are_named():
    (found,) = alarms(HONEST | {"spread": 0.1}, changed(max_steps=20), n_rows=1000)
    assert "more `max_steps` (now 20): it may not have finished" in found.words


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.code}-{limit.measure}")
def test_every_parameter_that_is_named_exists(limit):
    parameters = SynthGAN().get_params()
    for config in (
        raising(limit),
        changed(loss="hinge", n_critic=3, r1_weight=0.0, r2_weight=0.0, patience=9),
    ):
        (found,) = alarms(beyond(limit), config, n_rows=1000)
        advice = found.words.split("Try, in this order: ")[1]
        named = re.findall(r"`(\w+)[=`]", advice)
        assert named and set(named) <= set(parameters)


def test_what_went_wrong_after_the_kept_weights_is_told_too():
    wrong = HONEST | {"spread": 0.1}
    (found,) = training_alarms({10: HONEST, 20: HONEST, 30: wrong}, 20, CONFIG, n_rows=1000)
    assert found.code == "collapse"
    assert found.words.endswith("at the last step, 30; the model has the weights of step 20, from before.")
    (kept,) = training_alarms({10: HONEST, 20: wrong, 30: wrong}, 20, CONFIG, n_rows=1000)
    assert "last step" not in kept.words
    assert training_alarms({10: wrong, 20: HONEST, 30: HONEST}, 20, CONFIG, n_rows=1000) == []
    assert training_alarms({10: wrong, 20: HONEST}, 20, CONFIG, n_rows=1000) == []
    assert training_alarms({}, 0, CONFIG, n_rows=1000) == []


def test_an_alarm_can_be_warned_of():
    with pytest.warns(CollapseWarning, match="has collapsed"):
        warnings.warn(
            alarms(HONEST | {"spread": 0.1}, CONFIG, n_rows=99)[0].words, CollapseWarning, stacklevel=1
        )
    assert Alarm("collapse", "words") == Alarm("collapse", "words", ())


def test_a_narrow_latent_vector_is_the_first_suspect_where_directions_are_missing():
    few = HONEST | {"participation_ratio": 0.2}
    (alarm,) = alarms(few, CONFIG, n_rows=1000, narrow_latent=2)
    assert "Try, in this order: a larger `latent_dim` (now 2)" in alarm.words
    (alarm,) = alarms(few, CONFIG, n_rows=1000)
    assert "latent_dim" not in alarm.words
    (alarm,) = alarms(HONEST | {"duplicates": 0.5}, CONFIG, n_rows=1000, narrow_latent=2)
    assert "latent_dim" not in alarm.words
