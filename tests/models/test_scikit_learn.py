"""Synthesizers keep scikit-learn's contract."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from synthgen.constraints.rules import Dependency
from synthgen.exceptions import DataError, NotFittedError
from synthgen.models import inference
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.latent import AbstractLatentSynthesizer
from synthgen.models.synthgan import SynthGAN
from synthgen.models.vae import SynthVAE
from tests.common.estimator_checks import each_check, run_check


@pytest.fixture(autouse=True)
def short_inference(monkeypatch):
    """The encoder behind `transform` is learnt in a few steps, and its guesses improved by a few."""
    monkeypatch.setattr(inference, "TRAINING_STEPS", 3)
    monkeypatch.setattr(inference, "PAIR_BLOCKS", 2)
    monkeypatch.setitem(AbstractLatentSynthesizer.encode.__kwdefaults__, "steps", 3)


TINY = {"hidden_dims": (4,), "latent_dim": 2, "max_steps": 3, "verbose": 0}
ESTIMATORS = [
    SynthGAN(**TINY),
    SynthVAE(**TINY),
    GaussianCopula(verbose=0),
    IndependentMarginals(verbose=0),
    Bootstrap(verbose=0),
]
LATENT = [SynthGAN(**TINY, random_state=0), SynthVAE(**TINY, random_state=0)]


@pytest.fixture
def iris():
    """Four numbers, and the species as a string: X, y."""
    bunch = load_iris(as_frame=True)
    return bunch.data, bunch.target.map(dict(enumerate(bunch.target_names))).rename("species")


def kind(estimator):
    return type(estimator).__name__


@each_check(ESTIMATORS)
def test_scikit_learns_own_checks(estimator, check):
    run_check(estimator, check)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=kind)
def test_parameters_can_be_read_set_and_cloned(estimator):
    twin = clone(estimator).set_params(random_state=3)
    assert twin.get_params() == {**estimator.get_params(), "random_state": 3}


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=kind)
def test_a_notebook_shows_it(estimator, iris):
    pipeline = Pipeline([("scale", FunctionTransformer()), ("model", clone(estimator))])
    for shown in (clone(estimator), pipeline):
        for fitted in (False, True):
            if fitted:
                shown.fit(iris[0])
            html = shown._repr_html_() if hasattr(shown, "_repr_html_") else shown._repr_html_inner()
            assert kind(estimator) in html
            assert f"<span>{'Fitted' if fitted else 'Not fitted'}</span>" in html
            assert kind(estimator) in repr(shown)


@pytest.mark.parametrize("estimator", LATENT, ids=kind)
def test_before_fit_scikit_learns_error_is_raised_too(estimator, iris):
    for call in (
        lambda m: m.transform(iris[0]),
        lambda m: m.score(iris[0]),
        lambda m: m.get_feature_names_out(),
        lambda m: m.sample(),
    ):
        for error in (SklearnNotFittedError, NotFittedError):
            with pytest.raises(error, match="call `fit` first"):
                call(clone(estimator))


def test_the_last_step_of_a_pipeline_samples_what_it_was_given(iris):
    kept = ColumnTransformer([("keep", "passthrough", ["petal width (cm)", "petal length (cm)"])])
    kept.set_output(transform="pandas")
    pipeline = Pipeline([("keep", kept), ("model", SynthGAN(**TINY, random_state=0))]).fit(iris[0])
    rows = pipeline["model"].sample(7)
    assert list(rows.columns) == ["keep__petal width (cm)", "keep__petal length (cm)"]
    assert 0 <= pipeline.score(iris[0]) <= 1


def test_a_pipeline_gives_arrays_and_a_target(iris):
    pipeline = make_pipeline(FunctionTransformer(np.log, feature_names_out=None), GaussianCopula(verbose=0))
    X, y = iris
    rows = pipeline.fit(X.to_numpy(), y)[-1].sample(5)
    assert list(rows.columns) == ["x0", "x1", "x2", "x3", "species"]
    assert set(rows["species"]) <= set(y)
    assert 0 <= pipeline.score(X.to_numpy(), y) <= 1


@pytest.mark.parametrize("estimator", LATENT, ids=kind)
def test_latent_vectors_feed_a_classifier_and_know_nothing_of_its_target(estimator, iris):
    X, y = iris
    pipeline = make_pipeline(clone(estimator), LogisticRegression(max_iter=1000)).fit(X, y)
    assert set(pipeline.predict(X)) <= set(y)
    model = clone(estimator)
    vectors = model.fit_transform(X, y)
    assert np.array_equal(vectors, model.transform(X))
    assert not np.array_equal(vectors, model.encode(X, y))
    assert np.array_equal(model.encode(X, y), model.encode(pd.concat([X, y], axis=1)))
    assert np.array_equal(model.transform(pd.concat([X, y], axis=1)), model.encode(X, y))


@pytest.mark.parametrize("estimator", LATENT, ids=kind)
def test_set_output_gives_frames(estimator, iris):
    X = iris[0].set_axis(range(1000, 1150))
    plain = clone(estimator).fit_transform(X)
    assert isinstance(plain, np.ndarray) and plain.dtype == np.float32
    framed = clone(estimator).set_output(transform="pandas").fit(X).transform(X)
    assert_frame_equal(framed, pd.DataFrame(plain, index=X.index, columns=["z0", "z1"]))
    with sklearn.config_context(transform_output="pandas"):
        model = clone(estimator).fit(X)
        assert_frame_equal(model.transform(X), framed)
        assert isinstance(model.encode(X), np.ndarray)
        assert len(model.reconstruct(X)) == len(X)
        assert_frame_equal(model.sample(5, random_state=0), clone(estimator).fit(X).sample(5, random_state=0))


def test_a_search_over_parameters_uses_the_score_on_held_out_rows(iris):
    table = iris[0].assign(species=iris[1])
    parameters = {"latent_dim": [1, 2], "hidden_dims": [(4,)]}
    search = GridSearchCV(SynthGAN(**TINY, random_state=0), parameters, cv=2).fit(table)
    assert search.best_params_["latent_dim"] in (1, 2)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.sample(3).shape == (3, 5)
    assert search.score(table) == search.best_estimator_.score(table)


def test_cross_validation_prefers_the_model_that_knows_of_dependence(iris):
    X = np.random.default_rng(0).multivariate_normal([0, 0, 0], 0.1 * np.eye(3) + 0.9, size=600)
    joint = cross_val_score(GaussianCopula(random_state=0, verbose=0), X, cv=3).mean()
    apart = cross_val_score(IndependentMarginals(random_state=0, verbose=0), X, cv=3).mean()
    assert joint > 0.85
    assert apart < 0.5


def test_checkpoint_arguments_of_fit_can_be_routed(tmp_path, iris):
    by_prefix = Pipeline([("same", FunctionTransformer()), ("model", SynthGAN(**TINY, random_state=0))])
    by_prefix.fit(iris[0], model__checkpoint=tmp_path / "one")
    with sklearn.config_context(enable_metadata_routing=True):
        model = SynthGAN(**TINY, random_state=0).set_fit_request(checkpoint=True)
        routed = Pipeline([("same", FunctionTransformer()), ("model", model)])
        routed.fit(iris[0], checkpoint=tmp_path / "two")
    names = [sorted(p.name for p in (tmp_path / folder).rglob("*")) for folder in ("one", "two")]
    assert names[0] == names[1] != []
    assert_frame_equal(by_prefix[-1].sample(5, random_state=0), routed[-1].sample(5, random_state=0))


def test_a_target_that_others_are_bound_to_cannot_be_left_out(iris):
    X = iris[0].assign(code=np.arange(150) % 5)
    y = X["code"].map(lambda c: "odd" if c % 2 else "even").rename("parity")
    bound = SynthVAE(**TINY, random_state=0, constraints=[Dependency(by="code", column="parity")]).fit(X, y)
    with pytest.raises(
        DataError, match=r"'parity' cannot be left out, since a rule binds it to other columns"
    ):
        bound.transform(X)
    assert bound.encode(X, y).shape == (150, 2)
    given = SynthVAE(**TINY, random_state=0, detect_relations=False, conditional_on=["parity"]).fit(X, y)
    with pytest.raises(DataError, match=r"'parity' cannot be left out, as the model is conditional on it"):
        given.encode(X)
    assert given.encode(X, y).shape == (150, 2)


@pytest.mark.parametrize(
    "y",
    [
        np.ones(150),
        np.arange(150),
        [f"row {i}" for i in range(150)],
        [None] * 150,
        pd.Series([1.5, None] * 75),
        pd.Series(pd.date_range("2020", periods=150)),
    ],
    ids=["constant", "row number", "strings", "missing", "half missing", "instants"],
)
def test_odd_targets_are_learnt_and_left_out(y, iris):
    model = SynthVAE(**TINY, random_state=0).fit(iris[0], y)
    assert np.isfinite(model.transform(iris[0])).all()
    assert list(model.sample(4).columns)[-1] == "y"
    z, error = model.encode(iris[0], return_error=True)
    assert z.shape == (150, 2) and np.isfinite(error).all()


def test_a_target_within_a_block_of_columns_cannot_be_left_out():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 300)), columns=[f"g{i}" for i in range(300)])
    y = X["g0"] + 1
    model = SynthVAE(**TINY, random_state=0).fit(X, y.rename("trait"))
    with pytest.raises(DataError, match=r"'trait' cannot be left out.* or fit with covariates=\['trait'\]"):
        model.transform(X)
    beside = SynthVAE(**TINY, random_state=0, covariates=["trait"]).fit(X, y.rename("trait"))
    assert beside.transform(X).shape == (60, 2)
