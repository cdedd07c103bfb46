"""Tables with relations to matrices and back."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from synthgen import Dependency, FixedCombinations, Formula, Inequality, infer_schema
from synthgen.encoders.calendar import CalendarEncoder
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.exceptions import DataError, SchemaError
from synthgen.rng import stream
from tests.common.encoder_checks import check_within_rank_resolution
from tests.common.related import NUMBER_TOKENS, check_rules_are_undone, shop, typed, whole


def encoded(table, *rules, look=False, **options):
    schema = infer_schema(table, constraints=rules, detect_relations=look)
    return TableEncoder(schema, random_state=0, **options).fit(table)


def random_rows(encoder, n=500, seed=0):
    """Matrix rows of any model: one choice in each one-hot block, normal numbers."""
    rng = stream(seed, "test")
    out = np.zeros((n, encoder.layout_.width), dtype=np.float32)
    for block in encoder.layout_.one_hot:
        out[np.arange(n), rng.integers(block.start, block.stop, n)] = 1.0
    for block in encoder.layout_.numeric:
        out[:, block.start] = rng.normal(size=n) * (1 if block.gate is None else out[:, block.gate])
    return encoder.inverse_transform(out)


def test_the_shop_comes_back():
    table = shop()
    encoder = encoded(table, look=True)
    names = {b.column for b in encoder.layout_.blocks}
    assert names == {"zip", "grade", "ordered", "delivered - ordered", "price", "number", "tip", "noise"}
    back = encoder.inverse_transform(encoder.transform(table))
    assert list(back.columns) == list(table.columns)
    check_rules_are_undone(encoder, table, 0.98)
    for name in ("zip", "grade", "grade_number", "city", "state", "number"):
        assert_series_equal(back[name], table[name])
    for name in ("ordered", "price", "tip", "noise"):
        own = encoder.encoder_of(name)
        check_within_rank_resolution(
            back[name], table[name], own.column, calendar=own if isinstance(own, CalendarEncoder) else None
        )
    assert np.array_equal(
        (back["price"] + back["tip"]).round(2).clip(*_ends(encoder, "total")), back["total"]
    )


def _text(table):
    return table.astype(object).where(table.notna(), "missing").astype(str)


def _ends(encoder, name):
    return encoder.encoder_of(name).possible().values


def test_any_matrix_gives_rows_that_obey():
    table = shop()
    rows = random_rows(encoded(table, look=True))
    for one, other in [("grade", "grade_number"), ("zip", "city"), ("city", "state")]:
        seen = set(zip(table[one], table[other], strict=True))
        assert set(zip(rows[one], rows[other], strict=True)) <= seen
    assert (rows["ordered"] <= rows["delivered"]).all()
    assert rows["delivered"].between(table["delivered"].min(), table["delivered"].max()).all()
    assert (rows.dtypes == table.dtypes).all()


@pytest.mark.parametrize(
    "columns", [["state"], ["total", "zip"], ["delivered"], ["grade_number", "grade"], ["noise"]]
)
def test_partial_decoding_is_part_of_the_whole(columns):
    table = shop(300)
    encoder = encoded(table, look=True)
    matrix = encoder.transform(table)
    part = encoder.inverse_transform(matrix, columns=columns)
    assert_frame_equal(part, encoder.inverse_transform(matrix)[[n for n in table.columns if n in columns]])


def test_the_state_holds_all_there_is_to_know():
    table = shop(300)
    encoder = encoded(table, FixedCombinations(["grade", "city"]), look=True)
    restored = TableEncoder.from_state(encoder.to_state())
    assert restored.layout_ == encoder.layout_
    matrix = encoder.transform(table)
    assert_frame_equal(restored.inverse_transform(matrix), encoder.inverse_transform(matrix))
    assert restored.row_checks == encoder.row_checks
    for name in table.columns:
        one, two = restored.encoder_of(name).possible(), encoder.encoder_of(name).possible()
        assert np.array_equal(one.values, two.values), name


def test_a_state_of_before_there_were_relations_loads():
    table = shop(300)
    encoder = encoded(table)
    state = encoder.to_state()
    del state["relations"]
    restored = TableEncoder.from_state(state)
    matrix = encoder.transform(table)
    assert_frame_equal(restored.inverse_transform(matrix), encoder.inverse_transform(matrix))


def test_relations_that_are_off_change_nothing():
    table = shop(300)
    schema = infer_schema(table, detect_relations=True)
    off = schema.relate([replace(r, enabled=False) for r in schema.relations])
    plain = TableEncoder(schema.relate(None), random_state=0).fit(table)
    assert TableEncoder(off, random_state=0).fit(table).layout_ == plain.layout_


def test_what_can_come_back_of_a_restored_column():
    table = shop()
    encoder = encoded(table, look=True)
    low, high = np.sort(table["total"])[[0, -1]]
    assert low < _ends(encoder, "total")[0] < _ends(encoder, "total")[1] < high
    assert len(encoder.encoder_of("state").possible().values) == 5
    assert encoder.encoder_of("total").column == encoder.schema["total"]
    assert encoder.carriers("state") == ("zip",) and encoder.carriers("price") == ("price",)
    assert encoder.carriers("delivered") == ("delivered - ordered", "ordered")


@pytest.mark.parametrize("token", NUMBER_TOKENS)
@pytest.mark.parametrize("with_gaps", [False, True])
def test_sums_and_ordered_pairs_in_every_dtype_of_numbers(token, with_gaps):
    rng = np.random.default_rng(0)
    n = 300
    if with_gaps and token.startswith(("int", "uint")) and "[" not in token:
        pytest.skip("the dtype has no missing values")
    gaps = rng.random(n) < (0.2 if with_gaps else 0)
    a, b = rng.integers(0, 40, n), rng.integers(1, 40, n)
    table = pd.DataFrame({"a": typed(a, gaps, token), "b": typed(b, gaps, token)})
    table["sum"] = typed(a + b, gaps, token)
    for rule, check in [
        (Formula("sum", "a + b"), lambda r: r["a"] + r["b"] == r["sum"]),
        (Inequality("a", "sum", strict=True), lambda r: r["a"] < r["sum"]),
    ]:
        encoder = encoded(table, rule)
        check_rules_are_undone(encoder, table)
        rows = random_rows(encoder)
        assert (rows.dtypes == table.dtypes).all()
        for check_left in encoder.row_checks:
            rows = rows[check_left.passed(rows, encoder.schema)]
        assert len(rows) > 200
        numbers = {c: whole(rows[c]) for c in rows.columns}
        complete = ~np.isnan(np.stack(list(numbers.values()))).any(axis=0)
        assert complete.sum() > 50
        assert check({c: np.rint(x[complete]) for c, x in numbers.items()}).all()
        if isinstance(rule, Formula):
            assert (np.isnan(numbers["sum"]) == np.isnan(numbers["a"]) | np.isnan(numbers["b"])).all()


INSTANTS = ["datetime64[s]", "datetime64[us]", "datetime64[ns]", "datetime64[ns, Europe/Paris]",
            "timestamp[us, tz=UTC][pyarrow]", "timedelta64[s]", "duration[ms][pyarrow]"]  # fmt: skip


@pytest.mark.parametrize("token", INSTANTS)
def test_ordered_pairs_of_instants_and_durations(token):
    rng = np.random.default_rng(0)
    seconds = rng.integers(0, 10**6, 400)
    start = pd.Timestamp("2024-03-01", tz="UTC") if "," in token else pd.Timestamp("2024-03-01")
    zero = pd.Timedelta(0) if token[:2] in ("ti", "du") and "stamp" not in token else start
    low = pd.Series(zero + pd.to_timedelta(seconds, unit="s")).astype(token)
    high = pd.Series(zero + pd.to_timedelta(seconds + rng.integers(0, 900, 400), unit="s")).astype(token)
    table = pd.DataFrame({"low": low, "high": high})
    table.loc[::11, ["high"]] = None
    table = table.astype(token)
    encoder = encoded(table, look=True)
    assert [r.rule for r in encoder.schema.relations] == [Inequality("low", "high")]
    check_rules_are_undone(encoder, table)
    rows = random_rows(encoder)
    both = rows.dropna()
    assert len(both) > 200 and (both["low"] <= both["high"]).all()
    assert not encoder.row_checks


def test_dates_after_instants_stay_dates():
    rng = np.random.default_rng(0)
    low = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, 400), unit="s")
    high = low.normalize() + pd.to_timedelta(rng.integers(1, 20, 400), unit="D")
    table = pd.DataFrame({"low": low, "high": high, "day": pd.Series(high.date)})
    for rule in (Inequality("low", "high"), Inequality("low", "day")):
        encoder = encoded(table, rule)
        check_rules_are_undone(encoder, table)
        rows = random_rows(encoder)
        column = pd.to_datetime(rows[rule.high])
        assert (column >= rows["low"]).all() and (column == column.dt.normalize()).all()


def test_missing_values_of_one_column_alone_keep_it_in_the_matrix():
    table = shop(400)
    table.loc[::5, "total"] = np.nan
    encoder = encoded(table, Formula("total", "price + tip"))
    assert "total" in {b.column for b in encoder.layout_.blocks}
    check_rules_are_undone(encoder, table)
    rows = random_rows(encoder, 2_000)
    rows = rows[encoder.row_checks[0].passed(rows, encoder.schema)]
    has = rows["total"].notna()
    assert 0 < has.mean() < 1
    assert np.array_equal((rows["price"] + rows["tip"]).round(2)[has], rows["total"][has])


def test_an_order_with_the_smaller_value_missing_is_checked_row_by_row():
    table = shop(400)[["ordered", "delivered"]]
    table.loc[::5, "ordered"] = pd.NaT
    encoder = encoded(table, Inequality("ordered", "delivered"))
    assert [c.rule for c in encoder.row_checks] == [Inequality("ordered", "delivered")]
    rows = random_rows(encoder)
    good = encoder.row_checks[0].passed(rows, encoder.schema)
    assert np.array_equal(good, ~(rows["ordered"] > rows["delivered"]))


def test_a_gap_as_wide_as_the_columns_is_not_used():
    rng = np.random.default_rng(0)
    low = rng.normal(size=500)
    for width, n_checks in [(0.1, 0), (3.0, 1)]:
        table = pd.DataFrame({"low": low, "high": low + rng.gamma(1.0, width, 500)})
        encoder = encoded(table, Inequality("low", "high"))
        assert len(encoder.row_checks) == n_checks
        assert encoder.layout_.blocks[1].column == ("high" if n_checks else "high - low")


def test_combinations_come_back_with_missing_values_among_them():
    table = shop(400)
    table.loc[table["number"] < 4, "city"] = None
    encoder = encoded(table, FixedCombinations(["number", "city"]))
    names = ["number", "city"]
    counts = _text(table[names]).value_counts()
    kept = set(counts.index[counts >= 5])
    assert 0 < len(kept) < len(counts)
    back = encoder.inverse_transform(encoder.transform(table))[names]
    common = np.array([row in kept for row in _text(table[names]).itertuples(index=False, name=None)])
    assert_frame_equal(back[common], table.loc[common, names])
    for rows in (back, random_rows(encoder)):
        assert set(_text(rows[names]).itertuples(index=False, name=None)) <= kept
    whole = encoded(table, FixedCombinations(names), min_category_count=1)
    assert_frame_equal(whole.inverse_transform(whole.transform(table))[names], table[names])
    other = table.assign(number=table["number"].where(table["number"] != 7, 3))
    with pytest.raises(
        DataError, match=r"Columns 'number', 'city' hold a combination in row .* that `fit` never saw"
    ):
        whole.transform(other.assign(city=pd.Categorical(["city 1"] * 400, table["city"].cat.categories)))


def test_a_number_that_no_row_had_takes_the_nearest_value():
    table = pd.DataFrame({"age": np.repeat(np.arange(0, 300, 3), 8)})
    table["group"] = np.where(table["age"] < 150, "young", "old")
    encoder = encoded(table, look=True)
    assert [r.rule for r in encoder.schema.relations] == [Dependency("age", "group")]
    rows = random_rows(encoder, 5_000)
    assert ((rows["age"] < 150) == (rows["group"] == "young")).all()


def test_a_rule_all_of_whose_values_are_rare_is_refused_only_if_it_was_declared():
    key = np.repeat(np.arange(40), 10)
    table = pd.DataFrame({"c": key, "d": (key * 7) % 40 // 4 * 1.5, "e": np.arange(400.0)})
    encoder = encoded(table, look=True, min_category_count=20)
    found = [r.rule for r in encoder.schema.relations]
    assert Dependency("c", "d") in found
    assert not [r for r in encoder.schema_.relations if isinstance(r.rule, Dependency)]
    assert not encoder.row_checks and encoder.layout_.columns_of(("d",))
    assert random_rows(encoder, 50)["d"].isin(table["d"]).all()
    for rule in (Dependency("c", "d"), FixedCombinations(("c", "d"))):
        with pytest.raises(SchemaError, match=r"lists values, of which none has 20 rows.*Take it out"):
            encoded(table, rule, min_category_count=20)


def test_detected_pairs_that_are_all_rare_are_learnt_apart():
    key = np.random.default_rng(0).permutation(np.repeat(np.arange(40), 10))
    table = pd.DataFrame({"c": key, "d": 1000 - 3 * (key * 7 % 40) ** 2})
    encoder = encoded(table, look=True, min_category_count=20)
    assert encoder.schema.relations
    assert encoder.plan_.steps == [] and list(encoder.schema_.relations) == []


def test_chains_of_rules_are_undone_in_order():
    rng = np.random.default_rng(0)
    low = rng.integers(0, 50, 300)
    table = pd.DataFrame({"high": low + rng.integers(0, 9, 300) + 5, "middle": low + 5, "low": low})
    table["twice"] = table["high"] * 2
    rules = [Formula("twice", "high * 2"), Inequality("middle", "high"), Inequality("low", "middle")]
    encoder = encoded(table, *rules)
    check_rules_are_undone(encoder, table)
    rows = random_rows(encoder)
    assert (rows["low"] <= rows["middle"]).all() and (rows["middle"] <= rows["high"]).all()
    rows = rows[encoder.row_checks[0].passed(rows, encoder.schema)]
    assert (rows["twice"] == rows["high"] * 2).all() and len(rows) > 300


@pytest.mark.parametrize(
    "rules",
    [
        [Formula("a", "b + 0"), Formula("b", "a + 0")],
        [Formula("a", "b + 0"), Formula("a", "c + 0")],
        [FixedCombinations(["a", "b"]), FixedCombinations(["b", "c"])],
        [FixedCombinations(["a", "b"]), Formula("a", "c + 0")],
        [Dependency("a", "b"), Dependency("b", "a")],
    ],
)
def test_rules_that_cannot_hold_together(rules):
    table = pd.DataFrame({"a": np.arange(40) % 7, "b": np.arange(40) % 7, "c": np.arange(40) % 7})
    with pytest.raises(
        SchemaError, match=r"cannot hold beside the others: column .* Join the two constraints"
    ):
        encoded(table, *rules)


def test_relations_beside_a_block_of_many_columns():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(120, 40)), columns=[f"g{i}" for i in range(40)])
    table["low"] = rng.normal(size=120)
    table["high"] = table["low"] + rng.gamma(1.0, 0.1, 120)
    table["arm"] = rng.choice(["a", "b", "c"], 120)
    table["dose"] = table["arm"].map({"a": 1, "b": 2, "c": 3})
    rules = [Inequality("low", "high"), Dependency("arm", "dose"), Inequality("g0", "g1")]
    table["g1"] = table["g0"] + table["g1"].abs() / 10
    encoder = encoded(table, *rules, wide=WideOptions(reduce=3, covariates=("dose", "high")))
    back = encoder.inverse_transform(encoder.transform(table))
    assert list(back.columns) == list(table.columns)
    assert_frame_equal(back[["arm", "dose"]], table[["arm", "dose"]])
    assert (back["low"] <= back["high"]).all() and (back["g0"] <= back["g1"]).all()
    assert "low" not in encoder.block_.names and "high - low" not in encoder.block_.names


CELLS = {
    "int8": st.integers(-60, 60),
    "int64": st.integers(-(10**12), 10**12),
    "float64": st.floats(-1e6, 1e6, allow_nan=False),
    "datetime64[us]": st.integers(0, 10**15),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(sorted(CELLS)))
def test_any_pair_once_ordered_stays_so(data, token):
    values = st.lists(CELLS[token], min_size=20, max_size=20)
    pair = np.sort(np.array([data.draw(values), data.draw(values)]), axis=0)
    table = pd.DataFrame({"low": pair[0].astype(token), "high": pair[1].astype(token)})
    encoder = encoded(table, Inequality("low", "high"))
    back = encoder.inverse_transform(encoder.transform(table))
    if token != "float64":
        check_rules_are_undone(encoder, table, 0.3)
    for rows in (back, random_rows(encoder, 50)):
        for check in encoder.row_checks:
            rows = rows[check.passed(rows, encoder.schema)]
        assert (rows["low"] <= rows["high"]).all()
        assert rows["high"].max() <= table["high"].max()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(0, 10**6), min_size=20, max_size=20),
    st.lists(st.integers(-(10**6), 10**6), min_size=20, max_size=20),
    st.integers(0, 4),
    st.sampled_from(["+", "-"]),
)
def test_any_sum_of_decimals_comes_back_to_the_last_digit(a, b, decimals, sign):
    one, other = np.array(a) / 10.0**decimals, np.array(b) / 10.0**decimals
    total = np.round(one + other if sign == "+" else one - other, decimals)
    table = pd.DataFrame({"a": one, "b": other, "total": total})
    if table["total"].nunique() == 1:
        return
    encoder = encoded(table, Formula("total", f"a {sign} b"))
    check_rules_are_undone(encoder, table, 0.3)
