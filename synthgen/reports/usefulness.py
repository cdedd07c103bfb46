"""What models trained on a table are worth, beside its ceiling, floor and memoriser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthgen.exceptions import DataError
from synthgen.metrics import baselines
from synthgen.metrics.importances import (
    ImportanceAgreement,
    compared_columns,
    importance_agreement,
    loss_increases,
)
from synthgen.metrics.predictors import fit_predictor
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.tasks import Task
from synthgen.metrics.utility import gain, n_unknown, score
from synthgen.reports.section import Section, score_of
from synthgen.reports.tables import Tables
from synthgen.rng import stream

N_SPLITS = 4
"""Times that the real rows are halved, to see how much the score depends on the rows learnt from."""


def usefulness(t: Tables, task: Task | None) -> Section:
    """Train on synthetic, test on real; real and synthetic together; agreement of what matters.

    Parameters
    ----------
    t : Tables
        What is compared.
    task : Task or None
        What to predict; it must be given.

    Returns
    -------
    Section
        ``utility_*``, ``augmented_*``, ``importance_agreement``.

    Raises
    ------
    DataError
        If there is nothing to predict.
    """
    if task is None:
        raise DataError("Utility needs a target: give the column to predict.")
    train, test = _rows(t)
    # more rows teach more: the ceiling shall differ in the kind of its rows, not in their number
    equal = baselines.subsample(train, t.all_synthetic.n_rows, stream(t.seed, "evaluate.utility.ceiling"))
    made = [
        t.all_synthetic,
        baselines.independent_columns(train, equal.n_rows, stream(t.seed, "evaluate.utility.floor")),
        baselines.bootstrap(train, equal.n_rows, stream(t.seed, "evaluate.utility.memoriser")),
    ]
    alone = [fit_predictor(x, task, t.seed) for x in (made[0], equal, *made[1:])]
    real = alone[1] if equal.n_rows == train.n_rows else fit_predictor(train, task, t.seed)
    both = [fit_predictor(train, task, t.seed, extra=x) for x in made]
    estimates = {
        f"utility_{task.metric}": [score(p, test) for p in alone],
        f"augmented_{task.metric}": [score(p, test) for p in (both[0], real, *both[1:])],
    }
    agreement, spread = _halves(t, [made[0], train, *made[1:]], test, task)
    estimates["importance_agreement"] = [a.agreement for a in agreement]
    caution = _caution(t, task)
    scores = {name: score_of(t, name, e[0], e[1:], caution) for name, e in estimates.items()}
    details = {
        "importances": agreement[0],
        "augmentation_gain": gain(both[0], real, test),
        "utility_fit_sd": spread,
    }
    return Section(scores, details)


def _rows(t: Tables) -> tuple[CodedTable, CodedTable]:
    """Real rows to learn from, and rows to test on."""
    if t.holdout is not None:
        return t.real, t.holdout
    return baselines.split(t.real, 0.8, stream(t.seed, "evaluate.utility"))


def _halves(
    t: Tables, tables: Sequence[CodedTable], test: CodedTable, task: Task
) -> tuple[list[ImportanceAgreement], float | None]:
    """What halves of the tables teach: agreement of importances, and how much the score depends on the rows.

    Halves of the synthetic table, the floor and the memoriser are compared with a half of the real rows, and the
    ceiling is of two halves of the real rows. The standard deviation is that of the score of trees fitted to all real
    rows: their scores on halves vary twice as much in variance.
    """
    splits = [
        baselines.split(tables[1], 0.5, stream(t.seed, "evaluate.utility.halves", i)) for i in range(N_SPLITS)
    ]
    real = [fit_predictor(half, task, t.seed) for pair in splits for half in pair]
    values = [v for v in (score(p, test).value for p in real) if v is not None]
    spread = float(np.std(values, ddof=1) / np.sqrt(2)) if len(values) == len(real) else None
    n = splits[0][0].n_rows
    others = [
        fit_predictor(baselines.subsample(x, n, stream(t.seed, "evaluate.utility.half", i)), task, t.seed)
        for i, x in enumerate((tables[0], *tables[2:]))
    ]
    synthetic, floor, memoriser = others
    columns = compared_columns([real[0], real[1], *others])
    increases = [
        loss_increases(p, test, columns, t.seed) for p in (real[0], synthetic, real[1], floor, memoriser)
    ]
    return [importance_agreement(increases[0], other, t.seed) for other in increases[1:]], spread


def _caution(t: Tables, task: Task) -> str:
    cautions = []
    if t.holdout is None:
        cautions.append(
            "Tested on a fifth of the real rows, which the synthetic table was made from too: "
            "it is flattered, the ceiling (trained on the other rows) is not."
        )
    tables = {"held-out": t.holdout, "synthetic": t.all_synthetic}
    unknown = {which: n_unknown(table, task) for which, table in tables.items() if table is not None}
    cautions += [
        f"{n:,} {which} rows are left out: their class is not among those of the real rows."
        for which, n in unknown.items()
        if n
    ]
    return " ".join(cautions)
