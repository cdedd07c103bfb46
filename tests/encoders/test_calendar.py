"""Instants as week, weekday and time of day: exact, within the range seen, and their rhythm learnt."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy import stats

from synthgen import load
from synthgen.encoders.calendar import CalendarEncoder
from synthgen.encoders.numeric import NumericEncoder
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.synthgan import SynthGAN
from synthgen.plain import to_plain
from synthgen.schema import Column
from tests.common.encoder_checks import CHECKS, check_within_rank_resolution, fit

SHARES_OF_WEEKDAYS = np.array([0.22, 0.2, 0.2, 0.18, 0.14, 0.04, 0.02])
SHARES_OF_HOURS = {7: 0.1, 8: 0.3, 9: 0.1, 16: 0.1, 17: 0.25, 18: 0.1, 23: 0.05}
UNITS = {"ns": 10**9, "us": 10**6, "ms": 10**3, "s": 1}


def rhythm(n, seed=0):
    """Weekly and daily rhythm over half a year; `load` is high in the evening only, and higher at weekends."""
    rng = np.random.default_rng(seed)
    week = rng.integers(0, 26, n)
    weekday = rng.choice(7, n, p=SHARES_OF_WEEKDAYS)
    hour = rng.choice(list(SHARES_OF_HOURS), n, p=list(SHARES_OF_HOURS.values()))
    seconds = ((week * 7 + weekday) * 24 + hour) * 3600 + rng.integers(0, 3600, n)
    load = 3.0 * (hour >= 16) + (weekday >= 5) + 0.3 * rng.normal(size=n)
    return pd.DataFrame({"at": pd.Timestamp("2021-01-04") + pd.to_timedelta(seconds, unit="s"), "load": load})


def seconds_of(n, days, seed=0, start=0):
    return start + np.random.default_rng(seed).integers(0, days * 86_400, n)


def series_of(seconds, token):
    """Seconds since 1970 as a column of some dtype, missing in rows 1 and 3."""
    gaps = np.zeros(len(seconds), dtype=bool)
    gaps[[1, 3]] = True
    instants = pd.Series(np.asarray(seconds).astype("datetime64[s]"))
    if token == "object[date]":
        return instants.dt.date.where(~gaps, None).astype(object)
    if token.startswith("date"):
        arrow = pa.date32() if token == "date32" else pa.date64()
        days = pa.array(instants.to_numpy().astype("datetime64[D]"), mask=gaps).cast(arrow)
        return pd.Series(pd.arrays.ArrowExtensionArray(days))
    if token.startswith("timestamp"):
        arrow = pa.timestamp("us", "America/New_York" if "zoned" in token else None)
        ticks = pa.array(np.asarray(seconds) * 10**6, mask=gaps).cast(arrow)
        return pd.Series(pd.arrays.ArrowExtensionArray(ticks))
    if "zoned" in token:
        zone = token.split()[1]
        return instants.dt.tz_localize("UTC").dt.tz_convert(zone).where(~gaps)
    return instants.astype(f"datetime64[{token}]").where(~gaps)


TOKENS = [
    *UNITS,
    "zoned Europe/Paris",
    "zoned Asia/Kathmandu",
    "timestamp",
    "timestamp zoned",
    "date32",
    "date64",
    "object[date]",
]


@pytest.mark.parametrize("token", TOKENS)
def test_common_checks_on_every_dtype_of_instants(token):
    table = pd.DataFrame({"at": series_of(seconds_of(600, 200), token), "x": np.arange(600) % 7})
    assert isinstance(fit(table).encoder_of("at"), CalendarEncoder)
    for check in CHECKS:
        check(table)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(UNITS)),
    st.integers(-9_214_560_000, 9_151_488_000),  # from 1678 on, up to 2261
    st.integers(15, 700),
    st.sampled_from([1, 60, 3600, 10_800, 86_400]),
    st.floats(0, 0.3),
    st.integers(0, 2**32 - 1),
)
def test_instants_on_any_grid_round_trip(unit, start, days, step, missing, seed):
    rng = np.random.default_rng(seed)
    seconds = start + seconds_of(400, days, seed) // step * step
    ticks = seconds * UNITS[unit]
    if step == 1:
        ticks = ticks + rng.integers(0, UNITS[unit], len(ticks))
    values = pd.Series(ticks.astype(f"datetime64[{unit}]")).where(rng.random(400) >= missing)
    table = pd.DataFrame({"at": values})
    encoder = fit(table)
    back = encoder.inverse_transform(encoder.transform(table))["at"]
    own = encoder.encoder_of("at")
    check_within_rank_resolution(
        back, table["at"], own.column, calendar=own if isinstance(own, CalendarEncoder) else None
    )
    if step > 1:
        assert (
            (to_plain(back.dropna(), encoder.schema_["at"]).values - ticks[0]) % (step * UNITS[unit]) == 0
        ).all()
    if days > 56 and step < 86_400:
        assert isinstance(encoder.encoder_of("at"), CalendarEncoder)


@pytest.mark.parametrize("unit", UNITS)
def test_the_ends_of_the_dtype_do_not_overflow(unit):
    span = 40 * 86_400 * UNITS[unit]
    offsets = np.random.default_rng(0).integers(0, span, 300)
    for ticks in (np.iinfo(np.int64).max - offsets, np.iinfo(np.int64).min + 1 + offsets):
        column = Column("at", "datetime", f"datetime64[{unit}]")
        plain = to_plain(pd.Series(ticks.astype(f"datetime64[{unit}]")), column)
        encoder = CalendarEncoder.fit(plain, column)
        rng = np.random.default_rng(1)
        matrix = encoder.transform(plain, rng)
        back = pd.Series(encoder.inverse_transform(matrix, 0, 0).values.astype(column.dtype))
        check_within_rank_resolution(back, pd.Series(ticks.astype(column.dtype)), column, calendar=encoder)
        shuffled = np.column_stack([rng.permutation(column) for column in matrix.T])
        drawn = encoder.inverse_transform(shuffled, 0, 0).values
        assert drawn.min() >= ticks.min() and drawn.max() <= ticks.max()


def test_the_layout_names_week_weekday_and_time():
    table = pd.DataFrame({"at": series_of(seconds_of(600, 200), "s")})
    layout = fit(table).layout_
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert layout.names == ["at=<missing>", "at=<rest>", "at~week", *(f"at={d}" for d in days), "at~time"]
    assert [b.gate for b in layout.numeric] == [1, 1]
    whole_days = pd.DataFrame({"at": pd.date_range("2020-01-01", periods=400).to_series(index=range(400))})
    assert fit(whole_days).layout_.names == ["at~week", *(f"at={d}" for d in days)]
    business = whole_days[whole_days["at"].dt.day_of_week < 5].reset_index(drop=True)
    assert fit(business).layout_.names == ["at~week", *(f"at={d}" for d in days[:5])]


def test_weekdays_begin_on_mondays_on_both_sides_of_1970():
    instants = pd.Series(pd.date_range("1968-03-01", periods=1500, freq="D"))
    encoder = fit(pd.DataFrame({"at": instants}))
    matrix = encoder.transform(pd.DataFrame({"at": instants}))
    low, high = encoder.inverse_transform(matrix)["at"].agg(["min", "max"])
    # the first week, of three days, counts as the second; the last day is the mean of the last five
    assert (low, high) == (instants[3], instants[1497])
    inside = instants.between(low, high).to_numpy()
    assert np.array_equal(matrix[inside, 1:].argmax(axis=1), instants[inside].dt.day_of_week)
    number = (instants - pd.Timestamp("1968-02-26")).dt.days // 7
    scores = pd.Series(matrix[:, 0]).groupby(number)
    assert (scores.max().to_numpy()[1:-1] < scores.min().to_numpy()[2:]).all()


def test_below_eight_weeks_days_are_told_apart_instead():
    table = pd.DataFrame({"at": series_of(seconds_of(600, 40), "s")})
    assert fit(table).layout_.names == ["at=<missing>", "at=<rest>", "at~day", "at~time"]


def test_a_time_that_stands_out_and_an_instant_that_stands_out_are_gate_levels():
    seconds = seconds_of(2000, 300, start=10**9)
    seconds[:400] = seconds[:400] // 86_400 * 86_400
    seconds[400:500] = -2_208_988_800  # 1900-01-01, for "unknown"
    table = pd.DataFrame({"at": seconds.astype("datetime64[s]")})
    encoder = fit(table)
    gate, _, time = encoder.layout_.one_hot
    assert gate.labels == ("-2208988800", "<rest>")
    assert time.labels == ("at 0", "<other times>")
    matrix = encoder.transform(table)
    assert matrix[:, gate.start].sum() == 100
    back = encoder.inverse_transform(matrix)["at"]
    check_within_rank_resolution(back, table["at"], encoder.schema_["at"], calendar=encoder.encoder_of("at"))
    stands_out = table["at"] == pd.Timestamp("1900-01-01")
    assert back[stands_out].equals(table["at"][stands_out])
    assert (back[:400].dt.time == table["at"][:400].dt.time).mean() > 0.98
    shuffled = np.hstack([matrix[:, :3], np.random.default_rng(0).permutation(matrix[:, 3:])])
    drawn = encoder.inverse_transform(shuffled)["at"]
    is_unknown = drawn == pd.Timestamp("1900-01-01")
    assert is_unknown.sum() == 100
    assert drawn[~is_unknown].min() >= pd.Timestamp("2001-09-09")


@pytest.mark.parametrize(
    "instants",
    [
        pd.date_range("2020-01-01", periods=99, freq="37h"),
        pd.date_range("2020-01-01", periods=300, freq="1h"),
        pd.date_range("2020-01-01", periods=40, freq="D").repeat(20),
        pd.date_range("2001-01-01", periods=200, freq="MS").repeat(20),
        pd.date_range("2001-01-01", periods=200, freq="W"),
        pd.date_range("2019-01-01", periods=500, freq="D", tz="Europe/Paris"),
    ],
    ids=["few", "a few days", "few dates", "months", "weeks", "midnights with summer time"],
)
def test_instants_without_periods_to_learn_are_numbers(instants):
    encoder = fit(pd.DataFrame({"at": instants}))
    assert isinstance(encoder.encoder_of("at"), NumericEncoder)


@pytest.mark.parametrize("kind", ["constant", "all missing"])
def test_columns_that_say_nothing_take_no_matrix_columns(kind):
    value = pd.NaT if kind == "all missing" else pd.Timestamp("2020-02-29")
    table = pd.DataFrame({"at": pd.Series([value] * 300, dtype="datetime64[ns]"), "x": np.arange(300)})
    assert not [b for b in fit(table).layout_.blocks if b.column == "at"]


def test_instants_outside_the_range_seen_take_the_nearest_place():
    table = pd.DataFrame({"at": seconds_of(600, 200).astype("datetime64[s]")})
    encoder = fit(table)
    beyond = pd.DataFrame({"at": pd.to_datetime(["1900-01-01", "2200-01-01"]).astype("datetime64[s]")})
    back = encoder.inverse_transform(encoder.transform(beyond))["at"]
    ordered = table["at"].sort_values().astype("int64").to_numpy()
    means = [int(np.ceil(ordered[:5].mean())), int(np.floor(ordered[-5:].mean()))]
    assert back.astype("int64").tolist() == means


def test_drawn_instants_stay_in_range_without_heaping_at_the_ends():
    table = pd.DataFrame({"at": seconds_of(3000, 90, start=4 * 86_400 * 365).astype("datetime64[s]")})
    encoder = fit(table)
    matrix = encoder.transform(table)
    blocks = encoder.layout_.blocks
    rng = np.random.default_rng(0)
    shuffled = np.hstack([rng.permutation(matrix[:, b.start : b.stop]) for b in blocks])
    drawn = encoder.inverse_transform(shuffled)["at"]
    assert drawn.between(table["at"].min(), table["at"].max()).all()
    assert drawn.value_counts().max() <= 3
    assert np.array_equal(
        drawn.dt.day_of_week.value_counts(sort=False).sort_index(),
        table["at"].dt.day_of_week.value_counts(sort=False).sort_index(),
    )


def test_states_of_the_time_before_calendars_load_as_numbers():
    table = rhythm(500)
    encoder = fit(table)
    state = encoder.to_state()
    assert state["encoders"][0]["encoder"] == "calendar"
    plain = to_plain(table["at"], encoder.schema["at"])
    state["encoders"][0] = NumericEncoder.fit(plain, encoder.schema["at"]).to_state()
    old = TableEncoder.from_state(state)
    assert isinstance(old.encoder_of("at"), NumericEncoder)
    back = old.inverse_transform(old.transform(table))["at"]
    check_within_rank_resolution(back, table["at"], encoder.schema_["at"])


def shares(table):
    weekday = table["at"].dt.day_of_week.value_counts(normalize=True).reindex(range(7), fill_value=0)
    hour = table["at"].dt.hour.value_counts(normalize=True).reindex(range(24), fill_value=0)
    return weekday.to_numpy(), hour.to_numpy()


def furthest(table, other):
    """Total variation distances of the shares of weekdays and of hours."""
    return [0.5 * np.abs(a - b).sum() for a, b in zip(shares(table), shares(other), strict=True)]


def time_of_day(table):
    return (table["at"] - table["at"].dt.floor("D")).dt.total_seconds()


def goes_with_the_time(table):
    """Rank correlation of `load` with the time of day."""
    return float(stats.spearmanr(time_of_day(table), table["load"])[0])


def as_one_number(table):
    """What a copula makes of it if the instant is one score."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CalendarEncoder, "suits", lambda plain, column: False)
        return GaussianCopula(random_state=0, verbose=0).fit(table).sample(len(table), random_state=1)


def test_a_copula_keeps_the_rhythm_and_what_goes_with_it():
    table = rhythm(4000)
    rows = GaussianCopula(random_state=0, verbose=0).fit(table).sample(4000, random_state=1)
    # two samples of 4,000 rows of one law differ by about .02 in either
    assert max(furthest(table, rows)) < 0.05
    # of normal numbers of correlation r, ranks have the correlation 6 / pi asin(r / 2) (Pearson 1907)
    scores = stats.norm.ppf(
        stats.rankdata(np.column_stack([time_of_day(table), table["load"]]), axis=0) / 4001
    )
    expected = 6 / np.pi * np.arcsin(np.corrcoef(scores.T)[0, 1] / 2)
    assert expected > 0.5
    assert goes_with_the_time(rows) == pytest.approx(expected, abs=0.06)
    assert abs(goes_with_the_time(as_one_number(table))) < 0.06


def test_a_network_learns_what_goes_with_the_time_of_day():
    table = rhythm(2000)
    short = {"max_steps": 200, "validate_every": 200, "hidden_dims": (32, 32), "batch_size": 128}
    model = SynthGAN(**short, refine=None, random_state=0, verbose=0)
    rows = model.fit(table).sample(2000, random_state=1)
    assert goes_with_the_time(rows) > 0.5 * goes_with_the_time(table)
    assert max(furthest(table, rows)) < 0.1


def test_columns_drawn_by_themselves_stay_whole():
    table = rhythm(4000)
    table = table[(table["at"].dt.day_of_week < 5) == (table["at"].dt.hour != 23)].reset_index(drop=True)
    model = IndependentMarginals(random_state=0, verbose=0).fit(table)
    assert isinstance(model.encoder_.encoder_of("at"), NumericEncoder)
    rows = model.sample(4000, random_state=1)["at"]
    # five neighbouring instants are spread evenly, over the end of an hour and a weekend too
    assert ((rows.dt.day_of_week < 5) == (rows.dt.hour != 23)).mean() > 0.95
    assert not rows.isin(table["at"]).mean() > 0.05


def test_a_range_of_instants_can_be_asked_for():
    low, high = pd.Timestamp("2021-03-01"), pd.Timestamp("2021-03-31")
    model = GaussianCopula(random_state=0, verbose=0).fit(rhythm(1000))
    rows = model.sample(50, conditions={"at": (low, high)}, random_state=1)
    assert rows["at"].between(low, high).all()


def test_a_later_instant_stays_later():
    table = rhythm(1000)
    rng = np.random.default_rng(3)
    table["until"] = table["at"] + pd.to_timedelta(rng.integers(60, 7200, len(table)), unit="s")
    model = GaussianCopula(random_state=0, verbose=0).fit(table)
    assert isinstance(model.encoder_.encoder_of("at"), CalendarEncoder)
    rows = model.sample(1500, random_state=1)
    assert (rows["until"] > rows["at"]).all()


def test_a_saved_model_draws_the_same_instants(tmp_path):
    model = GaussianCopula(random_state=0, verbose=0).fit(rhythm(500))
    model.save(tmp_path / "model.synthgen")
    restored = load(tmp_path / "model.synthgen")
    assert_frame_equal(restored.sample(100, random_state=1), model.sample(100, random_state=1))


def test_instants_beside_a_block_of_many_columns():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(200, 220)).astype("float32")).add_prefix("g")
    table.insert(0, "at", seconds_of(200, 300).astype("datetime64[s]"))
    for model in (GaussianCopula(random_state=0, verbose=0), IndependentMarginals(random_state=0, verbose=0)):
        model.fit(table)
        assert model.encoder_.block_ is not None
        rows = model.sample(300, random_state=1)
        assert (rows.dtypes == table.dtypes).all()
        assert rows["at"].between(table["at"].min(), table["at"].max()).all()
