"""What is known of the features travels with a table, and through a model file."""

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import DataError
from synthgen.models.model_file import read_model_file, write_model_file
from synthgen.table.annotated import AnnotatedTable, Annotation, as_annotated

NAMES = ["ACTB", "TP53", "µ-gene"]


@pytest.fixture
def annotation():
    features = pd.DataFrame(
        {
            "id": ["E1", "E2", "E3"],
            "symbol": ["a", None, "c"],
            "position": np.array([5, 7, 9], dtype=np.int32),
            "score": [0.5, np.nan, 1.5],
            "kept": [True, False, True],
            "length": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "band": pd.Categorical(["p", None, "q"], categories=["q", "p"], ordered=True),
            "copies": pd.Categorical([2, 4, 2]),
        },
        index=NAMES,
    )
    return Annotation(features, "anndata", {"layer": None, "renamed": {"x (obs)": "x"}})


def test_every_dtype_of_metadata_comes_back_from_a_model_file(annotation, tmp_path):
    write_model_file(tmp_path / "m", "X", {"annotation": annotation.to_state()})
    found = Annotation.from_state(read_model_file(tmp_path / "m")[1]["annotation"])
    pd.testing.assert_frame_equal(found.features, annotation.features)
    assert (found.container, found.details) == (annotation.container, annotation.details)


def test_features_without_metadata_come_back(tmp_path):
    annotation = Annotation(pd.DataFrame(index=NAMES), "gct")
    found = Annotation.from_state(annotation.to_state())
    assert found.features.index.tolist() == NAMES
    assert found.features.shape == (3, 0)


def test_metadata_of_other_types_become_text():
    features = pd.DataFrame({"seen": pd.to_datetime(["2020-01-01", None])}, index=["a", "b"])
    found = Annotation.from_state(Annotation(features, "gct").to_state()).features["seen"]
    assert found.iloc[0] == "2020-01-01 00:00:00"
    assert pd.isna(found.iloc[1])


def test_covariates_stand_before_features(annotation):
    frame = pd.DataFrame([["f", 1, 2, 3]], columns=["sex", *NAMES])
    table = AnnotatedTable(frame, annotation)
    assert table.covariates.columns.tolist() == ["sex"]
    assert table.features.columns.tolist() == NAMES


@pytest.mark.parametrize("columns", [["ACTB", "TP53"], ["sex", "TP53", "ACTB", "µ-gene"], [*NAMES, "sex"]])
def test_a_frame_that_does_not_end_with_the_features_is_refused(annotation, columns):
    with pytest.raises(DataError, match="last columns of the table must be the 3 features"):
        AnnotatedTable(pd.DataFrame([range(len(columns))], columns=columns), annotation)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (["a", "b", "a"], "Names of features must be distinct. Repeated: 'a'; rename"),
        (["a", 1], r"must be strings. Got 1 \(int\)"),
        ([], "There are no features"),
    ],
)
def test_names_that_no_column_can_have_are_refused(index, message):
    with pytest.raises(DataError, match=message):
        Annotation(pd.DataFrame(index=pd.Index(index, dtype=object)), "gct")


def test_an_unknown_container_is_refused():
    with pytest.raises(DataError, match=r"container must be one of anndata, .*Got 'loom'"):
        Annotation(pd.DataFrame(index=["a"]), "loom")


def test_frames_and_annotated_tables_are_taken_apart(annotation):
    frame = pd.DataFrame([[1, 2, 3]], columns=NAMES)
    assert as_annotated(frame)[0] is frame
    assert as_annotated(frame)[1] is None
    found, known = as_annotated(AnnotatedTable(frame, annotation))
    assert found is frame
    assert known is annotation


def test_anything_else_is_refused_by_its_type():
    with pytest.raises(DataError, match=r"must be a pandas DataFrame. Got ndarray"):
        as_annotated(np.zeros((3, 3)))
