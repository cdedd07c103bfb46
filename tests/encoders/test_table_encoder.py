"""The common checks on every table, and what a table encoder refuses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.exceptions import ColumnRejected, DataError, NotFittedError
from synthgen.schema import Column, Schema
from synthgen.table.infer import infer_schema
from tests.common.encoder_checks import CHECKS, check_round_trip, fit


def many_levels(n=30_000, n_levels=10_000):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"zip": [f"Z{v:05d}" for v in (n_levels * rng.random(n) ** 2).astype(int)]})


TABLES = ["diabetes", "mixed", "awkward"]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", TABLES)
def test_common_checks(check, name, request):
    check(request.getfixturevalue(name))


@pytest.mark.parametrize("check", CHECKS)
def test_common_checks_on_ten_thousand_levels(check):
    check(many_levels())


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"x": [1.5]}),
        pd.DataFrame({"x": [1, 1]}),
        pd.DataFrame({"x": [None, None]}),
        pd.DataFrame({"x": ["a", "b"], "y": [1, 2]}),
    ],
    ids=["one cell", "constant", "all missing", "two rows"],
)
def test_common_checks_on_tiny_tables(check, table):
    check(table)


COLUMNS = st.one_of(
    hnp.arrays(st.sampled_from([np.int8, np.int64, np.uint64, np.uint8]), 25),
    hnp.arrays(np.float64, 25, elements=st.floats(allow_infinity=False, width=64)),
    hnp.arrays(np.float32, 25, elements=st.floats(allow_infinity=False, width=32)),
    hnp.arrays(np.bool_, 25),
    st.lists(st.one_of(st.none(), st.text(max_size=6)), min_size=25, max_size=25),
    st.lists(st.integers(-(10**9), 10**9), min_size=25, max_size=25).map(
        lambda v: np.array(v, "datetime64[s]")
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(COLUMNS, min_size=1, max_size=3))
def test_any_table_round_trips(columns):
    check_round_trip(pd.DataFrame({f"c{i}": values for i, values in enumerate(columns)}))


@pytest.mark.parametrize("wide", [None, WideOptions(reduce=1)], ids=["columns", "a block"])
@pytest.mark.parametrize("n_present", [1, 4])
@pytest.mark.parametrize("n", [5, 9, 10, 40])
def test_of_fewer_than_five_values_among_missing_ones_none_comes_back(n, n_present, wide):
    present = np.arange(n) < n_present
    table = pd.DataFrame(
        {
            "decimal": np.where(present, 1.25 + np.arange(n), np.nan),
            "float": np.where(present, np.pi * (1 + np.arange(n)) ** 2, np.nan),
            "whole": pd.Series(11 * np.arange(n) + 7, dtype="Int64").where(present),
            "other": np.arange(n) / 7,
        }
    )
    if wide is None:
        table["day"] = pd.Series(pd.date_range("2020-02-03 04:05", periods=n, freq="9h")).where(present)
    kinds = {name: "datetime" if name == "day" else "continuous" for name in table}
    schema = Schema([Column(name, "integer" if name == "whole" else kinds[name]) for name in table])
    encoder = TableEncoder(infer_schema(table, schema), wide=wide, random_state=0).fit(table)
    assert (encoder.block_ is None) == (wide is None)
    rows = encoder.inverse_transform(encoder.matrix(table))
    assert rows.drop(columns="other").isna().all(axis=None) and rows["other"].notna().all()
    if wide is None:
        check_round_trip(table)


def test_ten_thousand_levels_take_few_columns():
    assert fit(many_levels()).layout_.width < 100


def test_atoms_and_missing_are_gate_levels():
    rng = np.random.default_rng(0)
    values = np.where(rng.random(1000) < 0.5, 0.0, rng.lognormal(size=1000))
    values[:100] = np.nan
    encoder = fit(pd.DataFrame({"gain": values}))
    assert encoder.layout_.names == ["gain=0.0", "gain=<missing>", "gain=<rest>", "gain~score"]


def test_a_smooth_peak_is_no_atom():
    values = np.random.default_rng(0).poisson(40, 5000)
    assert not fit(pd.DataFrame({"age": values})).layout_.one_hot


def test_free_text_is_refused_with_a_reason_unless_declared():
    table = pd.DataFrame(
        {"note": [f"a long note about the case number {i} and what came of it" for i in range(40)]}
    )
    with pytest.raises(ColumnRejected, match=r"'note' is free text .* drop it, or declare it categorical"):
        fit(table)
    declared = infer_schema(table, Schema((Column("note", "categorical"),)))
    assert TableEncoder(declared).fit(table).schema_["note"].kind == "identifier"
    assert TableEncoder(declared, min_category_count=1).fit(table).layout_.width > 0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"y": [1.0]}), "seen at fit time, yet now missing:\n- s"),
        (pd.DataFrame({"s": ["z"], "y": [1.0]}), "'s' holds 'z', which was not among its levels"),
        (
            pd.DataFrame({"s": [None], "y": [1.0]}, dtype=object),
            "'s' has a missing value in row 0, but had none",
        ),
    ],
)
def test_transform_refuses_what_fit_never_saw(table, message):
    encoder = fit(pd.DataFrame({"s": ["a", "b"] * 10, "y": np.arange(20) / 7}))
    with pytest.raises(DataError, match=message):
        encoder.transform(table)


def test_missing_numbers_that_fit_never_saw_are_refused():
    encoder = fit(pd.DataFrame({"y": np.arange(20) / 7}))
    with pytest.raises(DataError, match="'y' has a missing value in row 1"):
        encoder.transform(pd.DataFrame({"y": [1.0, np.nan]}))


def test_a_matrix_of_another_width_is_refused():
    encoder = fit(pd.DataFrame({"y": np.arange(20) / 7}))
    with pytest.raises(DataError, match=r"shape \(N, 1\). Got \(3, 2\)"):
        encoder.inverse_transform(np.zeros((3, 2)))


def test_nothing_works_before_fit():
    encoder = TableEncoder(Schema((Column("x", "integer", "int64"),)))
    for call in (
        lambda: encoder.transform(pd.DataFrame({"x": [1]})),
        encoder.get_feature_names_out,
        encoder.to_state,
    ):
        with pytest.raises(NotFittedError, match="call `fit` first"):
            call()
