"""Instants as week, weekday and time of day, so that models can learn their periods."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from synthgen.disclosure import MIN_ROWS
from synthgen.encoders import gated
from synthgen.encoders.base import AbstractColumnEncoder, refuse_missing, shown
from synthgen.encoders.numeric import find_atoms, fit_rest
from synthgen.encoders.ranks import blurred_ends, fit_rank_map
from synthgen.layout import Block
from synthgen.plain import Plain
from synthgen.relations.quantities import ticks_per_second
from synthgen.schema import Column

MIN_DISTINCT = 100
"""Fewest distinct instants, besides those that stand out."""
MIN_DAYS = 14
"""Least days from the first to the last instant."""
MIN_WEEKS = 8
"""From this many weeks on days are laid out as week and weekday; below as days."""
LEAST_FILLED = 0.5
"""Least share of the days that weeks and weekdays by themselves would give: monthly dates fall short of it."""
_DAY = 86_400  # seconds
_WEEK = 7  # days
_MONDAY = 3  # days from the Monday before 1970-01-01 to that day, a Thursday
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SLACK = 12  # part of a day
_CODES = 2**62  # keys from here on are atoms: beyond every week and day


@dataclass(frozen=True)
class Parts:
    """What an instant is made of.

    Parameters
    ----------
    ticks : int
        In a day.
    atoms : ndarray of int64, shape (A,)
        Instants that stand on their own, ascending.
    weekdays : ndarray of int64, shape (W,)
        Those of `MIN_ROWS` rows or more, ascending: 0 is Monday. Empty: days are not told apart by weeks.
    date : gated.Gated
        Of the weeks since 1970 that begin on Mondays, or of the days since then; its atoms are keys, one for each
        instant that stands on its own.
    time : gated.Gated
        Of the ticks since midnight.
    ends : ndarray of int64, shape (2,)
        First and last instant that comes back and is no atom: means of the first and the last `MIN_ROWS` rows'.
    """

    ticks: int
    atoms: np.ndarray
    weekdays: np.ndarray
    date: gated.Gated
    time: gated.Gated
    ends: np.ndarray


class CalendarEncoder(AbstractColumnEncoder):
    """Instants as a gate (those that stand out, missing), a score of the week, weekday and time of day.

    Instants that stand out come back exactly, others on the day or week and at the time of day that their scores say
    (`ranks`), and between the ends.

    Ticks count from 1970-01-01 in UTC, so that weekdays and times of day of columns with a time zone are those of UTC.

    Parameters
    ----------
    column : Column
        What the column is.
    parts : Parts
        What was learnt.

    Notes
    -----
    Where the gate is closed, the number of the week is 0, and weekday and time of day are those of another row:
    decoding looks at the gate alone. Week, weekday and time of day that are drawn together may lie before the
    first or after the last instant, in the week that is cut there: such an instant is moved by one week.
    """

    def __init__(self, column: Column, parts: Parts) -> None:
        self.column = column
        self.parts = parts

    @classmethod
    def suits(cls, plain: Plain, column: Column) -> bool:
        """Whether periods can be learnt from a column, and no other order of its days is lost.

        Parameters
        ----------
        plain : Plain, length N
            The values.
        column : Column
            Of instants.

        Returns
        -------
        bool
            False for few instants, few days, weekly or monthly dates, and midnights of a zone with summer time.
        """
        distinct, counts = plain.counted(~plain.missing)
        keep = ~find_atoms(counts)
        distinct, counts = distinct[keep], counts[keep]
        if len(distinct) < MIN_DISTINCT:
            return False
        days, times = _days_and_times(distinct, ticks := _ticks(column))
        each, each_time = np.unique(days), np.unique(times)
        span = int(each[-1]) - int(each[0])
        if span < MIN_DAYS or (len(each_time) == 2 and np.diff(each_time)[0] * 24 in (ticks, 23 * ticks)):
            return False
        if span < MIN_WEEKS * _WEEK:
            return len(each_time) > 1
        weeks, weekdays = _weeks_and_weekdays(each)
        n_weekdays = len(np.unique(weekdays))
        possible = len(np.unique(weeks)) * n_weekdays
        expected = possible * -math.expm1(-int(counts.sum()) / possible)
        return (n_weekdays > 1 or len(each_time) > 1) and len(each) >= LEAST_FILLED * expected

    @classmethod
    def fit(cls, plain: Plain, column: Column) -> Self:
        """Find what stands out, and the distributions of week or day and of the time of day. See the base class."""
        ticks = _ticks(column)
        distinct, counts = plain.counted(~plain.missing)
        is_atom = find_atoms(counts)
        atoms, rest, counts = distinct[is_atom], distinct[~is_atom], counts[~is_atom]
        days, times = _days_and_times(rest, ticks)
        dates, weekdays = days, np.zeros(0, dtype=np.int64)
        if int(days[-1]) - int(days[0]) >= MIN_WEEKS * _WEEK:
            dates, own = _weeks_and_weekdays(days)
            each, rows = _counted(own, counts)
            weekdays = each[rows >= min(MIN_ROWS, int(rows.max()))]
        keys = _CODES + np.arange(len(atoms), dtype=np.int64)
        date = gated.Gated(keys, bool(plain.missing.any()), fit_rank_map(*_counted(dates, counts)))
        return cls(
            column, Parts(ticks, atoms, weekdays, date, _fit_times(times, counts), blurred_ends(rest, counts))
        )

    def blocks(self, start: int) -> list[Block]:
        """Gate, score of week or day, weekdays, and gate and score of the time. See the base class."""
        p, name = self.parts, self.column.name
        out = gated.blocks(p.date, name, start, [repr(a) for a in p.atoms.tolist()])
        gate = out[-1].gate
        out[-1] = replace(out[-1], labels=("week" if len(p.weekdays) else "day",))
        at = out[-1].stop
        if len(p.weekdays) > 1:
            labels = tuple(_NAMES[w] for w in p.weekdays.tolist())
            out.append(Block(name, "one-hot", at, at + len(labels), labels))
            at += len(labels)
        for block in gated.blocks(p.time, name, at, [f"at {t}" for t in p.time.atoms.tolist()]):
            if block.activation == "numeric":
                own = gate if block.gate is None else block.gate
                out.append(replace(block, labels=("time",), gate=own))
            else:
                out.append(replace(block, labels=tuple(_time_label(label) for label in block.labels)))
        return out

    def transform(self, plain: Plain, rng: np.random.Generator) -> np.ndarray:
        """Gate, scores and weekday of every instant; those never seen take the nearest place. See the base class."""
        p = self.parts
        if not p.date.has_missing:
            refuse_missing(plain, self.column)
        place, is_atom = _places(plain.values, p.atoms)
        counts = ~(plain.missing | is_atom)
        instants = _filled(np.clip(plain.values, p.ends[0], p.ends[1]), counts, rng)
        days, times = _days_and_times(instants, p.ticks)
        dates, weekdays = _weeks_and_weekdays(days) if len(p.weekdays) else (days, days)
        keys = np.where(is_atom, _CODES + place, dates)
        out = [gated.encode(Plain(keys, plain.missing), p.date, rng)]
        if len(p.weekdays) > 1:
            nearest = np.abs(weekdays[:, None] - p.weekdays).argmin(axis=1)
            out.append(np.eye(len(p.weekdays), dtype=np.float32)[nearest])
        time = gated.encode(Plain(times, np.zeros(len(times), dtype=bool)), p.time, rng)
        if not p.time.gate_width:
            time[~counts] = 0.0
        return np.hstack([*out, time])

    def inverse_transform(self, matrix: np.ndarray, first_row: int, seed: int) -> Plain:
        """Instants from gate, scores and weekday. See the base class."""
        p = self.parts
        n_weekdays = len(p.weekdays) if len(p.weekdays) > 1 else 0
        at = p.date.width
        keys = gated.decode(matrix[:, :at], p.date)
        is_atom = ~keys.missing & (keys.values >= _CODES)
        days = np.where(is_atom | keys.missing, 0, keys.values)
        if len(p.weekdays):
            choice = (
                matrix[:, at : at + n_weekdays].argmax(axis=1)
                if n_weekdays
                else np.zeros(len(days), dtype=np.intp)
            )
            days = days * _WEEK - _MONDAY + p.weekdays[choice]
        times = gated.decode(matrix[:, at + n_weekdays :], p.time).values
        values = _within(days, times, p)
        values[is_atom] = p.atoms[keys.values[is_atom] - _CODES]
        return Plain(values, keys.missing)

    def possible(self) -> Plain:
        """The first and the last instant. See the base class."""
        found = np.concatenate([self.parts.atoms, self.parts.ends])
        return Plain(np.array([found.min(), found.max()]), np.zeros(2, dtype=bool))

    def stored_values(self) -> dict[str, Any]:
        """Instants that stand out, ends, weekdays, and what the two scores keep. See the base class."""
        p = self.parts
        is_weekly = len(p.weekdays) > 0
        date = gated.stored(replace(p.date, atoms=p.date.atoms[:0]), lambda d: _dates(d, is_weekly))
        time = gated.stored(p.time, lambda t: _times(t, p.ticks))
        return {
            "single values": shown(p.atoms, self.column),
            "ends": shown(p.ends, self.column),
            "weekdays": [_NAMES[w] for w in p.weekdays.tolist()],
            **{f"{'weeks' if is_weekly else 'days'}: {k}": v for k, v in date.items()},
            **{f"times of day: {k}": v for k, v in time.items()},
        }

    def to_state(self) -> dict[str, Any]:
        """Both scores, weekdays, atoms and ends."""
        p = self.parts
        return {
            "encoder": "calendar",
            "ticks": p.ticks,
            "atoms": p.atoms,
            "weekdays": p.weekdays,
            "date": gated.to_state(p.date),
            "time": gated.to_state(p.time),
            "ends": p.ends,
        }

    @classmethod
    def from_state(cls, column: Column, state: dict[str, Any]) -> Self:
        """From `to_state`'s data."""
        date, time = gated.from_state(state["date"]), gated.from_state(state["time"])
        return cls(
            column, Parts(state["ticks"], state["atoms"], state["weekdays"], date, time, state["ends"])
        )


def _ticks(column: Column) -> int:
    """A column's ticks in a day."""
    return round(ticks_per_second(column) * _DAY)


def _days_and_times(instants: np.ndarray, ticks: int) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970-01-01 and ticks since midnight."""
    return np.divmod(instants, ticks)


def _weeks_and_weekdays(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weeks since the Monday before 1970-01-01, and days since each week's Monday."""
    return np.divmod(days + _MONDAY, _WEEK)


def _counted(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values, ascending, and the rows of each."""
    distinct, place = np.unique(values, return_inverse=True)
    return distinct, np.bincount(place, weights=counts).astype(np.int64)


def _fit_times(times: np.ndarray, counts: np.ndarray) -> gated.Gated:
    """Times of day that stand out, and the distribution of the others."""
    distinct, rows = _counted(times, counts)
    is_atom = find_atoms(rows) if len(distinct) > 1 else np.ones(1, dtype=bool)
    return gated.Gated(distinct[is_atom], False, fit_rest(distinct, rows, is_atom))


def _dates(numbers: np.ndarray, is_weekly: bool) -> list[str]:
    """Days since 1970-01-01, or the Mondays of weeks, as dates."""
    days = numbers * _WEEK - _MONDAY if is_weekly else numbers
    return days.astype("datetime64[D]").astype(str).tolist()


def _times(ticks: np.ndarray, per_day: int) -> list[str]:
    """Ticks since midnight as times of day."""
    seconds = ticks / (per_day / _DAY)
    return [f"{int(s) // 3600:02}:{int(s) // 60 % 60:02}:{s % 60:09.6f}" for s in seconds.tolist()]


def _time_label(label: str) -> str:
    return "<other times>" if label == "<rest>" else label


def _places(values: np.ndarray, atoms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The atom that each value would be, and whether it is one."""
    if not len(atoms):
        return np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    place = np.minimum(np.searchsorted(atoms, values), len(atoms) - 1)
    return place, atoms[place] == values


def _filled(instants: np.ndarray, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same with instants of other rows where they do not count; as they are where none counts."""
    present = instants[counts]
    if len(present) in (0, len(instants)):
        return instants
    out = instants.copy()
    out[~counts] = rng.choice(present, len(instants) - len(present))
    return out


def _within(days: np.ndarray, times: np.ndarray, parts: Parts) -> np.ndarray:
    """Instants of days and times, moved by a week where they lie before the first or after the last one."""
    (first, last), (at_first, at_last) = _days_and_times(parts.ends, parts.ticks)
    # an instant at an end may come back a little beyond it, which is no matter of a week
    slack = parts.ticks // _SLACK
    early = (days < first) | ((days == first) & (times < at_first - slack))
    late = (days > last) | ((days == last) & (times > at_last + slack))
    days = days + _WEEK * (early.astype(np.int64) - late)
    times = np.where(days == last, np.minimum(times, at_last), times)
    times = np.where(days == first, np.maximum(times, at_first), times)
    # sums and products of int64 wrap round to the value where the midnight before it lies beyond int64
    return np.asarray(np.clip(days * parts.ticks + times, *parts.ends))
