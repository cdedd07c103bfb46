"""Columns of levels: which are lost, new or too frequent, and the tests that they are so by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from synthgen.metrics.column_faults import ALPHA, ColumnFault, ColumnTest, faults_of, n_tests_of
from synthgen.metrics.count_tests import (
    MIN_EXPECTED,
    all_in_one_p,
    chi_square_p,
    missing_test,
    total_variation,
)
from synthgen.metrics.tables import CodedColumn
from synthgen.schema import Level

MAX_NAMED = 5
"""Levels of one column that are named, at most."""
MIN_NAMED = 10
"""Real rows without which a level is not named, unless the other table has it: the name may tell of a person."""
INFLATED = 1.5
"""How many times as frequent a level must be to count as inflated."""
_N_TESTS = 3  # of lost, new and inflated levels
_MAX_LABEL = 40
_WORDS = {
    "lost level": "level {name!r} ({real:.1%} of real values) never occurs",
    "new level": "level {name!r} ({other:.1%} of values) is not in the real column",
    "inflated level": "level {name!r} in {other:.1%} of values instead of {real:.1%}",
    "shape": "level {name!r} in {other:.1%} of values instead of {real:.1%}",
}
_UNNAMED = "shares of rare levels are off"


@dataclass(frozen=True)
class LevelCheck:
    """How one column of levels compares with the real one.

    Parameters
    ----------
    n_real, n_other, level_coverage, lost_levels, n_lost_levels, inflated_levels, n_new_levels, faults, n_tests
        As for `ColumnCheck`. Of the lost levels only those of at least `MIN_NAMED` real rows are named; all are
        counted.
    """

    n_real: int
    n_other: int
    faults: tuple[ColumnFault, ...]
    n_tests: int
    level_coverage: float | None = None
    lost_levels: tuple[str, ...] = ()
    n_lost_levels: int = 0
    inflated_levels: tuple[str, ...] = ()
    n_new_levels: int = 0


def check_levels(real: CodedColumn, other: CodedColumn) -> LevelCheck:
    """Compare a column of levels with the real one.

    Parameters
    ----------
    real, other : CodedColumn
        Codes of the same levels.

    Returns
    -------
    LevelCheck
        Figures and faults.
    """
    n_levels = len(real.levels)
    counts = np.stack(
        [np.bincount(c.values[c.values >= 0], minlength=n_levels) for c in (real, other)], axis=1
    )
    return check_level_counts(counts, real.levels, (len(real.values), len(other.values)))


def check_level_counts(counts: np.ndarray, levels: Sequence[Level], n_rows: tuple[int, int]) -> LevelCheck:
    """Compare a column of levels with the real one by the rows of each level.

    Parameters
    ----------
    counts : ndarray of int, shape (n_levels, 2)
        In the real and the other table.
    levels : sequence
        What the levels are.
    n_rows : (int, int)
        Of the two tables, rows without a value too.

    Returns
    -------
    LevelCheck
        Figures and faults.
    """
    n, m = counts.sum(axis=0).tolist()
    missing = missing_test(n_rows, (np.array([n]), np.array([m])))
    if not (n and m):
        return LevelCheck(n, m, faults_of([missing], 0), n_tests_of([missing], 0))
    return _compare(counts, [_label(str(level)) for level in levels], missing)


def _label(level: str) -> str:
    return level if len(level) <= _MAX_LABEL else level[: _MAX_LABEL - 1] + "…"


def _compare(counts: np.ndarray, names: Sequence[str], missing: ColumnTest) -> LevelCheck:
    """Of counts of shape (n_levels, 2), where both tables have values."""
    n, m = counts.sum(axis=0).tolist()
    in_real, in_other = counts.T > 0
    order = np.argsort(-counts.sum(axis=1), kind="stable")
    lost, new = (order[mask[order]] for mask in (in_real & ~in_other, ~in_real & in_other))
    named = lost[_may_be_named(counts[lost])]
    n_present = int((in_real | in_other).sum())
    inflated, p_inflated = _inflated(counts, n_present)
    p_lost, p_new = (
        n_present * all_in_one_p(c, own, n + m) for c, own in ((counts[:, 0], n), (counts[:, 1], m))
    )
    shares = counts / counts.sum(axis=0)
    faults = [
        *_faults("lost level", named, p_lost[named], shares[named, 0], names, shares),
        *_rare_lost(lost[len(named) :], p_lost, shares),
        *_faults("new level", new, p_new[new], shares[new, 1], names, shares),
        *_faults(
            "inflated level",
            inflated,
            p_inflated,
            shares[inflated].T[1] / shares[inflated].T[0],
            names,
            shares,
        ),
    ]
    tests = [missing, _shares_test(counts[order], [names[i] for i in order])]
    return LevelCheck(
        n_real=n,
        n_other=m,
        faults=tuple(sorted([*faults, *faults_of(tests, 0)], key=lambda f: f.p_value)),
        n_tests=n_tests_of(tests, 0) + (_N_TESTS if n_present > 1 else 0),
        level_coverage=float(1 - len(lost) / in_real.sum()),
        lost_levels=tuple(names[i] for i in named[:MAX_NAMED]),
        n_lost_levels=len(lost),
        inflated_levels=tuple(names[i] for i in inflated[:MAX_NAMED]),
        n_new_levels=len(new),
    )


def _may_be_named(counts: np.ndarray) -> np.ndarray:
    """Which levels either table shows enough of; bool, shape (n_levels,)."""
    return (counts[:, 0] >= MIN_NAMED) | (counts[:, 1] > 0)


def _faults(
    what: str,
    levels: np.ndarray,
    p_values: np.ndarray,
    effects: np.ndarray,
    names: Sequence[str],
    shares: np.ndarray,
) -> list[ColumnFault]:
    """Of the first levels, those beyond chance."""
    return [
        ColumnFault(what, float(p), float(effect), _words(what, i, names, shares))
        for i, p, effect in zip(levels[:MAX_NAMED].tolist(), p_values, effects, strict=False)
        if p <= ALPHA
    ]


def _rare_lost(levels: np.ndarray, p_values: np.ndarray, shares: np.ndarray) -> list[ColumnFault]:
    """Lost levels of few real rows, the most frequent first: a count of those beyond chance, without their names."""
    found = levels[p_values[levels] <= ALPHA]
    if not len(found):
        return []
    words = "1 rare level never occurs" if len(found) == 1 else f"{len(found):,} rare levels never occur"
    return [ColumnFault("lost level", float(p_values[found[0]]), float(shares[found[0], 0]), words)]


def _words(what: str, level: int, names: Sequence[str], shares: np.ndarray) -> str:
    return _WORDS[what].format(name=names[level], real=shares[level, 0], other=shares[level, 1])


def _inflated(counts: np.ndarray, n_present: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels that are too frequent beyond chance, least p-value first, and the p-values."""
    n, m = counts.sum(axis=0).tolist()
    real, other = counts[:, 0], counts[:, 1]
    found = np.flatnonzero((real > 0) & (other / m >= INFLATED * real / n))
    p_values = n_present * hypergeom.sf(other[found] - 1, n + m, (real + other)[found], m)
    order = np.argsort(p_values, kind="stable")
    order = order[p_values[order] <= ALPHA]
    return found[order], p_values[order]


def _shares_test(counts: np.ndarray, names: Sequence[str]) -> ColumnTest:
    """Shape of levels, the most frequent first; those too rare for a cell of their own are one."""
    totals = counts.sum(axis=0)
    needed = MIN_EXPECTED * totals.sum() / totals.min()
    n_own = max(1, int((counts.sum(axis=1) >= needed).sum()))
    cells = np.concatenate([counts[:n_own], counts[n_own:].sum(axis=0)[None]])
    shares = counts / totals
    gaps = np.where(_may_be_named(counts), np.abs(shares[:, 0] - shares[:, 1]), 0.0)
    words = _words("shape", int(gaps.argmax()), names, shares) if gaps.any() else _UNNAMED
    return ColumnTest("shape", chi_square_p(cells[None]), total_variation(counts[None]), lambda _: words)
