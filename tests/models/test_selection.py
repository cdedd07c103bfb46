"""Rows chosen from a larger pool: nearer to the real ones, and otherwise all that plain rows are."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from synthgen import Inequality, Unique, load
from synthgen.exceptions import ParameterError
from synthgen.models.density_ratio import DensityRatio
from synthgen.models.margins import fit_margins
from synthgen.models.row_features import RowFeatures
from synthgen.models.selection import FACTORS, FEWEST_ROWS, MIN_ROWS, SelectedModel, Selector, enough
from synthgen.rng import ROWS_PER_BLOCK, stream
from tests.models.test_every_synthesizer import quick_gan


def simulated(n, seed):
    """Numbers, counts, levels, a truth value, days and tickets; all but the last two hang together."""
    rng = stream(seed, "simulated")
    x = rng.normal(size=n)
    y = (0.8 * x + 0.6 * rng.normal(size=n)).round(2)
    group = np.clip((x + rng.normal(0, 0.5, n) + 1).astype(int), 0, 2)
    return pd.DataFrame(
        {
            "x": x.astype("float32"),
            "y": np.where(rng.random(n) < 0.15, np.nan, y),
            "count": rng.poisson(np.exp(0.5 * x)).astype("int16"),
            "group": pd.Categorical(np.array(list("abc"))[group], categories=["c", "b", "a"]),
            "flag": x > 0.3,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "ticket": [f"T-{i:06d}" for i in rng.permutation(900_000)[:n]],
        }
    )


LEARNT = ["x", "y", "count", "group", "flag", "day"]


def coded(table):
    table = table[LEARNT].assign(group=table["group"].cat.codes, day=table["day"].astype("int64") / 1e9)
    return table.to_numpy(dtype=np.float64)


def auc(real, made):
    """How well boosted trees tell two tables of one length apart, on rows that they have not seen."""
    rows, label = np.concatenate([coded(real), coded(made)]), np.repeat([1, 0], len(real))
    order = stream(0, "auc").permutation(len(rows))
    learn, check = np.array_split(order, 2)
    trees = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(rows[learn], label[learn])
    return roc_auc_score(label[check], trees.predict_proba(rows[check])[:, 1])


def two_way_distance(real, made):
    """Total variation of every pair of columns in sixths of the real rows, missing values apart; the mean."""
    bins = []
    for a, b in zip(coded(real).T, coded(made).T, strict=True):
        inner = np.unique(np.nanquantile(a, np.arange(1, 6) / 6))
        bins.append([np.where(np.isnan(v), 7, np.searchsorted(inner, v)) for v in (a, b)])
    found = []
    for one, two in combinations(bins, 2):
        shares = [np.bincount(8 * v + w, minlength=64) / len(v) for v, w in zip(one, two, strict=True)]
        found.append(np.abs(np.subtract(*shares)).sum() / 2)
    return float(np.mean(found))


@pytest.fixture(scope="module")
def table():
    return simulated(2000, 0)


@pytest.fixture(scope="module")
def model(table):
    return quick_gan(max_steps=60, hidden_dims=(32,)).fit(table)


@pytest.fixture(scope="module")
def chosen(model):
    return model.sample(3000, random_state=0)


@pytest.fixture(scope="module")
def plain(model):
    return model.sample(3000, random_state=0, refine=None)


def test_rows_are_nearer_to_rows_that_nobody_has_seen(chosen, plain):
    fresh = simulated(3000, 1)
    assert auc(fresh, chosen) < auc(fresh, plain) - 0.1
    assert two_way_distance(fresh, chosen) < 0.6 * two_way_distance(fresh, plain)
    wanted = fresh["x"].corr(fresh["y"])
    assert abs(chosen["x"].corr(chosen["y"]) - wanted) < 0.5 * abs(plain["x"].corr(plain["y"]) - wanted)


def test_a_seed_repeats_the_rows(model, chosen, table):
    assert_frame_equal(model.sample(3000, random_state=0), chosen)
    assert not model.sample(50, random_state=1).equals(chosen.head(50))
    one, two = (quick_gan(refine=2).fit(table.head(300)) for _ in range(2))
    assert_frame_equal(one.sample(50, random_state=0), two.sample(50, random_state=0))
    assert one.selector_.ratio == two.selector_.ratio


def test_rows_do_not_depend_on_length_or_batch(model, chosen):
    assert_frame_equal(model.sample(1100, random_state=0), chosen.head(1100))
    assert_frame_equal(model.sample(2100, random_state=0, batch_size=1), chosen.head(2100))
    assert_frame_equal(model.sample(2100, random_state=0, batch_size=1500), chosen.head(2100))


def test_dtypes_are_those_of_the_table(table, chosen):
    assert (chosen.dtypes == table.dtypes).all() and list(chosen.columns) == list(table.columns)
    assert chosen["group"].cat.categories.tolist() == ["c", "b", "a"]
    assert chosen["ticket"].is_unique


def test_no_rows_can_be_drawn(model, table):
    none = model.sample(0)
    assert none.shape == (0, 7) and (none.dtypes == table.dtypes).all()


def test_every_row_comes_from_the_pool_and_none_twice(model):
    selected = SelectedModel(model.model_, model.selector_, model.encoder_)
    factor = model.selector_.factor
    assert factor in FACTORS
    for block in (0, 3):
        numbers = range(block * factor, (block + 1) * factor)
        pool = np.concatenate([model.model_.generate_block(7, b) for b in numbers])
        places = {row.tobytes(): place for place, row in enumerate(pool)}
        assert len(places) == len(pool)
        rows = [places[row.tobytes()] for row in selected.generate_block(7, block)]
        assert len(rows) == len(set(rows)) == ROWS_PER_BLOCK


def test_the_number_of_rows_drawn_can_be_asked_for(model, chosen):
    assert_frame_equal(model.sample(100, random_state=0, refine=model.selector_.factor), chosen.head(100))
    few = model.sample(3000, random_state=0, refine=2)
    fresh = simulated(3000, 1)
    assert auc(fresh, chosen) < auc(fresh, few)


def test_conditions_hold(model):
    rows = model.sample(300, conditions={"group": "b", "count": (1, 3)}, random_state=0)
    assert len(rows) == 300 and (rows["group"] == "b").all() and rows["count"].between(1, 3).all()
    assert_frame_equal(
        model.sample(120, conditions={"group": "b", "count": (1, 3)}, random_state=0), rows.head(120)
    )
    assert model.sample(40, conditions={"y": None}, random_state=0)["y"].isna().all()
    frame = pd.DataFrame({"group": list("abcab"), "flag": [True, True, True, False, False]})
    rows = model.sample(5, conditions=frame, random_state=0)
    assert (
        rows["group"].astype(str).tolist() == list("abcab")
        and rows["flag"].tolist() == frame["flag"].tolist()
    )


def test_conditions_given_to_the_generator_hold(table):
    model = quick_gan(conditional_on=["group", "flag"], refine=4).fit(table.head(600))
    rows = model.sample(1500, conditions={"group": "c", "flag": True}, random_state=0)
    assert (rows["group"] == "c").all() and rows["flag"].all() and len(rows) == 1500
    free = model.sample(4000, random_state=0)
    wanted = table.head(600)["group"].value_counts(normalize=True)
    assert (free["group"].value_counts(normalize=True) - wanted).abs().max() < 0.03


def test_without_refine_the_model_is_the_plain_one(table, plain):
    never = quick_gan(max_steps=60, hidden_dims=(32,), refine=None).fit(table)
    assert never.selector_ is None
    assert_frame_equal(never.sample(3000, random_state=0), plain)
    assert_frame_equal(never.sample(30, random_state=0, refine=None), plain.head(30))


@pytest.mark.parametrize("refine", [2, 8, np.int64(8)])
def test_a_model_that_has_not_learnt_to_choose_says_so(table, refine):
    never = quick_gan(refine=None).fit(table.head(50))
    with pytest.raises(
        ParameterError,
        match=f"`refine` parameter of sample is {refine}, but this SynthGAN has not learnt to choose",
    ):
        never.sample(5, refine=refine)


@pytest.mark.parametrize("refine", [1, 65, 2.5, "all", True])
def test_refine_must_be_in_range(model, refine):
    with pytest.raises(ParameterError, match="`refine` parameter of sample must be"):
        model.sample(5, refine=refine)


def test_selection_begins_at_enough_rows(table):
    assert quick_gan().fit(table.head(MIN_ROWS - 1)).selector_ is None
    assert quick_gan().fit(table.head(MIN_ROWS)).selector_ is not None


def test_a_number_asks_for_it_on_smaller_tables(table):
    model = quick_gan(refine=3).fit(table.head(FEWEST_ROWS))
    assert model.selector_.factor == 3
    assert len(model.sample(50, random_state=0)) == 50
    assert quick_gan(refine=3).fit(table.head(FEWEST_ROWS - 1)).selector_ is None


@pytest.mark.parametrize("seed", range(4))
def test_tables_of_four_rows(seed):
    model = quick_gan(refine=2, random_state=seed).fit(simulated(4, seed))
    assert len(model.sample(20, random_state=0)) == 20


@pytest.mark.parametrize(
    "odd",
    [
        pd.DataFrame({"x": np.arange(220) / 7}),
        pd.DataFrame({"level": list("ab") * 110}),
        pd.DataFrame({"one": np.ones(220), "x": np.arange(220) / 7}),
        pd.DataFrame({"none": [None] * 220, "x": np.arange(220) / 7}),
        pd.DataFrame({"one": np.ones(220), "ticket": [f"T{i:05d}" for i in range(220)]}),
    ],
    ids=lambda t: ", ".join(t.columns),
)
def test_odd_tables(odd):
    rows = quick_gan(refine=2).fit(odd).sample(50, random_state=0)
    assert len(rows) == 50 and (rows.dtypes == odd.dtypes).all()


def test_a_model_file_gives_the_same_rows(model, chosen, tmp_path):
    model.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    assert_frame_equal(loaded.sample(1100, random_state=0), chosen.head(1100))
    assert_frame_equal(
        loaded.sample(10, random_state=0, refine=2), model.sample(10, random_state=0, refine=2)
    )
    assert loaded.selector_.ratio == model.selector_.ratio
    assert (loaded.selector_.factor, loaded.selector_.effective_share) == (
        model.selector_.factor,
        model.selector_.effective_share,
    )
    loaded.save(tmp_path / "again.synthgen")
    assert (tmp_path / "again.synthgen").read_bytes() == (tmp_path / "m.synthgen").read_bytes()


def test_a_file_without_a_selector_keeps_that(table, tmp_path):
    quick_gan(refine=None).fit(table.head(50)).save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    assert loaded.selector_ is None and len(loaded.sample(5)) == 5


def test_what_was_learnt_is_forgotten_in_the_next_fit(table):
    model = quick_gan(refine=2).fit(table.head(200))
    assert model.selector_ is not None
    assert model.set_params(refine="auto").fit(table.head(300)).selector_ is None
    assert model.set_params(refine=2).fit(table.head(200)).selector_ is not None
    assert model.fit(pd.DataFrame({"one": np.ones(20)})).selector_ is None
    assert len(model.sample(5)) == 5


@pytest.fixture(scope="module")
def ruled():
    """Two numbers below a third: only one of these rules can be built in, the other is checked row by row."""
    rng = stream(0, "ruled")
    a, b = rng.gamma(2.0, 10.0, (2, 1500)).round(2)
    table = pd.DataFrame({"a": a, "b": b, "top": (np.maximum(a, b) + rng.gamma(2.0, 2.0, 1500)).round(2)})
    table["code"] = rng.permutation(5000)[:1500] % 2500
    table = table.drop_duplicates(["a", "code"]).reset_index(drop=True)
    rules = (Inequality("a", "top"), Inequality("b", "top"), Unique(["a", "code"]))
    return quick_gan(constraints=rules, detect_relations=False).fit(table)


def test_rules_hold_in_every_row(ruled):
    checked = [c.rule for c in ruled.encoder_.row_checks]
    assert Unique(["a", "code"]) in checked and any(isinstance(r, Inequality) for r in checked)
    assert ruled.selector_ is not None
    rows = ruled.sample(2500, random_state=0)
    assert len(rows) == 2500
    assert (rows["a"] <= rows["top"]).all() and (rows["b"] <= rows["top"]).all()
    assert not rows.duplicated(["a", "code"]).any()
    assert_frame_equal(ruled.sample(1200, random_state=0, batch_size=1), rows.head(1200))
    under = ruled.sample(100, conditions={"a": (5, 15)}, random_state=0)
    assert under["a"].between(5, 15).all() and (under["b"] <= under["top"]).all()


def test_rows_that_break_a_rule_are_not_chosen(ruled):
    raw = ruled.sample(1, random_state=0, refine=None)
    assert list(raw.columns) == ["a", "b", "top", "code"]
    selected = SelectedModel(ruled.model_, ruled.selector_, ruled.encoder_)
    made = ruled.encoder_.inverse_transform(selected.generate_block(0, 0))
    pool = ruled.encoder_.inverse_transform(ruled.model_.generate_block(0, 0))
    assert ((pool["a"] > pool["top"]) | (pool["b"] > pool["top"])).any()
    assert not ((made["a"] > made["top"]) | (made["b"] > made["top"])).any()


def test_tables_of_common_factors_are_not_chosen_from():
    rng = stream(0, "wide")
    values = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 210)) + rng.normal(size=(60, 210))
    table = pd.DataFrame(values, columns=[f"g{i}" for i in range(210)])
    model = quick_gan(wide_model="linear", reduce=3, refine=4).fit(table)
    assert model.encoder_.is_reduced and model.selector_ is None
    with pytest.raises(ParameterError, match="has not learnt to choose rows"):
        model.sample(5, refine=4)


def untaught(values):
    """A selector without trees, whose margins are those of the pool itself."""
    rows = RowFeatures(values, np.zeros(values.shape[1], dtype=bool))
    margins, _ = fit_margins(rows, rows, np.full(len(values), 1 / len(values)))
    return Selector(DensityRatio(), margins, 4, 1.0)


@pytest.mark.parametrize("is_free", [False, True])
@pytest.mark.parametrize("n_good", [100, 130, 250, 600])
def test_rows_that_are_no_good_come_only_where_the_good_ones_are_too_few(is_free, n_good):
    values = stream(0, "values").normal(size=(1000, 2))
    good = np.zeros(1000, dtype=bool)
    good[stream(1, "good").permutation(1000)[:n_good]] = True
    for n in (90, 120):
        places = untaught(values).choose(values, n, good=good, is_free=is_free, rng=stream(2, "rows"))
        assert len(places) == len(set(places.tolist())) == n
        assert np.count_nonzero(good[places]) == min(n, n_good)


@pytest.mark.parametrize("is_free", [False, True])
def test_all_rows_may_be_wanted(is_free):
    values = stream(0, "values").normal(size=(50, 2))
    places = untaught(values).choose(
        values, 50, good=np.ones(50, dtype=bool), is_free=is_free, rng=stream(0, "rows")
    )
    assert sorted(places.tolist()) == list(range(50))


def test_of_two_numbers_directions_are_kept_in_the_file(tmp_path, table):
    model = quick_gan(max_steps=20, hidden_dims=(32,)).fit(table[["x", "y", "group"]])
    assert len(model.selector_.directions.pairs) > 0
    model.save(tmp_path / "two.synthgen")
    assert_frame_equal(
        load(tmp_path / "two.synthgen").sample(50, random_state=1), model.sample(50, random_state=1)
    )


def test_how_many_rows_are_enough():
    assert enough(np.ones(100)) == FACTORS[0]
    heavy = np.concatenate(
        [np.full(10, 90.0), np.ones(900)]
    )  # ten rows of half of all weight, 45 times the mean
    assert enough(heavy) == FACTORS[-1]
    # one row in six holds all weight: six times the mean, of which 2 / 6 is cut at four copies, nothing at eight
    assert enough(np.repeat([6.0, 0.0], [100, 500])) == FACTORS[1]
    # of 4.2 times the mean 0.2 / 4.2 is cut, which is just allowed
    assert enough(np.repeat([4.2, 0.0], [1000, 3200])) == FACTORS[0]
