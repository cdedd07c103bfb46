"""From measures to alarms that say what to change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from synthgen.training.config import TrainingConfig

MIN_ROWS = 50
"""With fewer training rows the measures are mostly chance, and nothing is said."""
UNFINISHED = 2_000
"""Steps below which rows that lie off the table may only be unfinished."""
FEW_STEPS = 300
"""Steps that even the smallest table is given by default."""


class CollapseWarning(UserWarning):
    """A training went wrong in a way that its losses do not show; the message says how, and what to change."""


@dataclass(frozen=True)
class Limit:
    """Where a measure becomes an alarm.

    Parameters
    ----------
    code : str
        The alarm; see `WORDS`.
    measure : str
        A key of `synthgen.training.collapse.MEASURES`, or ``auditor_auc``.
    above : bool
        Whether values above the limit are wrong, or those below it.
    value : float
        The limit.
    seen : str
        The measure in words, ``{value}`` where its value stands.
    honest : str
        What a model without fault has.
    """

    code: str
    measure: str
    above: bool
    value: float
    seen: str
    honest: str

    def is_crossed(self, value: float) -> bool:
        """Whether a value is beyond the limit; NaN never is."""
        return value > self.value if self.above else value < self.value


LIMITS = (
    Limit(
        "collapse", "participation_ratio", False, 0.5,
        "fake rows vary in {value} times as many directions as real rows", "about 1",
    ),
    Limit("collapse", "spread", False, 0.7, "their spread is {value} of the real rows'", "about 1"),
    Limit("collapse", "nearest_fake", False, 0.5, "they lie {value} times as far apart as real rows", "about 1"),
    Limit("collapse", "duplicates", True, 0.1, "{value} more of them than of real rows equal another row", "about 0"),
    Limit("collapse", "lost_levels", True, 0, "none of them has {value} of the frequent levels", "0"),
    Limit("collapse", "empty_bins", True, 0.05, "a share of {value} of the real numbers' bins are empty", "0"),
    Limit("divergence", "spread", True, 1.5, "the spread of fake rows is {value} of the real rows'", "about 1"),
    Limit(
        "divergence", "nearest_train", True, 2.0,
        "fake rows lie {value} times as far from the nearest training row as other real rows do", "about 1",
    ),
    Limit(
        "overpowering", "d_auc_validation", True, 0.9,
        "the discriminator's AUC on validation rows is {value}, and it has no penalty", "little above 0.5",
    ),
    # 3,000 simulated rows by default: 0.24, with nothing copied; a discriminator may know rows that the generator does not
    Limit(
        "overfitting", "d_gap", True, 0.3,
        "the discriminator's AUC is {value} higher on training rows than on validation rows", "about 0",
    ),
    Limit(
        "memorising", "nearest_train", False, 0.5,
        "fake rows lie {value} times as far from the nearest training row as other real rows do", "about 1",
    ),
    Limit(
        "memorising", "nearer_to_train", True, 0.7,
        "a share of {value} of them lie nearer to training rows than to validation rows", "0.5",
    ),
    Limit(
        "no equilibrium", "auditor_auc", True, 0.95,
        "a discriminator trained afresh tells fake rows from validation rows with an AUC of {value}",
        "little above 0.5",
    ),
)  # fmt: skip
"""Every threshold. They stand between what honest models and forced collapses have, and
`benchmarks/laboratory/collapse.py` says whether they do: it fits both. Chance alone empties a level or a bin once in 10^8,
so that their limits leave room for levels and bins of a good model that are rare before calibration; with 200 validation
rows of hundreds of columns, `nearer_to_train` of honest rows strays to 0.6."""

BEHIND = 0.2
"""By how much the own discriminator's AUC must lie below a fresh one's to have stopped seeing what is wrong."""

OFF = 1.5
"""Rows that lie so much further from training rows than real ones do are no copies, whatever they are nearest to."""

WORDS = {
    "collapse": "The generator has collapsed: it makes fewer kinds of rows than the table has.",
    "divergence": "The generator makes rows that lie off the table: it has not finished, diverges, or its discriminator teaches it nothing.",
    "overpowering": "The discriminator is far too strong: where it tells nearly all rows, its slope says little of how to do better.",
    "overfitting": "The discriminator knows the training rows by heart, so that it teaches the generator to copy them.",
    "memorising": "The generator copies training rows.",
    "no equilibrium": "The players have stopped without being even: the discriminator does not see what a fresh one sees.",
}
"""What each alarm means, by its code."""


@dataclass(frozen=True)
class Alarm:
    """Something that went wrong in a training.

    Parameters
    ----------
    code : {"collapse", "divergence", "overpowering", "overfitting", "memorising", "no equilibrium"}
        What.
    words : str
        What was seen, what an honest model has, and what to change.
    measures : tuple of str
        The measures beyond their limits.
    """

    code: str
    words: str
    measures: tuple[str, ...] = ()


def alarms(
    measures: Mapping[str, float],
    config: TrainingConfig,
    *,
    n_rows: int,
    pac: int = 1,
    narrow_latent: int | None = None,
) -> list[Alarm]:
    """What is wrong with a generator, by what was measured of it.

    Parameters
    ----------
    measures : mapping
        From `Watch.measure`, of the weights that are kept; ``auditor_auc`` from `audit` where there is one. What is
        absent or NaN is passed over.
    config : TrainingConfig
        How it was trained: what to change depends on that.
    n_rows : int
        Training rows; below `MIN_ROWS` there are no alarms.
    pac : int
        Rows that the discriminator judges together.
    narrow_latent : int, optional
        Width of the latent vector, if it is narrower than the rows.

    Returns
    -------
    list of Alarm
        One for each code at most, in the order of `WORDS`; empty if nothing is wrong.
    """
    if n_rows < MIN_ROWS:
        return []
    found = []
    for code, meaning in WORDS.items():
        crossed = [
            limit
            for limit in LIMITS
            if limit.code == code and _is_crossed(limit, measures, _penalties(config))
        ]
        if crossed:
            seen = "; ".join(_said(limit, measures[limit.measure]) for limit in crossed)
            wider = narrow_latent if crossed[0].measure == "participation_ratio" else None
            words = f"{meaning} Seen: {seen}. {_advice(code, config, pac, wider)}"
            found.append(Alarm(code, words, tuple(limit.measure for limit in crossed)))
    return found


def training_alarms(
    watched: Mapping[int, Mapping[str, float]],
    kept: int,
    config: TrainingConfig,
    *,
    n_rows: int,
    pac: int = 1,
    narrow_latent: int | None = None,
) -> list[Alarm]:
    """What is wrong with the weights that are kept, and what went wrong after them.

    Parameters
    ----------
    watched : mapping of int to mapping
        By step, what `Watch.measure` gave there.
    kept : int
        The step whose weights are the model's.
    config, n_rows, pac, narrow_latent
        See `alarms`.

    Returns
    -------
    list of Alarm
        Those of the kept weights; then those of the last ones that the kept ones do not raise, which say so: the model
        is from before the fault, but a longer training would be no better.
    """
    if not watched:
        return []
    last = max(watched)
    found = alarms(watched.get(kept, {}), config, n_rows=n_rows, pac=pac, narrow_latent=narrow_latent)
    codes = {alarm.code for alarm in found}
    last_ones = alarms(watched[last], config, n_rows=n_rows, pac=pac, narrow_latent=narrow_latent)
    later = [a for a in last_ones if a.code not in codes]
    after = f" That was at the last step, {last}; the model has the weights of step {kept}, from before."
    return found + [Alarm(a.code, a.words + after, a.measures) for a in later if last != kept]


def _is_crossed(limit: Limit, measures: Mapping[str, float], penalties: float) -> bool:
    if (
        limit.code == "overpowering" and penalties > 0
    ):  # on wide tables a penalised one may tell all rows and still teach
        return False
    if limit.measure == "auditor_auc" and not _is_behind(measures):
        return False
    if limit.code == "memorising" and measures.get("nearest_train", math.nan) > OFF:
        return False
    return limit.is_crossed(measures.get(limit.measure, math.nan))


def _is_behind(measures: Mapping[str, float]) -> bool:
    """Whether the own discriminator sees much less than the auditor."""
    own = measures.get("d_auc_validation", math.nan)
    own = measures.get("d_auc_train", math.nan) if math.isnan(own) else own
    return own < measures.get("auditor_auc", math.nan) - BEHIND


def _said(limit: Limit, value: float) -> str:
    side = "at most" if limit.above else "at least"
    return f"{limit.seen.format(value=f'{value:.3g}')} (`{limit.measure}`; should be {limit.honest}, {side} {limit.value:g})"


def _advice(code: str, config: TrainingConfig, pac: int, narrow_latent: int | None) -> str:
    """What to change, the likeliest cause first."""
    wider = [] if narrow_latent is None else [f"a larger `latent_dim` (now {narrow_latent})"]
    changes = {
        "collapse": [*wider, *_too_strong(config), *_too_few(config), *_packing(pac)],
        "divergence": [*_too_few(config), *_too_strong(config), _lower_rate(config)],
        "overpowering": _too_strong(config),
        "overfitting": [*_too_strong(config), *_shorter(config)],
        "memorising": [*_shorter(config), *_too_strong(config)],
        "no equilibrium": [*_longer(config), _lower_rate(config), "wider `hidden_dims`"],
    }[code]
    return f"Try, in this order: {'; '.join(changes)}."


def _too_strong(config: TrainingConfig) -> list[str]:
    """Ways to weaken the discriminator."""
    out = []
    total = _penalties(config)
    if config.loss == "wgan-gp" and config.gradient_penalty_weight == 0:
        out.append("`gradient_penalty_weight=10` (now 0)")
    elif total == 0:
        out.append("`r1_weight=0.3` and `r2_weight=0.3` (now 0 each)")
    if config.discriminator_learning_rate > 2 * config.learning_rate:
        out.append(f"a lower `discriminator_learning_rate` (now {config.discriminator_learning_rate:g})")
    if config.n_critic > 1:
        out.append(f"`n_critic=1` (now {config.n_critic})")
    if config.loss != "relativistic":
        out.append(f'`loss="relativistic"` (now "{config.loss}")')
    if config.learning_rate > 2e-3:
        out.append(_lower_rate(config))
    if total > 0:
        name = "gradient_penalty_weight" if config.gradient_penalty_weight > 0 else "r1_weight"
        out.append(f"a larger `{name}` (now {getattr(config, name):g})")
    return out


def _penalties(config: TrainingConfig) -> float:
    return config.r1_weight + config.r2_weight + config.gradient_penalty_weight


def _too_few(config: TrainingConfig) -> list[str]:
    more = f"more `max_steps` (now {config.max_steps}): it may not have finished"
    return [more] if config.max_steps < UNFINISHED else []


def _packing(pac: int) -> list[str]:
    more = (
        f"`pac={2 * pac if pac > 1 else 4}` (now {pac}), so that the discriminator sees several rows together"
    )
    return [more]


def _shorter(config: TrainingConfig) -> list[str]:
    stop = "`patience=3`" if config.patience is None else f"a smaller `patience` (now {config.patience})"
    return [f"fewer `max_steps` (now {config.max_steps})", stop, "narrower `hidden_dims`", "more rows"]


def _longer(config: TrainingConfig) -> list[str]:
    return [
        f"more `max_steps` (now {config.max_steps})",
        f"`n_critic={config.n_critic + 1}` (now {config.n_critic})",
    ]


def _lower_rate(config: TrainingConfig) -> str:
    return f"a lower `learning_rate` (now {config.learning_rate:g})"
