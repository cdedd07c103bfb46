"""Attribute inference: whether the nearest synthetic row gives away a value that the attacker does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import entropy

from synthgen.metrics.baselines import subsample
from synthgen.metrics.gower import MAX_COLUMNS, nearest_rows
from synthgen.metrics.risk import (
    MAX_SYNTHETIC,
    Risk,
    columns_in_words,
    make_risk,
    n_targets,
    no_attack,
    residual_risk,
    some_columns,
    success_rate,
)
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.rng import stream

MAX_SECRETS = 5
"""Columns that are guessed, at most."""
TOLERANCE = 0.05
"""A guessed number is right within this share of itself."""
_N_CUTS = 10


@dataclass(frozen=True)
class Secret:
    """What the attack on one column gains.

    Parameters
    ----------
    name : str
        The column.
    risk : Risk
        Guesses of it.
    """

    name: str
    risk: Risk


@dataclass(frozen=True)
class Inference:
    """What attribute inference gains.

    Parameters
    ----------
    worst : Risk
        Of the column with the largest risk (or the largest gain over the baseline, without a holdout).
    secrets : tuple of Secret
        Every column that was guessed, largest risk first. Their intervals hold all at once.
    """

    worst: Risk
    secrets: tuple[Secret, ...]


@dataclass(frozen=True)
class _Hits:
    """Right guesses of each secret, of so many."""

    attack: list[int]
    control: list[int] | None
    baseline: list[int]
    n: int


def inference(
    real: CodedTable,
    synthetic: CodedTable,
    holdout: CodedTable | None,
    seed: int,
    *,
    target: str | None = None,
) -> Inference:
    """Guess columns of real rows from the synthetic row that is nearest in the other columns.

    Parameters
    ----------
    real, synthetic : CodedTable
        Coded together.
    holdout : CodedTable or None
        Real rows that the synthesizer has not seen, coded with the others.
    seed : int
        For the choice of rows and columns, and ties.
    target : str or None
        A column to be guessed in any case; the others are those whose real values have the largest entropy, numbers
        cut at their deciles.

    Returns
    -------
    Inference
        Empty if no column varies or there is no other one.

    Notes
    -----
    The largest of several risks is too large by chance; so the intervals of the secrets are at the level
    ``1 - 0.05 / n_secrets`` (Bonferroni) and hold together in 95%.
    As many held-out rows are attacked as real ones.

    References
    ----------
    .. [1] M. Giomi, F. Boenisch, C. Wehmeyer, B. Tasnadi, "A unified framework for quantifying privacy risk in
       synthetic data", PoPETs 2023, section 5.3.
    """
    draw = stream(seed, "metrics.inference")
    used = some_columns(real, MAX_COLUMNS, draw, keep=target)
    secrets = _secrets(real.select(used), target) if len(used) > 1 else []
    if not secrets:
        return Inference(no_attack("No column varies, or there is no other one to guess it from."), ())
    n = n_targets(real, synthetic, holdout, len(used))
    known = subsample(synthetic.select(used), MAX_SYNTHETIC, draw)
    attacked = subsample(real.select(used), n, draw)
    attack = _hits(attacked, known, secrets, guess(attacked, known, secrets, draw))
    control = None
    if holdout is not None:
        others = subsample(holdout.select(used), n, draw)
        control = _hits(others, known, secrets, guess(others, known, secrets, draw))
    baseline = _hits(attacked, known, secrets, draw.integers(known.n_rows, size=(len(secrets), n)))
    words = (
        f"guessed for {n:,} real rows from the nearest of {known.n_rows:,} synthetic rows in all but this one of "
        f"{columns_in_words(len(used), len(real.columns))}."
    )
    names = [known.columns[j].name for j in secrets]
    return _ranked(names, _Hits(attack, control, baseline, n), words)


def guess(
    targets: CodedTable, synthetic: CodedTable, secrets: Sequence[int], generator: np.random.Generator
) -> np.ndarray:
    """The synthetic rows whose values are the guesses.

    Parameters
    ----------
    targets, synthetic : CodedTable
        Coded together.
    secrets : sequence of int
        The numbers of the columns that are guessed.
    generator : numpy.random.Generator
        Breaks ties.

    Returns
    -------
    ndarray of int, shape (n_secrets, n_targets)
        For each secret the nearest row in all columns but that one.
    """
    others = [[j for j in range(len(targets.columns)) if j != secret] for secret in secrets]
    return nearest_rows(targets, synthetic, others, generator.random((len(secrets), targets.n_rows)))


def is_right(secret: CodedColumn, guessed: np.ndarray) -> np.ndarray:
    """Which guesses of a column are right.

    Parameters
    ----------
    secret : CodedColumn
        The true values.
    guessed : ndarray, shape (N,)
        The guesses, coded alike.

    Returns
    -------
    ndarray of bool, shape (N,)
        The same level or instant; a number that differs by at most 5% of the guess; or both missing.

    Notes
    -----
    NOTE[DIFF]: the size of the guess is its absolute value. anonymeter divides by the guess itself, so that -10 for
    100 is right there. Its 1e-12 beside the guess is left out, so that figures in small units are treated alike.
    """
    if not secret.is_numeric or secret.kind == "datetime":
        return (secret.values == guessed) | (secret.missing & _is_missing(guessed))
    with np.errstate(over="ignore"):
        near = np.abs(guessed - secret.values) <= TOLERANCE * np.abs(guessed)
    return near | (secret.missing & _is_missing(guessed))


def _is_missing(values: np.ndarray) -> np.ndarray:
    return np.isnan(values) if values.dtype.kind == "f" else values < 0


def _secrets(real: CodedTable, target: str | None) -> list[int]:
    """The target if it is there, then the columns of largest entropy; only such as vary."""
    entropies = np.array([_entropy(c) for c in real.columns])
    order = [int(j) for j in np.argsort(-entropies, kind="stable") if entropies[j] > 0]
    order.sort(key=lambda j: real.columns[j].name != target)
    return order[:MAX_SECRETS]


def _entropy(column: CodedColumn) -> float:
    values = column.values
    if column.is_numeric and not column.missing.all():
        cuts = np.unique(
            np.quantile(values[~column.missing], np.linspace(0, 1, _N_CUTS + 1)[1:-1], method="lower")
        )
        values = np.where(column.missing, -1, np.searchsorted(cuts, values))
    return float(entropy(np.unique(values, return_counts=True)[1]))


def _hits(targets: CodedTable, synthetic: CodedTable, secrets: Sequence[int], rows: np.ndarray) -> list[int]:
    """How many guesses are right, for each secret."""
    return [
        int(is_right(targets.columns[j], synthetic.columns[j].values[chosen]).sum())
        for j, chosen in zip(secrets, rows, strict=True)
    ]


def _ranked(names: list[str], hits: _Hits, words: str) -> Inference:
    level = 1 - 0.05 / len(names)
    secrets = []
    for i, name in enumerate(names):
        attack, baseline = (success_rate(h[i], hits.n, level) for h in (hits.attack, hits.baseline))
        control = None if hits.control is None else success_rate(hits.control[i], hits.n, level)
        secrets.append(Secret(name, make_risk(attack, control, baseline, hits.n, f"{name!r} {words}")))
    ordered = tuple(sorted(secrets, key=lambda s: _gain(s.risk), reverse=True))
    worst = ordered[0].risk
    if len(secrets) > 1:
        chosen = f"The worst of {len(secrets)} columns, with intervals wide enough to hold for all of them at once."
        worst = replace(worst, words=f"{worst.words} {chosen}")
    return Inference(worst, ordered)


def _gain(risk: Risk) -> float:
    return residual_risk(risk.attack, risk.control or risk.baseline)[0]
