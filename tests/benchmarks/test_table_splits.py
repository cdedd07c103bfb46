"""The tables' splits, and synthetic tables brought into the real table's form."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import problems
from benchmarks.tables import splits
from tests.benchmarks.tables import wine_split


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTHGEN_DATA", str(tmp_path))
    return tmp_path


def test_a_tenth_is_held_out_and_dropped_columns_and_rows_without_target_are_gone(data_folder):
    n = 200
    frame = pd.DataFrame(
        {name: np.arange(n) % 5 for name in ("No", "year", "month", "day", "hour")}
        | {"pm2.5": np.where(np.arange(n) < 20, np.nan, 1.0), "cbwd": "NW", "datetime": pd.Timestamp("2010")}
    )
    frame.to_parquet(data_folder / "beijing_pm25.parquet")
    split = splits.load("beijing_pm25")
    assert (len(split.train), len(split.holdout)) == (162, 18)
    assert list(split.train) == ["year", "month", "day", "hour", "pm2.5", "cbwd"]
    assert split.categorical == ["year", "month", "day", "hour", "cbwd"]
    assert split.train["year"].dtype == np.int64
    pd.testing.assert_frame_equal(split.holdout, splits.load("beijing_pm25").holdout)


def test_adult_is_split_by_its_own_column(data_folder):
    frame = pd.DataFrame({"age": range(10), "income": "<=50K", "split": ["train"] * 7 + ["test"] * 3})
    frame.to_parquet(data_folder / "adult.parquet")
    split = splits.load("adult", rows=5)
    assert list(split.train) == ["age", "income"]
    assert list(split.holdout["age"]) == [7, 8, 9]
    assert len(split.train) == 5


def test_a_missing_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTHGEN_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit, match="nowhere"):
        problems.whole_table("adult")


def test_a_synthetic_table_comes_into_the_real_form():
    split = wine_split()
    made = split.train[split.train.columns[::-1]].copy()
    made["class"] = made["class"].astype(str).astype(object)
    made["magnesium"] = made["magnesium"] + 0.2
    made.loc[0, "alcohol"] = np.nan
    found = splits.as_real(made, split)
    assert list(found) == list(split.train)
    assert found["class"].tolist() == split.train["class"].tolist()
    assert found["magnesium"].tolist() == split.train["magnesium"].tolist()
    assert set(found["hue"]) == {"high", "low", "?"}
    assert found["alcohol"].isna().sum() == 1
