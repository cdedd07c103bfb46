"""Trees that LightGBM wrote come through unchanged; a text that was meddled with does not reach its parser."""

import re

import lightgbm
import numpy as np
import pytest

from synthgen.models.density_ratio import _SETTINGS, DensityRatio
from synthgen.models.tree_text import checked_text, read_trees

TRAIN = np.random.default_rng(0).normal(size=(3000, 4))
TRAIN[::7, 1] = np.nan
TRAIN[::3, 2] = 0


@pytest.fixture(scope="module")
def booster():
    label = (np.nan_to_num(TRAIN[:, 0] * TRAIN[:, 1]) + TRAIN[:, 3] > 0).astype(float)
    return lightgbm.train(_SETTINGS, lightgbm.Dataset(TRAIN, label), 30)


@pytest.fixture(scope="module")
def text(booster):
    return booster.model_to_string()


def test_predictions_are_the_same_to_the_bit(booster, text):
    rows = np.random.default_rng(1).normal(size=(5000, 4))
    rows[::5] = np.nan
    rows[1::5, 2] = 0
    again = lightgbm.Booster(model_str=checked_text(text))
    for raw in (rows, TRAIN):
        assert np.array_equal(again.predict(raw, raw_score=True), booster.predict(raw, raw_score=True))
    assert again.num_trees() == 30
    assert again.num_feature() == 4


def test_a_text_written_anew_stays_as_it_is(text):
    assert checked_text(checked_text(text)) == checked_text(text)


def test_no_tree_and_a_single_leaf():
    few = lightgbm.train(_SETTINGS, lightgbm.Dataset(np.ones((60, 2)), np.r_[0.0, np.ones(59)]), 2)
    again = lightgbm.Booster(model_str=checked_text(few.model_to_string()))
    assert np.array_equal(again.predict(np.ones((3, 2))), few.predict(np.ones((3, 2))))


def put(text, key, change):
    """The first line of a key, changed: a function of its words."""
    found = re.search(rf"^{key}=(.*)$", text, re.MULTILINE)
    return text[: found.start(1)] + " ".join(change(found[1].split())) + text[found.end(1) :]


MEDDLED = {
    "a circle": ("left_child", lambda w: ["0", *w[1:]], "no tree"),
    "a child twice": ("left_child", lambda w: [w[1], *w[1:]], "no tree"),
    "a child beyond the end": ("right_child", lambda w: ["999", *w[1:]], "no tree"),
    "a leaf beyond the end": ("right_child", lambda w: ["-999999", *w[1:]], "no tree"),
    "a missing child": ("right_child", lambda w: w[1:], "whole numbers"),
    "a feature beyond the end": ("split_feature", lambda w: ["4", *w[1:]], "feature that is not there"),
    "a negative feature": ("split_feature", lambda w: ["-1", *w[1:]], "feature that is not there"),
    "a huge number": ("split_feature", lambda w: ["9" * 400, *w[1:]], "whole numbers"),
    "a categorical split": ("decision_type", lambda w: ["1", *w[1:]], "unknown kind of split"),
    "a kind that is not there": ("decision_type", lambda w: ["12", *w[1:]], "unknown kind of split"),
    "a value that is not finite": ("leaf_value", lambda w: ["nan", *w[1:]], "not finite"),
    "a threshold that is no number": ("threshold", lambda w: ["x", *w[1:]], "could not convert"),
    "millions of leaves": ("num_leaves", lambda w: ["99999999"], "a tree of 99999999 leaves"),
    "no leaves": ("num_leaves", lambda w: ["0"], "a tree of 0 leaves"),
    "categories": ("num_cat", lambda w: ["1"], "categorical"),
    "linear leaves": ("is_linear", lambda w: ["1"], "linear"),
    "two outputs": ("num_class", lambda w: ["2"], "more than one output"),
    "millions of features": ("max_feature_idx", lambda w: ["99999999"], "100000000 features"),
    "a tree that does not begin": ("Tree", lambda w: ["x"], "damaged trees"),
}


@pytest.mark.parametrize("case", MEDDLED)
def test_a_text_that_was_meddled_with_is_refused(case, text):
    key, change, message = MEDDLED[case]
    with pytest.raises(ValueError, match=message):
        checked_text(put(text, key, change))


@pytest.mark.parametrize(
    "bad", ["", "tree", "tree\n\n", "hello\n\nend of trees\n", "tree\na=1\na=2\n\nend of trees\nx"]
)
def test_what_is_no_text_of_trees_is_refused(bad):
    with pytest.raises(ValueError, match=r"trees|key"):
        read_trees(bad)


def test_sizes_in_the_text_are_not_believed(booster, text):
    meddled = put(text, "tree_sizes", lambda w: ["1"] * len(w))
    again = lightgbm.Booster(model_str=checked_text(meddled))
    assert np.array_equal(again.predict(TRAIN), booster.predict(TRAIN))


def test_the_ratio_reads_trees_through_the_check(text):
    circle = put(text, "left_child", lambda w: ["0", *w[1:]])
    with pytest.raises(ValueError, match="no tree"):
        DensityRatio([circle]).log_ratio(TRAIN)
    with pytest.raises(ValueError, match=r"4 features.*3 columns"):
        DensityRatio([text]).log_ratio(TRAIN[:, :3])
