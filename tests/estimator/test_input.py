"""Arrays become tables, `y` a column, and later tables are held to the columns of `fit`."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import sparse
from sklearn.linear_model import LinearRegression

from synthgen.estimator.arrays import as_frame, frame_of_array
from synthgen.estimator.features import check_features, check_input_features, remember_features
from synthgen.estimator.target import target_column
from synthgen.exceptions import DataError
from synthgen.models.training_table import training_table
from synthgen.table.annotated import AnnotatedTable, Annotation

TABLE = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["p", "q", "p"]}, index=[5, 3, 4])


@pytest.mark.parametrize(
    ("values", "dtypes"),
    [
        (np.zeros((3, 2), dtype=np.float32), ["float32", "float32"]),
        (np.zeros((3, 1), dtype=bool), ["bool"]),
        (np.array([[1, 2.5], [2, 3.0]], dtype=object), ["int64", "float64"]),
        ([[1, "a", True], [2, "b", False]], ["int64", pd.Series(["a"], dtype=object).infer_objects().dtype, "bool"]),
        (((1.5, None), (2.5, 4.0)), ["float64", "float64"]),
        (np.array([["2020-01-01"]], dtype="datetime64[s]"), ["datetime64[s]"]),
    ],
    ids=["numbers", "booleans", "objects", "lists", "tuples", "instants"],
)  # fmt: skip
def test_an_array_becomes_a_table(values, dtypes):
    frame = frame_of_array(values)
    assert list(frame.columns) == [f"x{i}" for i in range(len(dtypes))]
    assert [d == e for d, e in zip(frame.dtypes, dtypes, strict=True)] == [True] * len(dtypes)
    for i, row in enumerate(values):
        assert [None if pd.isna(v) else v for v in frame.iloc[i].tolist()] == list(row)


def test_objects_that_are_no_numbers_stay_as_they_are():
    frame = frame_of_array(np.array([[date(2020, 1, 1), 1], [date(2021, 1, 1), "a"]], dtype=object))
    assert frame.dtypes.tolist() == [object, object]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (sparse.csr_array(np.eye(3)), r"Sparse data was passed, but dense data is required"),
        (sparse.csr_matrix(np.eye(3)), r"Sparse data was passed"),
        (np.eye(3) * 1j, "Complex data not supported"),
        (np.array([[1j, "a"]], dtype=object), "Complex data not supported"),
        (np.zeros(3), "Expected 2D array, got 1D array instead"),
        (TABLE["a"], "Expected 2D array, got 1D array instead"),
        (np.zeros((2, 2, 2)), "Expected 2D array, got 3D array instead"),
        ([[1, 2], [3]], "Expected 2D array, got 1D|rows must be of one length"),
        (np.zeros((0, 3)), r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required"),
        (np.zeros((3, 0)), r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
    ],
)
def test_arrays_that_make_no_table_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        frame_of_array(values)


def test_a_table_is_left_as_it_is():
    frame, has_names = as_frame(TABLE)
    assert frame is TABLE and has_names


@pytest.mark.parametrize(
    ("y", "name"),
    [
        (pd.Series([1, 2, 3], name="t"), "t"),
        (pd.Series([1, 2, 3]), "y"),
        (pd.Series([1, 2, 3], name=7), "7"),
        (pd.DataFrame({"t": [1, 2, 3]}), "t"),
        (np.array([1, 2, 3]), "y"),
        (np.array([[1], [2], [3]]), "y"),
        ([1, 2, 3], "y"),
        (np.array([1, 2, 3], dtype=object), "y"),
    ],
)
def test_y_becomes_the_last_column(y, name):
    found = training_table(TABLE, y)
    assert_frame_equal(found.frame, TABLE.assign(**{name: [1, 2, 3]}))
    assert (found.target, found.has_names) == (name, True)


class OtherFrame:
    """A table of another library: it has names, which an array would lose."""

    columns = ("a", "b")

    def __array__(self, dtype=None, copy=None):
        return np.zeros((5, 2))


def test_tables_of_other_libraries_are_refused_with_the_way_out():
    with pytest.raises(DataError, match=r"must be a pandas DataFrame. Got OtherFrame; use pandas.DataFrame"):
        training_table(OtherFrame())


def test_y_keeps_its_dtype():
    y = pd.Series(pd.Categorical(["u", "v", "u"], ordered=True), name="t")
    assert training_table(TABLE, y).frame["t"].dtype == y.dtype


def test_y_stands_before_the_features_of_an_annotated_table():
    annotation = Annotation(pd.DataFrame(index=["b"]), "gct")
    found = training_table(AnnotatedTable(TABLE, annotation), [1, 2, 3])
    assert list(found.frame.columns) == ["a", "y", "b"]
    assert found.annotation is annotation
    AnnotatedTable(found.frame, annotation)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 2], r"inconsistent numbers of samples: \[3, 2\]"),
        (np.zeros((3, 2)), r"`y` must be one column. Got an array of shape \(3, 2\)"),
        (TABLE, "`y` must be one column. Got 2; put the others into X"),
        (7, "`y` must be one column"),
        (pd.Series([1, 2, 3], name="a"), r"column 'a', which X has already.* pd.Series\(y, name='target'\)"),
        (np.ones(3) * 1j, "Complex data not supported"),
        (sparse.csr_array(np.ones((3, 1))), "Sparse data"),
    ],
)
def test_what_is_no_target_is_refused(y, message):
    with pytest.raises(DataError, match=message):
        training_table(TABLE, y)


def test_a_name_that_is_given_is_the_targets():
    assert target_column([1, 2, 3], TABLE.index, TABLE.columns, "t").name == "t"


class Fitted:
    pass


@pytest.mark.parametrize(
    "columns",
    [
        ["b", "a", "c"], ["a", "b"], ["a", "b", "d"], ["a", "b", "c", "d"],
        [f"n{i}" for i in range(9)],
        [f"n{i}" for i in range(6)],
    ],
)  # fmt: skip
def test_other_names_are_refused_in_scikit_learns_words(columns):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 3)), columns=["a", "b", "c"])
    theirs, ours = LinearRegression().fit(X, X["a"]), Fitted()
    remember_features(ours, X.columns, are_given=True)
    assert ours.n_features_in_ == theirs.n_features_in_
    assert ours.feature_names_in_.tolist() == theirs.feature_names_in_.tolist()
    later = pd.DataFrame(np.zeros((4, len(columns))), columns=columns)
    with pytest.raises(ValueError, match="names should match") as expected:
        theirs.predict(later)
    with pytest.raises(DataError) as found:
        check_features(ours, later.columns, ["a", "b", "c"], are_given=True)
    assert str(found.value) == str(expected.value)


def test_names_of_mixed_types_are_refused_too():
    ours = Fitted()
    remember_features(ours, pd.Index(["a", "b"]), are_given=True)
    with pytest.raises(DataError, match=r"unseen at fit time:\n- 3\n- c\n.*yet now missing:\n- b"):
        check_features(ours, pd.Index(["c", 3, "a"]), ["a", "b"], are_given=True)


def test_a_wrong_number_of_columns_is_refused_in_scikit_learns_words():
    X = np.random.default_rng(0).normal(size=(5, 3))
    theirs, ours = LinearRegression().fit(X, X[:, 0]), Fitted()
    remember_features(ours, pd.Index(["x0", "x1", "x2"]), are_given=False)
    with pytest.raises(ValueError, match="2 features") as expected:
        theirs.predict(X[:, :2])
    with pytest.raises(DataError) as found:
        check_features(ours, pd.Index(["x0", "x1"]), ["x0", "x1", "x2"], are_given=False)
    assert str(found.value) == str(expected.value).replace("LinearRegression", "Fitted")


def test_names_on_one_side_alone_give_a_warning():
    ours = Fitted()
    remember_features(ours, pd.Index(["a", "b"]), are_given=True)
    with pytest.warns(UserWarning, match="X does not have valid feature names, but Fitted was fitted with"):
        check_features(ours, pd.Index(["x0", "x1"]), ["a", "b"], are_given=False)
    remember_features(ours, pd.Index(["x0", "x1"]), are_given=False)
    assert not hasattr(ours, "feature_names_in_")
    with pytest.warns(UserWarning, match="X has feature names, but Fitted was fitted without"):
        check_features(ours, pd.Index(["a", "b"]), ["x0", "x1"], are_given=True)
    check_features(ours, pd.Index(["x0", "x1"]), ["x0", "x1"], are_given=True)


def test_names_for_the_output_must_be_those_of_the_input():
    ours = Fitted()
    remember_features(ours, pd.Index(["a", "b"]), are_given=True)
    check_input_features(ours, None)
    check_input_features(ours, ["a", "b"])
    with pytest.raises(DataError, match="not equal to feature_names_in_"):
        check_input_features(ours, ["b", "a"])
    remember_features(ours, pd.Index(["x0", "x1"]), are_given=False)
    with pytest.raises(DataError, match=r"should have length equal to number of features \(2\), got 1"):
        check_input_features(ours, ["a"])
