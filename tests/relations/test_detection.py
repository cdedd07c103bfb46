"""Which relations are found, and that none are where there are none."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from synthgen import Dependency, Formula, Inequality, Schema, Unique, infer_schema
from synthgen.exceptions import DataError
from synthgen.relations.detect_dependencies import _log_chance
from synthgen.rng import stream
from tests.common.related import independent, shop


def found(table, **options):
    schema = infer_schema(table, detect_relations=True, **options)
    return {r.rule: r for r in schema.relations}


def test_every_relation_of_the_shop_is_found_and_nothing_else():
    relations = found(shop())
    assert set(relations) == {
        Formula("total", "price + tip"),
        Formula("amount", "price * number"),
        Dependency("grade", "grade_number"),
        Dependency("zip", "city"),
        Dependency("city", "state"),
        Inequality("ordered", "delivered"),
    }
    for relation in relations.values():
        assert (relation.source, relation.enabled, relation.support) == ("detected", True, 2_000)
        assert "2,000 rows" in relation.reason or "no exception" in relation.reason


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", [200, 5_000])
def test_independent_columns_have_no_relations(n, seed):
    assert found(independent(n, seed)) == {}


@pytest.mark.parametrize("load", [load_iris, load_wine, load_diabetes])
def test_bundled_tables_without_relations(load):
    assert found(load(as_frame=True).frame) == {}


def test_the_worst_cells_are_no_smaller_than_the_mean_ones():
    """Breast cancer: "worst" is the mean of the three largest cells of an image, so never below the mean."""
    rules = set(found(load_breast_cancer(as_frame=True).frame))
    for rule in rules:
        assert isinstance(rule, Inequality), rule
    assert Inequality("mean radius", "worst radius") in rules


@pytest.mark.parametrize(
    ("spoil", "gone"),
    [
        (lambda t: t.loc[7, "total"] + 0.01, "total = price + tip"),
        (lambda t: t.loc[7, "amount"] - 0.01, "amount = price * number"),
    ],
)
def test_one_row_that_breaks_it_is_enough(spoil, gone):
    table = shop()
    column = gone.split(" ")[0]
    table.loc[7, column] = spoil(table)
    assert gone not in {r.words() for r in found(table)}


def test_one_row_beyond_the_rows_looked_at_first_is_enough():
    table = shop(12_000)
    table.loc[11_998, "delivered"] = table["ordered"].min() - pd.Timedelta("1s")
    table.loc[11_998, "grade_number"] = 2 if table.loc[11_998, "grade_number"] != 2 else 5
    words = {r.words() for r in found(table)}
    assert "total = price + tip" in words
    assert not {"ordered <= delivered", "grade determines grade_number"} & words


def test_sums_of_four_differences_and_constants():
    rng = np.random.default_rng(0)
    a, b, c = (rng.gamma(2.0, 20.0, 500).round(2) for _ in range(3))
    table = pd.DataFrame(
        {"a": a, "b": b, "c": c, "sum": (a + b + c).round(2), "x": rng.integers(0, 500, 500)}
    )
    table["shifted"] = table["x"] + 1_900
    assert set(found(table)) == {Formula("sum", "a + b + c"), Formula("shifted", "x + 1900")}
    net = table[["sum", "a"]].assign(net=(table["sum"] - table["a"]).round(2))
    (formula,) = found(net)
    assert sorted(formula.names) == ["a", "net", "sum"]


def test_two_sums_that_share_columns():
    rng = np.random.default_rng(1)
    a, b, c = (rng.integers(0, 200, 400) for _ in range(3))
    table = pd.DataFrame({"a": a, "b": b, "part": a + b, "c": c, "whole": a + b + c})
    rules = list(found(table))
    assert len(rules) == 2
    for rule in rules:
        assert isinstance(rule, Formula)
        assert (rule.parsed.evaluate(table) == table[rule.column]).all()


def test_a_duration_between_two_instants():
    table = shop()[["ordered", "delivered", "noise"]]
    seconds = (table["delivered"] - table["ordered"]).dt.total_seconds().astype(int)
    for gap in (seconds, pd.to_timedelta(seconds, unit="s")):
        assert list(found(table.assign(gap=gap))) == [Formula("delivered", "gap + ordered")] or list(
            found(table.assign(gap=gap))
        ) == [Formula("delivered", "ordered + gap")]


def test_ratios_rounded_to_their_decimals():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"length": rng.gamma(4.0, 30.0, 600), "width": rng.gamma(4.0, 10.0, 600)})
    table["ratio"] = (table["length"] / table["width"]).round(3)
    assert set(found(table)) == {Formula("ratio", "length / width")}


def test_missing_values_that_come_together_are_no_exception():
    table = shop()
    gaps = np.random.default_rng(0).random(len(table)) < 0.2
    table.loc[gaps, ["price", "total", "amount"]] = np.nan
    table.loc[gaps, ["ordered", "delivered"]] = pd.NaT
    table["grade_number"] = table["grade_number"].where(table["grade"] != "a")
    rules = found(table)
    assert {"total = price + tip", "ordered <= delivered", "grade determines grade_number"} <= {
        r.words() for r in rules
    }
    assert rules[Inequality("ordered", "delivered")].support == (~gaps).sum()


def test_missing_values_that_do_not_come_together_are_an_exception():
    table = shop()
    table.loc[::9, "total"] = np.nan
    table.loc[::7, "ordered"] = pd.NaT
    assert not {"total = price + tip", "ordered <= delivered"} & {r.words() for r in found(table)}


def test_columns_of_nearly_distinct_values_determine_nothing():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"code": [f"c{i}" for i in rng.permutation(900)], "x": rng.integers(0, 5, 900)})
    table = pd.concat([table, table.head(300)], ignore_index=True)
    assert found(table) == {}


def test_a_rare_level_is_no_relation():
    table = independent(300, 0)[["level 10", "whole 40"]]
    table["flag"] = table.index == 5
    assert found(table) == {}


def test_continuous_values_of_single_rows_are_not_kept():
    rng = np.random.default_rng(0)
    zips = np.r_[rng.integers(0, 40, 2_000), 40]
    table = pd.DataFrame({"zip": [f"Z{v}" for v in zips], "height": rng.normal(size=41)[zips]})
    assert found(table) == {}
    assert set(found(table.head(2_000))) == {Dependency("zip", "height")}


def test_numbers_of_different_grids_or_hardly_dependent_are_not_compared():
    rng = np.random.default_rng(0)
    months = rng.integers(1, 72, 3_000)
    dollars = (months * rng.uniform(18, 120, 3_000)).round(2)
    assert found(pd.DataFrame({"months": months, "dollars": dollars})) == {}
    low, high = rng.integers(0, 60, 3_000), 60 + rng.integers(-1, 60, 3_000)
    high = np.maximum(low, high)
    assert found(pd.DataFrame({"low": low, "high": high})) == {}


def test_ranges_that_do_not_overlap_need_no_relation():
    rng = np.random.default_rng(0)
    birth = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 9_999, 500), unit="D")
    seen = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 999, 500), unit="D")
    assert found(pd.DataFrame({"birth": birth, "seen": seen})) == {}


def test_a_schema_that_lists_relations_is_final():
    table = shop()
    full = infer_schema(table, detect_relations=True)
    fewer = full.relate([r for r in full.relations if isinstance(r.rule, Formula)])
    assert infer_schema(table, fewer, detect_relations=True).relations == fewer.relations
    assert infer_schema(table, full.relate([]), detect_relations=True).relations == ()
    partly = Schema((full["zip"],))
    assert infer_schema(table, partly, detect_relations=True).relations == full.relations


def test_what_is_declared_is_not_detected_again():
    table = shop()
    rules = [Formula("total", "tip + price"), Inequality("ordered", "delivered"), Unique("noise")]
    schema = infer_schema(table, constraints=rules, detect_relations=True)
    assert [r.rule for r in schema.relations[:3]] == rules
    assert all(r.source == "declared" for r in schema.relations[:3])
    assert len(schema.relations) == 3 + 4
    assert not any(isinstance(r.rule, Formula) and r.rule.column == "total" for r in schema.relations[3:])


def test_models_alone_look_unless_asked():
    assert infer_schema(shop()).relations is None


@pytest.mark.parametrize("n", [4, 49])
def test_short_tables_are_not_looked_at(n):
    assert found(shop(n)) == {}


def test_wide_tables_are_not_looked_at():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.integers(0, 99, (300, 201)), columns=[f"c{i}" for i in range(201)])
    table["c200"] = table["c0"] + table["c1"]
    assert found(table) == {}
    assert len(found(table.drop(columns="c5"))) == 1


def test_the_chance_of_agreement_against_counting():
    """Of groups of 1, 2 and 3 rows and shares 1/4 and 3/4: 1 * (1/16 + 9/16) * (1/64 + 27/64)."""
    assert _log_chance(np.array([1, 2, 3]), np.array([1, 3])) == pytest.approx(np.log(10 / 16 * 28 / 64))


def test_coarse_seconds_do_not_excuse_wrong_instants():
    rng = stream(0, "trips")
    start = pd.Timestamp("2021-03-13 20:00") + pd.to_timedelta(rng.integers(0, 259_200, 300), "s")
    seconds = rng.integers(1, 3_600, 300)
    table = pd.DataFrame({"start": start, "end": start + pd.to_timedelta(seconds, "s")})
    right = table.assign(took=seconds.astype("float32"))
    wrong = table.assign(took=rng.permutation(seconds).astype("float32"))
    infer_schema(right, constraints=[Formula("end", "start + took")])
    with pytest.raises(DataError, match="does not hold in the table"):
        infer_schema(wrong, constraints=[Formula("end", "start + took")])
    assert not infer_schema(wrong, detect_relations=True).relations or not any(
        isinstance(r.rule, Formula) for r in infer_schema(wrong, detect_relations=True).relations
    )


def test_sums_of_columns_with_odd_names_are_found():
    rng = stream(0, "odd")
    x, y = rng.integers(0, 1000, (2, 300))
    table = pd.DataFrame({"a`b": x, "y": y, "t": x + y, "long" * 600: rng.integers(0, 1000, 300)})
    found = infer_schema(table, detect_relations=True).relations
    assert [r.rule.column for r in found if isinstance(r.rule, Formula)] == ["t"]


def test_sums_that_would_need_too_long_a_text_are_left_out():
    x, y = stream(0, "long").integers(0, 1000, (2, 300))
    short = infer_schema(pd.DataFrame({"x": x, "y": y, "t": x + y}), detect_relations=True).relations
    long = pd.DataFrame({"x" * 2400: x, "y" * 2400: y, "t" * 2400: x + y})
    assert any(isinstance(r.rule, Formula) for r in short)
    assert not any(isinstance(r.rule, Formula) for r in infer_schema(long, detect_relations=True).relations)
