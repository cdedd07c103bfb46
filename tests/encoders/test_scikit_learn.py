"""TableEncoder keeps scikit-learn's contract."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import DataError
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.table.infer import infer_schema
from tests.common.estimator_checks import each_check, run_check


@each_check([TableEncoder()])
def test_scikit_learns_own_checks(estimator, check):
    run_check(estimator, check)


def test_without_a_schema_it_is_inferred(mixed):
    encoder = TableEncoder()
    matrix = encoder.fit_transform(mixed)
    assert encoder.schema is None
    assert encoder.schema_ == infer_schema(mixed)
    assert np.array_equal(matrix, TableEncoder(infer_schema(mixed)).fit_transform(mixed))
    assert (encoder.n_features_in_, list(encoder.feature_names_in_)) == (mixed.shape[1], list(mixed.columns))
    back = TableEncoder.from_state(encoder.to_state())
    assert np.array_equal(back.transform(mixed), encoder.transform(mixed))
    assert list(back.feature_names_in_) == list(mixed.columns)


def test_set_output_gives_a_frame(diabetes):
    table = diabetes.set_axis(range(500, 500 + len(diabetes)))
    plain = TableEncoder().fit_transform(table)
    assert isinstance(plain, np.ndarray)
    encoder = TableEncoder().set_output(transform="pandas")
    framed = encoder.fit_transform(table)
    expected = pd.DataFrame(plain, index=table.index, columns=encoder.get_feature_names_out())
    assert_frame_equal(framed, expected)
    assert_frame_equal(encoder.transform(table), expected)
    assert isinstance(encoder.matrix(table), np.ndarray)


def test_the_package_minds_no_global_output(diabetes):
    rows = GaussianCopula(random_state=0, verbose=0).fit(diabetes).sample(5, random_state=0)
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(TableEncoder().fit(diabetes).transform(diabetes), pd.DataFrame)
        again = GaussianCopula(random_state=0, verbose=0).fit(diabetes).sample(5, random_state=0)
    assert_frame_equal(again, rows)


def test_it_feeds_a_classifier(diabetes):
    X, y = diabetes.drop(columns="target"), diabetes["target"] > 140
    joined = make_pipeline(
        make_column_transformer((TableEncoder(), ["sex", "bmi", "bp"]), remainder="drop"),
        LogisticRegression(),
    ).fit(X, y)
    assert joined.score(X, y) > 0.65
    names = joined[0].get_feature_names_out()
    assert any("sex=female" in n for n in names)


def test_rows_alone_decide_their_matrix_rows_where_ties_go_to_the_middle():
    table = pd.DataFrame({"n": [1, 2, 2, 3] * 50, "x": np.repeat([0.5, 1.5], 100)})
    encoder = TableEncoder().fit(table)
    whole = encoder.transform(table, ties="middle")
    order = np.random.default_rng(0).permutation(200)
    assert np.array_equal(encoder.transform(table.iloc[order], ties="middle"), whole[order])
    assert np.array_equal(encoder.transform(table.iloc[7:9], ties="middle"), whole[7:9])
    assert len(np.unique(whole, axis=0)) == len(table.drop_duplicates())


def test_columns_are_held_to_those_of_fit(diabetes):
    encoder = TableEncoder().fit(diabetes)
    with pytest.raises(DataError, match="must be in the same order"):
        encoder.transform(diabetes[diabetes.columns[::-1]])
    assert np.array_equal(
        encoder.matrix(diabetes[diabetes.columns[::-1]].assign(more=1)), encoder.transform(diabetes)
    )
    with pytest.warns(UserWarning, match="X does not have valid feature names, but TableEncoder was fitted"):
        encoder.transform(diabetes.astype(object).to_numpy())


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (None, "must be a pandas DataFrame. Got NoneType"),
        ("abc", "must be a pandas DataFrame. Got str"),
        (pd.DataFrame({"age": [1.0], 3: [2.0]}), "Column names must be strings. Got 3"),
        (pd.DataFrame({"age": []}), "The table is empty: 0 rows"),
    ],
)
def test_what_is_no_table_is_refused_after_fit_as_in_fit(X, message, diabetes):
    for call in (TableEncoder().fit, TableEncoder().fit(diabetes).transform):
        with pytest.raises(DataError, match=message):
            call(X)


def test_before_fit_scikit_learns_error_is_raised(diabetes):
    for call in (lambda e: e.transform(diabetes), lambda e: e.get_feature_names_out()):
        with pytest.raises(SklearnNotFittedError, match="call `fit` first"):
            call(clone(TableEncoder()))
