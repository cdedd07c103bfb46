"""What every synthesizer must do: run on every one of them. Each check takes a factory of quick, seeded models."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.base import clone

from synthgen.disclosure import MIN_ROWS
from synthgen.exceptions import (
    ConditionError,
    DataError,
    ModelFileError,
    NotFittedError,
    ParameterError,
    TableFileError,
)
from synthgen.models.base import AbstractSynthesizer
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.persistence import load
from synthgen.table.infer import infer_schema
from tests.common import encoder_checks

Factory = Callable[..., AbstractSynthesizer]


def check_columns_and_dtypes(make: Factory, table: pd.DataFrame) -> None:
    synthetic = make().fit(table).sample(50)
    assert list(synthetic.columns) == list(table.columns)
    for name in table.columns:
        encoder_checks.check_dtype(synthetic[name], table[name])
    assert synthetic.index.equals(pd.RangeIndex(50))


def check_the_table_is_left_alone(make: Factory, table: pd.DataFrame) -> None:
    before = table.copy(deep=True)
    make().fit(table).sample(5)
    assert_frame_equal(table, before)


def check_the_index_and_order_of_rows_do_not_matter_to_types(make: Factory, table: pd.DataFrame) -> None:
    shuffled = table.sample(frac=1, random_state=0)
    assert (make().fit(shuffled).sample(5).dtypes == table.dtypes).all()


def check_fit_returns_self_and_forgets(make: Factory, table: pd.DataFrame) -> None:
    model = make()
    assert model.fit(table) is model
    model.fit(table[table.columns[:2]])
    assert list(model.sample(3).columns) == list(table.columns[:2])
    assert model.n_rows_in_ == len(table)


def check_scikit_learn_clones_it(make: Factory, table: pd.DataFrame) -> None:
    model = make()
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert twin is not model
    assert type(model).__name__ in repr(model)


def check_a_seed_repeats_fit_and_sample(make: Factory, table: pd.DataFrame) -> None:
    one, two = make().fit(table), make().fit(table)
    assert_frame_equal(one.sample(40, random_state=1), two.sample(40, random_state=1))


def check_calls_without_a_seed_differ(make: Factory, table: pd.DataFrame) -> None:
    model = make().fit(table)
    assert not model.sample(40).equals(model.sample(40))
    assert not model.sample(40, random_state=1).equals(model.sample(40, random_state=2))


def check_rows_do_not_depend_on_batch_or_length(make: Factory, table: pd.DataFrame) -> None:
    model = make().fit(table)
    rows = model.sample(2500, random_state=3)
    assert_frame_equal(model.sample(2500, random_state=3, batch_size=1), rows)
    assert_frame_equal(model.sample(2500, random_state=3, batch_size=1500), rows)
    assert_frame_equal(model.sample(1100, random_state=3), rows.head(1100))


def check_parts_drawn_apart_make_up_the_whole(make: Factory, table: pd.DataFrame) -> None:
    named = table.assign(code=[f"P{i:04d}" for i in range(len(table))])
    model = make().fit(named)
    ends = [0, 1, 900, 1024, 2100, 2500]
    for conditions in (None, {"sex": table["sex"].dropna().iloc[0]}):
        draw = {"random_state": 3, "conditions": conditions}
        parts = [model.sample(b - a, first_row=a, **draw) for a, b in itertools.pairwise(ends)]
        whole = model.sample(2500, **draw)
        assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    assert_frame_equal(model.sample(0, random_state=3, first_row=7), whole.head(0))
    with pytest.raises(
        ParameterError, match=r"`first_row` parameter of sample must be an int in \[0, inf\). Got -1"
    ):
        model.sample(1, first_row=-1)
    with pytest.raises(
        ParameterError, match="`first_row` parameter of sample is 1, which needs `random_state`"
    ):
        model.sample(1, first_row=1)
    with pytest.raises(ParameterError, match=r"`first_row` .* must be 0 with a frame of conditions"):
        model.sample(1, first_row=1, random_state=0, conditions=table[["sex"]].head(1))


def check_no_rows_can_be_drawn(make: Factory, table: pd.DataFrame) -> None:
    empty = make().fit(table).sample(0)
    assert empty.shape == (0, table.shape[1])
    assert (empty.dtypes == table.dtypes).all()


def check_bad_sample_parameters(make: Factory, table: pd.DataFrame) -> None:
    model = make().fit(table)
    for name, bad in [("n", -1), ("n", 1.5), ("random_state", -1), ("random_state", "x"), ("batch_size", 0)]:
        with pytest.raises(
            ParameterError, match=f"The `{name}` parameter of sample must be .* Got {bad!r} instead"
        ):
            model.sample(**{"n": 1, name: bad})


def check_declared_constraints_hold(make: Factory, table: pd.DataFrame) -> None:
    constraints = make().parameter_constraints
    assert set(constraints) == set(make().get_params())
    for name, alternatives in constraints.items():
        bad = [v for c in alternatives for v in c.bad_values() if not any(a.admits(v) for a in alternatives)]
        assert bad, name
        for value in bad:
            with pytest.raises(
                ParameterError, match=f"The `{name}` parameter of {type(make()).__name__} must be"
            ):
                make(**{name: value}).fit(table)


def check_nothing_works_before_fit(make: Factory, table: pd.DataFrame) -> None:
    for call in (lambda m: m.sample(1), lambda m: m.save("x"), lambda m: m.describe()):
        with pytest.raises(NotFittedError, match="call `fit` first"):
            call(make())


def check_bad_tables(make: Factory, table: pd.DataFrame) -> None:
    first = table[[table.columns[0]]]
    for bad, message in [
        (table.head(0), "table is empty"),
        (table.head(1), "has 1 rows; a model needs at least 4"),
        (table.head(2), "has 2 rows; a model needs at least 4"),
        (table.to_dict(), "must be a pandas DataFrame. Got dict"),
        (table.to_numpy()[0], "Expected 2D array, got 1D array instead"),
        (pd.concat([first, first], axis=1), "must be distinct"),
        (first.assign(x=np.inf), "'x' holds infinities"),
        (first.assign(x=[[1]] * len(first)), "'x' has dtype object"),
        (first.assign(x=[1, "a"] * (len(first) // 2)), "'x' is an object column of mixed types"),
    ]:
        with pytest.raises(DataError, match=message):
            make().fit(bad)
    # a string is the name of a file, and there is none
    with pytest.raises(
        (TableFileError, ParameterError), match=r"no such file or folder|cannot be fitted from files"
    ):
        make().fit(table.columns[0])


def check_arrays_are_tables(make: Factory, table: pd.DataFrame) -> None:
    array = table.astype(object).to_numpy()
    model = make().fit(array)
    assert model.n_features_in_ == table.shape[1]
    assert not hasattr(model, "feature_names_in_")
    assert list(model.sample(2).columns) == [f"x{i}" for i in range(table.shape[1])]
    kinds = [c.kind for c in infer_schema(table)]
    assert [c.kind for c in model.schema_] == kinds
    assert 0 <= model.score(array[:60]) <= 1


def check_a_target_is_a_column(make: Factory, table: pd.DataFrame) -> None:
    X, y = table.drop(columns="sex"), table["sex"]
    whole = pd.concat([X, y], axis=1)
    model = make().fit(X, y)
    assert_frame_equal(model.sample(30, random_state=0), make().fit(whole).sample(30, random_state=0))
    assert (model.target_name_, model.n_features_in_) == ("sex", X.shape[1])
    assert list(model.feature_names_in_) == list(X.columns)
    with_y = model.score(X.head(80), y.head(80))
    assert with_y == model.score(whole.head(80)) == model.score(X.head(80), y.head(80).tolist())
    assert 0 <= with_y <= 1
    assert 0 <= model.score(X.head(80)) <= 1
    model.fit(X.head(20))
    assert model.target_name_ is None
    assert list(model.sample(2).columns) == list(X.columns)


def check_bad_targets(make: Factory, table: pd.DataFrame) -> None:
    X, y = table.drop(columns="sex"), table["sex"]
    for bad, message in [
        (y.head(5), "one value for each row of X. .*inconsistent numbers of samples"),
        (table, "`y` must be one column. Got"),
        (y.rename(X.columns[0]), "which X has already. .* give y another name"),
        ("sex", "`y` must be one column"),
    ]:
        with pytest.raises(DataError, match=message):
            make().fit(X, bad)
    with pytest.raises(DataError, match=r"`y` was given, but this .* was fitted without"):
        make().fit(X).score(X, y)


def check_the_score_takes_any_rows(make: Factory, table: pd.DataFrame) -> None:
    model = make().fit(table)
    assert model.score(table) == model.score(table)
    usual = model.score(table.head(100))
    odd = table.head(100).assign(sex="other", age=None)
    assert model.score(odd) == 0 <= usual
    assert 0 <= model.score(table.head(10)) <= 1
    for bad, message in [
        (table.head(3), "needs at least 4 rows. Got 3"),
        (table[table.columns[::-1]], "must be in the same order as they were in fit"),
        (table[table.columns[:2]], "seen at fit time, yet now missing"),
        (table.to_numpy()[:, :2], "X has 2 features, but .* is expecting"),
    ]:
        with pytest.raises(DataError, match=message), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
            model.score(bad)


def check_odd_tables_are_learnt(make: Factory, table: pd.DataFrame) -> None:
    n = len(table)
    for odd in (
        table[[table.columns[0]]],
        pd.DataFrame({"one": np.ones(n)}),
        pd.DataFrame({"none": [None] * n}),
        pd.DataFrame({"one": np.ones(n), "row": np.arange(n)}),
        pd.DataFrame({"zip": [f"Z{i:05d}" for i in np.random.default_rng(0).integers(0, 10_000, 4 * n)]}),
        table.head(4),
    ):
        synthetic = make().fit(odd).sample(20)
        for name in odd.columns:
            encoder_checks.check_dtype(synthetic[name], odd[name])
        assert (synthetic.isna().all() == odd.isna().all()).all()


def check_conditions_are_met(make: Factory, table: pd.DataFrame) -> None:
    model = make().fit(table)
    level = table["sex"].dropna().iloc[0]
    assert (model.sample(30, conditions={"sex": level})["sex"] == level).all()
    low, high = table["age"].quantile([0.25, 0.75])
    rows = model.sample(30, conditions={"age": (low, high), "sex": level}, random_state=0)
    assert rows["age"].between(low, high).all() and len(rows) == 30
    assert_frame_equal(rows, model.sample(30, conditions={"age": (low, high), "sex": level}, random_state=0))


def check_a_frame_of_conditions_is_met_row_by_row(make: Factory, table: pd.DataFrame) -> None:
    wanted = table[["sex"]].dropna().head(30).reset_index(drop=True)
    rows = make().fit(table).sample(30, conditions=wanted, random_state=0)
    assert (rows["sex"] == wanted["sex"]).all()


def check_conditions_that_cannot_be_met(make: Factory, table: pd.DataFrame) -> None:
    model = make().fit(table)
    low, high = ends_that_come_back(model, table["age"])
    for conditions, message in [
        ({"nope": 1}, "names column 'nope', which was not in the training table"),
        ({"sex": "other"}, "'sex' has no level 'other'. It has 'female', 'male'"),
        ({"age": "old"}, "'age' is integer; 'old' is not one of its values"),
        ({"age": None}, "'age' has no missing values"),
        ({"age": (50, 20)}, "must rise"),
        ({"sex": ("female", "male")}, "A range must be"),
        ({"sex": ["female"]}, "must be one value or"),
        ({"age": 10**6}, f"'age' lies between {low} and {high}, so 1000000 cannot be asked for"),
        ([("sex", "female")], "must be a mapping or a DataFrame. Got list"),
        (table[["sex"]].head(3), "must have n = 5 rows. Got 3"),
    ]:
        with pytest.raises(ConditionError, match=message):
            model.sample(5, conditions=conditions)


def check_save_and_load(make: Factory, table: pd.DataFrame, tmp_path) -> None:
    model = make().fit(table)
    path = tmp_path / "m.synthgen"
    model.save(path)
    loaded = load(path)
    assert type(loaded) is type(model)
    assert loaded.get_params() == model.get_params()
    assert loaded.schema_ == model.schema_
    assert loaded.describe() == model.describe()
    assert loaded.score(table.head(50)) == model.score(table.head(50))
    assert_frame_equal(loaded.sample(1500, random_state=5), model.sample(1500, random_state=5))
    again = tmp_path / "again.synthgen"
    loaded.save(again)
    assert again.read_bytes() == path.read_bytes()
    assert list(loaded.feature_names_in_) == list(table.columns)
    nameless = make().fit(table.select_dtypes("number").to_numpy(), table["sex"].tolist())
    nameless.save(path)
    loaded = load(path)
    assert (loaded.target_name_, loaded.n_features_in_) == ("y", nameless.n_features_in_)
    assert not hasattr(loaded, "feature_names_in_")


def check_damaged_files_are_refused(make: Factory, table: pd.DataFrame, tmp_path) -> None:
    path = tmp_path / "m.synthgen"
    make().fit(table).save(path)
    content = path.read_bytes()
    for length in (0, 5, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match=r"m\.synthgen: (is cut short|is not a synthgen model)"):
            load(path)
    for place in np.linspace(0, len(content) - 1, 60).astype(int):
        altered = bytearray(content)
        altered[place] ^= 0x01
        path.write_bytes(bytes(altered))
        with pytest.raises(ModelFileError, match=r"m\.synthgen: "):
            load(path)


def ends_that_come_back(model: AbstractSynthesizer, ages: pd.Series) -> tuple[int, int]:
    """The smallest and the largest age of a model's rows: of a memoriser the table's, else none that few rows hold."""
    if isinstance(model, Bootstrap):
        return int(ages.min()), int(ages.max())
    low, high = model.encoder_.encoder_of("age").possible().values.tolist()
    assert ages.min() <= low < high <= ages.max()
    for end, outermost in ((low, ages.min()), (high, ages.max())):
        assert end != outermost or (ages == end).sum() >= MIN_ROWS
    rows = model.sample(2000, random_state=0)["age"]
    assert low <= rows.min() and rows.max() <= high
    return low, high


CHECKS = [value for name, value in sorted(globals().items()) if name.startswith("check_")]
