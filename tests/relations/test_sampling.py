"""Rules in sampled rows: held in all of them, by every model, under conditions, from files."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from synthgen import (
    Bootstrap,
    Dependency,
    FixedCombinations,
    Formula,
    GaussianCopula,
    IndependentMarginals,
    Inequality,
    Range,
    SynthGAN,
    Unique,
    infer_schema,
    load,
)
from synthgen.exceptions import ConditionError
from tests.common.related import shop

RULES = [
    Inequality("tip", "total"),
    Range("price", 0, None),
    Range("ordered", "2023-12-31", "2024-12-31"),
    FixedCombinations(["number", "grade"]),
    Formula("amount", "price * number"),
    Dependency("zip", "state"),
    Unique(["price", "ordered"]),
]


def quick(**options):
    defaults = {"hidden_dims": (16,), "max_steps": 20, "refine": None, "random_state": 0, "verbose": 0}
    return SynthGAN(**{**defaults, **options})


def seeded(make):
    return lambda **options: make(**{"random_state": 0, "verbose": 0, **options})


MODELS = {
    "SynthGAN": quick,
    "GaussianCopula": seeded(GaussianCopula),
    "IndependentMarginals": seeded(IndependentMarginals),
    "Bootstrap": seeded(Bootstrap),
}


@pytest.fixture(scope="module")
def ruled():
    """A model of the shop under all rules, by name; fitted once."""
    return cache(lambda name: MODELS[name](constraints=tuple(RULES)).fit(shop()))


@pytest.fixture(scope="module")
def plain():
    """The same with what is detected alone."""
    return cache(lambda name: MODELS[name]().fit(shop()))


def pairs(table, one, other):
    return set(zip(table[one], table[other], strict=True))


def n_broken(rows, table):
    """Rows that break what the shop's rows all obey, counted without the package's own code."""
    return {
        "total": int((rows["total"] != (rows["price"] + rows["tip"]).round(2)).sum()),
        "amount": int(((rows["amount"] - rows["price"] * rows["number"]).abs() > 0.005000001).sum()),
        "order": int((rows["ordered"] > rows["delivered"]).sum()),
        **{
            f"{a}, {b}": len(pairs(rows, a, b) - pairs(table, a, b))
            for a, b in [("grade", "grade_number"), ("zip", "city"), ("city", "state"), ("zip", "state")]
        },
    }


@pytest.mark.parametrize("name", MODELS)
def test_twenty_thousand_rows_break_nothing(name, ruled):
    table = shop()
    n = 20_000 if name != "Bootstrap" else 1_500  # which can draw each of its rows once
    rows = ruled(name).sample(n, random_state=1)
    assert len(rows) == n and (rows.dtypes == table.dtypes).all()
    assert set(n_broken(rows, table).values()) == {0}
    assert (rows["tip"] <= rows["total"]).all() and (rows["price"] >= 0).all()
    assert rows["ordered"].between("2023-12-31", "2024-12-31").all()
    assert pairs(rows, "number", "grade") <= pairs(table, "number", "grade")
    assert not rows.duplicated(["price", "ordered"]).any()


def test_without_relations_rows_break_them():
    """The checks above see something."""
    table = shop()
    model = seeded(IndependentMarginals)(detect_relations=False).fit(table)
    assert model.schema_.relations is None
    assert min(n_broken(model.sample(5_000, random_state=0), table).values()) > 0


def test_one_relation_off_leaves_the_others():
    table = shop()
    found = infer_schema(table, detect_relations=True)
    kept = found.relate([r for r in found.relations if r.rule != Dependency("zip", "city")])
    model = seeded(IndependentMarginals)(schema=kept).fit(table)
    broken = n_broken(model.sample(2_000, random_state=0), table)
    assert broken.pop("zip, city") > 0 and broken.pop("zip, state") > 0
    assert set(broken.values()) == {0}


def test_constraints_hold_whether_or_not_relations_are_looked_for():
    table = shop()
    model = seeded(IndependentMarginals)(constraints=RULES[4:5], detect_relations=False).fit(table)
    assert [r.rule for r in model.schema_.relations] == RULES[4:5]
    assert n_broken(model.sample(2_000, random_state=0), table)["amount"] == 0


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "conditions",
    [
        {"grade_number": 15},
        {"grade": "a"},
        {"state": "S1", "total": (5, 25)},
        {"city": "city 3", "delivered": (pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01"))},
        {"amount": (20, 100), "number": 3},
    ],
    ids=str,
)
def test_conditions_on_either_side(name, conditions, plain):
    table = shop()
    rows = plain(name).sample(40, conditions=conditions, random_state=0)
    assert len(rows) == 40 and set(n_broken(rows, table).values()) == {0}
    for column, wanted in conditions.items():
        good = rows[column].between(*wanted) if isinstance(wanted, tuple) else rows[column] == wanted
        assert good.all()


def test_a_frame_of_conditions_on_restored_columns():
    table = shop()
    wanted = table[["state", "grade_number"]].head(60)
    model = seeded(GaussianCopula)(constraints=[Unique("noise")]).fit(table)
    rows = model.sample(60, conditions=wanted, random_state=0)
    assert_frame_equal(rows[["state", "grade_number"]], wanted)
    assert set(n_broken(rows, table).values()) == {0} and rows["noise"].is_unique


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"grade_number": 10**6}, "'grade_number' lies between 1 and 15"),
        ({"state": "S9"}, "'state' has no level 'S9'"),
        ({"total": (10**6, 10**7)}, "'total' lies between"),
        (
            {"grade": "a", "grade_number": 15},
            r"Only 0 of 204,800 rows drawn had grade = 'a' and grade_number = 15",
        ),
    ],
)
def test_conditions_that_cannot_be_met(conditions, message, plain):
    model = plain("IndependentMarginals")
    with pytest.raises(ConditionError, match=message):
        model.sample(1, conditions=conditions)


@pytest.mark.parametrize("make", [quick, seeded(GaussianCopula)])
@pytest.mark.parametrize("name", ["state", "grade_number", "city"])
def test_models_can_be_conditional_on_a_restored_column(make, name):
    table = shop()
    model = make(conditional_on=[name]).fit(table)
    wanted = table[name].iloc[0]
    rows = model.sample(50, conditions={name: wanted}, random_state=0)
    assert (rows[name] == wanted).all() and set(n_broken(rows, table).values()) == {0}
    assert len(model.model_.cond_columns) > 1


@pytest.mark.parametrize("name", MODELS)
def test_a_longer_sample_begins_with_the_rows_of_a_shorter_one(name, ruled):
    model = ruled(name)
    rows = model.sample(1_500, random_state=3)
    assert_frame_equal(model.sample(1_100, random_state=3), rows.head(1_100))
    assert_frame_equal(model.sample(1_500, random_state=3, batch_size=1), rows)


@pytest.mark.parametrize("name", MODELS)
def test_save_and_load(name, tmp_path, ruled):
    model = ruled(name)
    model.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    assert loaded.schema_ == model.schema_ and loaded.get_params() == model.get_params()
    assert loaded.describe() == model.describe()
    assert_frame_equal(loaded.sample(500, random_state=5), model.sample(500, random_state=5))
    loaded.save(tmp_path / "again.synthgen")
    assert (tmp_path / "again.synthgen").read_bytes() == (tmp_path / "m.synthgen").read_bytes()


def test_a_model_says_what_relations_it_has():
    facts = seeded(IndependentMarginals)(constraints=RULES[:1]).fit(shop()).describe()
    assert facts["relations"][0] == "tip <= total (declared)"
    assert any(
        line.startswith("zip determines city (detected: 40 values to 10") for line in facts["relations"]
    )
    assert facts["parameters"]["constraints"] == [RULES[0].to_dict()]


def test_more_unique_rows_than_there_are_levels_end_in_a_clear_error():
    table = pd.DataFrame({"ticket": pd.Categorical([f"t{i}" for i in range(40)]), "x": np.arange(40) % 7})
    model = seeded(IndependentMarginals)(constraints=[Unique("ticket")], min_category_count=1).fit(table)
    assert model.sample(40, random_state=0)["ticket"].nunique() == 40
    with pytest.raises(
        ConditionError, match=r"Only 40 of 204,800 rows drawn met the constraint 'ticket unique'; 41 were"
    ):
        model.sample(41)


def test_identifiers_are_unique_without_a_check():
    table = shop(300).assign(order_id=[f"A-{i:04d}" for i in range(300)])
    model = seeded(IndependentMarginals)(constraints=[Unique("order_id")]).fit(table)
    assert not [c for c in model.encoder_.row_checks if isinstance(c.rule, Unique)]
    assert model.sample(5_000, random_state=0)["order_id"].is_unique


def test_rules_about_missing_values_hold_vacuously():
    table = shop(600)
    table.loc[::4, "tip"] = np.nan
    table.loc[::6, "total"] = np.nan
    table.loc[::3, "noise"] = np.nan
    rules = [Formula("total", "price + tip"), Inequality("tip", "total"), Unique("noise")]
    model = seeded(IndependentMarginals)(constraints=rules).fit(table)
    assert model.schema_.relations[0].support == table[["tip", "total"]].notna().all(axis=1).sum()
    rows = model.sample(3_000, random_state=0)
    has = rows[["tip", "total"]].notna().all(axis=1)
    assert 0 < has.mean() < 1 and rows["noise"].isna().sum() > 1
    assert ((rows["price"] + rows["tip"]).round(2) == rows["total"])[has].all()
    assert (rows["tip"] <= rows["total"])[has].all() and rows["noise"].dropna().is_unique


@pytest.mark.parametrize("name", MODELS)
def test_four_rows_are_enough_for_rules(name):
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 3, 5, 4], "c": [3, 5, 8, 8]})
    model = MODELS[name](constraints=[Inequality("a", "b"), Formula("c", "a + b")]).fit(table)
    rows = model.sample(50, random_state=0)
    assert (rows["a"] <= rows["b"]).all() and (rows["c"] == rows["a"] + rows["b"]).all()


def test_narrow_whole_numbers_never_wrap_round():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.integers(-90, 100, 4_000), "b": rng.integers(-90, 100, 4_000)})
    table["sum"] = table["a"] + table["b"]
    table = table[table["sum"].between(-120, 120)].astype("int8")
    model = seeded(IndependentMarginals)(constraints=[Formula("sum", "a + b")], detect_relations=False).fit(
        table
    )
    rows = model.sample(1_000, random_state=0)
    assert (rows["a"].astype(int) + rows["b"].astype(int) == rows["sum"].astype(int)).all()
    assert rows["sum"].between(table["sum"].min(), table["sum"].max()).all()


def test_rules_hold_in_rows_that_were_selected():
    table = shop(1_200)
    model = quick(constraints=RULES, refine=2).fit(table)
    rows = model.sample(1_000, random_state=0)
    assert set(n_broken(rows, table).values()) == {0}
    assert (rows["tip"] <= rows["total"]).all() and not rows.duplicated(["price", "ordered"]).any()
