"""Columns that often hold the very value of another: found, built in, sampled."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from synthgen import (
    Column,
    GaussianCopula,
    IndependentMarginals,
    Relation,
    Repeats,
    Schema,
    infer_schema,
    load,
)
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import SchemaError
from synthgen.relations.plan import Plan
from synthgen.relations.repeats import COMMON_SHARE
from synthgen.rng import stream
from tests.common.encoder_checks import check_within_rank_resolution

RULE = Repeats("paid", of="bill")
WHOLE = ["int32", "int64", "uint32", "uint64", "Int64", "int64[pyarrow]"]
REAL = ["float32", "float64", "Float64", "double[pyarrow]"]


def bills(n=3000, seed=0, token="int64", share=0.3):
    """Bills, and payments: in full, nothing, or some other sum; and an age."""
    rng = stream(seed, "bills")
    bill = rng.gamma(2.0, 1500.0, n)
    bill[rng.random(n) < 0.1] = 0.0
    paid = np.where(rng.random(n) < 0.3, 0.0, rng.gamma(2.0, 900.0, n))
    paid = np.where(rng.random(n) < share, bill, paid)
    table = pd.DataFrame({"bill": bill, "age": rng.integers(18, 90, n), "paid": paid})
    whole = token in WHOLE
    money = table[["bill", "paid"]].round(0 if whole else 2)
    return table.assign(
        **{name: money[name].astype("int64" if whole else "float64").astype(token) for name in money}
    )


def full(table):
    """Rows that repeat the bill, not counting the nothings."""
    return (table["bill"] == table["paid"]).to_numpy(dtype=bool) & (table["bill"] > 0).to_numpy(dtype=bool)


def encoded(table, *rules, look=False):
    return TableEncoder(infer_schema(table, constraints=rules, detect_relations=look), random_state=0).fit(
        table
    )


def found(table):
    return [r for r in infer_schema(table, detect_relations=True).relations if isinstance(r.rule, Repeats)]


def seeded(model, **options):
    return model(**{"random_state": 0, "verbose": 0, "detect_relations": False, **options})


@pytest.mark.parametrize("token", [*WHOLE, *REAL])
def test_what_is_left_and_back_again(token):
    table = bills(500, token=token)
    plan = encoded(table, RULE).plan_
    reduced = plan.reduce(table)
    assert list(reduced.columns) == ["bill", "age", "paid unless bill"]
    assert np.array_equal(reduced["paid unless bill"].isna(), full(table))
    assert_frame_equal(plan.restore(reduced, None), table)
    assert_frame_equal(Plan.from_state(plan.to_state(), plan.schema).restore(reduced, None), table)


@pytest.mark.parametrize("token", [*WHOLE, *REAL])
def test_the_matrix_keeps_which_rows_repeat(token):
    table = bills(500, token=token)
    encoder = encoded(table, RULE)
    assert {b.column for b in encoder.layout_.blocks} == {"bill", "age", "paid unless bill"}
    back = encoder.inverse_transform(encoder.transform(table))
    assert (back.dtypes == table.dtypes).all()
    assert np.array_equal(full(back), full(table))
    assert np.array_equal(back["paid"] == 0, table["paid"] == 0)
    check_within_rank_resolution(back["age"], table["age"], encoder.schema_["age"])
    part = encoder.inverse_transform(encoder.transform(table), columns=["paid"])
    assert_frame_equal(part, back[["paid"]])


def test_large_numbers_keep_every_digit():
    base = 2**63 + np.arange(400, dtype=np.uint64) * np.uint64(1_000_003)
    other = np.roll(base, 7) + np.uint64(1)
    table = pd.DataFrame({"bill": base, "paid": np.where(np.arange(400) % 3 == 0, base, other)})
    plan = encoded(table, RULE).plan_
    assert_frame_equal(plan.restore(plan.reduce(table), None), table)


def test_common_values_are_no_repetition():
    table = bills()
    assert (table["bill"] == 0).mean() > COMMON_SHARE and ((table["bill"] == 0) & (table["paid"] == 0)).any()
    (step,) = encoded(table, RULE).plan_.steps
    assert step.common.tolist() == [0]


def test_bills_and_payments_are_found():
    table = bills()
    (relation,) = found(table)
    assert relation.rule == RULE
    assert (relation.source, relation.enabled) == ("detected", True)
    assert relation.support == np.count_nonzero(full(table))
    assert f"in {relation.support:,} of 3,000 rows" in relation.reason


@pytest.mark.parametrize("token", ["Int64", "float64", "double[pyarrow]"])
def test_they_are_found_in_other_dtypes(token):
    assert [r.rule for r in found(bills(token=token))] == [RULE]


@pytest.mark.parametrize("seed", range(6))
def test_columns_without_a_bond_are_not(seed):
    rng = stream(seed, "free")
    n = 4000
    table = pd.DataFrame(
        {
            "age": rng.integers(17, 91, n),
            "hours": np.where(rng.random(n) < 0.45, 40, rng.integers(1, 100, n)),
            "bill": rng.gamma(2.0, 1500.0, n).astype(int),
            "paid": np.where(rng.random(n) < 0.3, 0, rng.gamma(2.0, 1500.0, n).astype(int)),
            "small": rng.integers(0, 55, n),
            "skewed": (rng.random(n) ** 2 * 60).astype(int),
            "few": rng.integers(0, 4, n),
            "cents": rng.gamma(2.0, 0.2, n).round(2),
            "more cents": rng.gamma(2.0, 0.2, n).round(2),
        }
    )
    assert found(table) == []


def test_columns_that_grow_together_repeat_by_accident_only():
    """Both follow one cause: values meet no more often than those of two columns would by themselves."""
    rng = stream(0, "cause")
    cause = rng.gamma(2.0, 1500.0, 4000)
    one, two = ((cause * rng.normal(1.0, 0.1, 4000)).astype(int) for _ in range(2))
    assert np.corrcoef(one, two)[0, 1] > 0.9
    assert found(pd.DataFrame({"one": one, "two": two})) == []


def test_too_few_rows_that_repeat_are_not_enough():
    assert found(bills(400, share=0.05)) == []
    assert found(bills(4000, share=0.005)) == []


def test_other_dtypes_and_gaps_are_passed_over():
    table = bills()
    assert found(table.assign(paid=table["paid"].astype("int32"))) == []
    assert found(table.assign(paid=table["paid"].astype(float).where(table["age"] > 20))) == []


def test_the_column_with_more_partners_is_the_one_repeated():
    rng = stream(0, "hub")
    hub = rng.integers(0, 10**6, 3000)
    spokes = {
        name: np.where(np.arange(3000) % 3 == k, hub, rng.integers(0, 10**6, 3000))
        for k, name in enumerate(["one", "two"])
    }
    rules = {r.rule for r in found(pd.DataFrame({**spokes, "hub": hub}))}
    assert rules == {Repeats("one", of="hub"), Repeats("two", of="hub")}


def test_the_later_of_two_is_the_one_that_repeats():
    assert [r.rule for r in found(bills()[["paid", "bill"]])] == [Repeats("bill", of="paid")]


@pytest.mark.parametrize("n_columns", [3, 5])
def test_columns_that_all_repeat_each_other_make_no_circle(n_columns):
    rng = stream(0, "circle")
    first = rng.integers(0, 10**6, 3000)
    table = pd.DataFrame(
        {
            f"v{k}": first
            if k == 0
            else np.where(rng.random(3000) < 0.5, first, rng.integers(0, 10**6, 3000))
            for k in range(n_columns)
        }
    )
    rules = [r.rule for r in found(table)]
    assert sorted(r.column for r in rules) == [f"v{k}" for k in range(1, n_columns)]
    encoder = encoded(table, look=True)
    back = encoder.inverse_transform(encoder.transform(table))
    for rule in rules:
        assert np.array_equal(back[rule.column] == back[rule.of], table[rule.column] == table[rule.of])


def test_a_chain_comes_back():
    table = bills()
    again = np.where(np.arange(3000) % 2, table["paid"], table["age"] * 7 + 11)
    table = table.assign(booked=again)
    encoder = encoded(table, RULE, Repeats("booked", of="paid"))
    assert encoder.carriers("booked") == ("booked unless paid", "paid unless bill", "bill")
    plan = encoder.plan_
    assert_frame_equal(plan.restore(plan.reduce(table), None), table)


def test_two_rules_that_repeat_each_other_are_refused():
    with pytest.raises(SchemaError, match="cannot hold beside the others"):
        encoded(bills(), RULE, Repeats("bill", of="paid"))


@pytest.mark.parametrize("model", [IndependentMarginals, GaussianCopula])
@pytest.mark.parametrize("token", ["int64", "float64"])
def test_samples_repeat_as_often_as_the_table(model, token):
    table = bills(token=token).query("bill > 0")  # so that every repetition is seen as one
    rows = seeded(model, constraints=(RULE,)).fit(table).sample(20_000, random_state=0)
    assert (rows.dtypes == table.dtypes).all()
    share, real = full(rows).mean(), full(table).mean()
    # five binomial standard deviations of 20,000 rows
    assert abs(share - real) < 5 * np.sqrt(real * (1 - real) / 20_000)


def test_detected_as_well_as_declared():
    table = bills()
    declared = seeded(GaussianCopula, constraints=(RULE,)).fit(table).sample(2000, random_state=0)
    detected = seeded(GaussianCopula, detect_relations=True).fit(table).sample(2000, random_state=0)
    assert_frame_equal(declared, detected)


def test_without_the_rule_almost_no_row_repeats():
    table = bills()
    off = infer_schema(table).relate([Relation(RULE, enabled=False)])
    none = seeded(GaussianCopula).fit(table)
    model = seeded(GaussianCopula, schema=off).fit(table)
    assert model.encoder_.layout_ == none.encoder_.layout_
    rows = model.sample(5000, random_state=0)
    assert_frame_equal(rows, none.sample(5000, random_state=0))
    assert full(rows).mean() < 0.01


def test_conditions_on_the_column_that_repeats_hold():
    table = bills()
    model = seeded(GaussianCopula, constraints=(RULE,)).fit(table)
    rows = model.sample(200, conditions={"paid": (1000, 2000)}, random_state=0)
    assert rows["paid"].between(1000, 2000).all() and len(rows) == 200
    assert full(rows).any() and not full(rows).all()
    assert (model.sample(50, conditions={"paid": 0}, random_state=0)["paid"] == 0).all()
    frame = pd.DataFrame({"paid": [0] * 5 + [1200] * 2})
    assert model.sample(7, conditions=frame, random_state=0)["paid"].tolist() == frame["paid"].tolist()
    both = {"bill": (1500, 1700), "paid": (1500, 1700)}
    rows = model.sample(30, conditions=both, random_state=0)
    assert rows[["bill", "paid"]].stack().between(1500, 1700).all()


def test_the_model_file_keeps_it(tmp_path):
    model = seeded(GaussianCopula, constraints=(RULE,)).fit(bills())
    model.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    assert [r.rule for r in loaded.schema_.relations] == [RULE]
    assert_frame_equal(loaded.sample(1500, random_state=0), model.sample(1500, random_state=0))


def test_json_and_words():
    schema = Schema(
        (Column("bill", "integer"), Column("paid", "integer")),
        (RULE, Relation(RULE, "detected", False, 9, "why")),
    )
    assert Schema.from_json(schema.to_json()) == schema
    assert RULE.to_dict() == {"type": "Repeats", "column": "paid", "of": "bill"}
    assert RULE.words() == "paid often repeats bill" and RULE.names == ("paid", "bill")
    with pytest.raises(SchemaError, match="must name two or more different columns"):
        Repeats("bill", of="bill")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(paid=t["paid"].astype("int32")), "paid is int32, bill is int64"),
        (lambda t: t.assign(paid=t["paid"].astype(float)), "paid is float64, bill is int64"),
        (
            lambda t: t.assign(
                bill=t["bill"].astype("Int64").where(t.index > 3), paid=t["paid"].astype("Int64")
            ),
            "paid is Int64, bill is Int64 with missing values",
        ),
        (lambda t: t.assign(paid=t["paid"].astype(str) + "x", bill=t["paid"].astype(str) + "y"), "paid is "),
        (
            lambda t: t.assign(paid=pd.to_datetime(t["paid"]), bill=pd.to_datetime(t["bill"])),
            "paid is datetime64",
        ),
    ],
)
def test_columns_that_cannot_repeat_are_refused(change, message):
    needs = "'paid often repeats bill' needs two columns of numbers of one dtype without missing values; "
    with pytest.raises(
        SchemaError, match=needs + message + ".*Convert or fill them, or leave the constraint out"
    ):
        infer_schema(change(bills(200)), constraints=[RULE])


def test_a_column_that_the_table_lacks_is_named():
    with pytest.raises(SchemaError, match="names column 'owed', which the table lacks"):
        infer_schema(bills(200), constraints=[Repeats("paid", of="owed")])


def test_a_rule_without_a_repetition_changes_nothing():
    table = bills(200, share=0.0)
    assert not full(table).any()
    encoder = encoded(table, RULE)
    assert encoder.plan_.steps == [] and encoder.row_checks == []


def test_a_column_that_always_repeats_is_the_other_one():
    table = bills(300)
    table = table.assign(paid=table["bill"] + 0)
    rows = seeded(IndependentMarginals, constraints=(RULE,)).fit(table).sample(500, random_state=0)
    apart = rows["paid"] != rows["bill"]
    assert (rows.loc[apart, "paid"] == 0).all()  # the one common value stays apart
