"""What each metric has to say about a table, beside its ceiling, floor and memoriser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synthgen.metrics import baselines
from synthgen.metrics.dependence import pair_trends, paired_columns
from synthgen.metrics.detection import c2st
from synthgen.metrics.histograms import marginal
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.marginals import column_shapes
from synthgen.metrics.support import copies, nearest_distances, share_closer_to_real
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.utility import Task, n_unknown, utility
from synthgen.reports.scores import Score, make_score
from synthgen.rng import stream

MAX_MARGINALS = 40
"""Columns that get a figure."""


@dataclass(frozen=True, eq=False)
class Tables:
    """Everything that is compared: the tables given, and the baselines made of the real rows.

    Parameters
    ----------
    real, synthetic : CodedTable
        The tables given.
    holdout : CodedTable or None
        Real rows that the synthesizer has not seen.
    reference : CodedTable
        What detection compares with: the holdout, or else the real rows.
    twins : (CodedTable, CodedTable)
        Two tables of one source, for the ceiling: real and holdout, or else two halves of the real rows.
    floor, memoriser : CodedTable
        Shuffled columns, and a bootstrap of the real rows.
    seed : int
        Of everything random.
    """

    real: CodedTable
    synthetic: CodedTable
    holdout: CodedTable | None
    reference: CodedTable
    twins: tuple[CodedTable, CodedTable]
    floor: CodedTable
    memoriser: CodedTable
    seed: int


@dataclass(frozen=True, eq=False)
class Section:
    """What one metric has to say.

    Parameters
    ----------
    scores : dict of str to Score
        By flat name.
    details : dict of str to object
        Fields of `Report`, by name.
    """

    scores: dict[str, Score]
    details: dict[str, Any]


def make_tables(coded: dict[str, CodedTable], seed: int) -> Tables:
    """The tables given and the baselines.

    Parameters
    ----------
    coded : dict of str to CodedTable
        ``real``, ``synthetic`` and perhaps ``holdout``, coded together.
    seed : int
        For splits and baselines.

    Returns
    -------
    Tables
        Everything that is compared.
    """
    real, synthetic, holdout = coded["real"], coded["synthetic"], coded.get("holdout")
    n = synthetic.n_rows
    if holdout is None:
        twins = baselines.split(real, 0.5, stream(seed, "evaluate.split"))
    else:
        twins = (real, baselines.subsample(holdout, n, stream(seed, "evaluate.ceiling")))
    return Tables(
        real=real,
        synthetic=synthetic,
        holdout=holdout,
        reference=real if holdout is None else holdout,
        twins=twins,
        floor=baselines.permuted_columns(real, n, stream(seed, "evaluate.floor")),
        memoriser=baselines.bootstrap(real, n, stream(seed, "evaluate.memoriser")),
        seed=seed,
    )


def shapes(t: Tables) -> Section:
    """Column shapes, missing shares and marginals.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``column_shapes``.
    """
    model, columns = column_shapes(t.real, t.synthetic)
    ceiling, ceilings = column_shapes(*t.twins)
    floor, memoriser = column_shapes(t.real, t.floor)[0], column_shapes(t.real, t.memoriser)[0]
    pairs = zip(t.real.columns[:MAX_MARGINALS], t.synthetic.columns, strict=False)
    details = {
        "columns": columns,
        "column_ceilings": {c.name: c.score.value for c in ceilings},
        "marginals": tuple(marginal(a, b) for a, b in pairs),
    }
    return Section(
        {"column_shapes": make_score("column_shapes", model, (ceiling, floor, memoriser))}, details
    )


def trends(t: Tables) -> Section:
    """Pair trends.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``pair_trends``.
    """
    chosen = paired_columns(len(t.real.columns), stream(t.seed, "evaluate.pairs"))
    model, pairs = pair_trends(t.real, t.synthetic, chosen)
    others = [pair_trends(a, b, chosen)[0] for a, b in (t.twins, (t.real, t.floor), (t.real, t.memoriser))]
    return Section({"pair_trends": make_score("pair_trends", model, others)}, {"pairs": pairs})


def detectability(t: Tables) -> Section:
    """The classifier two-sample test.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``c2st_auc``.
    """
    model = c2st(t.synthetic, t.reference, t.seed, importances=True)
    others = [
        c2st(a, b, t.seed).auc for a, b in (t.twins, (t.floor, t.reference), (t.memoriser, t.reference))
    ]
    score = make_score("c2st_auc", model.auc, others, _detection_caution(t, model.auc))
    return Section({"c2st_auc": score}, {"detection": model})


def _detection_caution(t: Tables, auc: Estimate) -> str:
    cautions = []
    if t.holdout is None:
        cautions.append(
            "Compared with the rows that the synthetic table was made from, not with held-out rows: "
            "a copy of the real rows looks perfect here."
        )
    if auc.high is not None and auc.high < 0.5:
        cautions.append(
            "Below 0.5 is not better than 0.5: the same or nearly the same rows stand in both tables, "
            "so that a row learnt under one label comes back under the other."
        )
    return " ".join(cautions)


def nearest_records(t: Tables) -> Section:
    """Nearest-record distances and copies.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``nearest_record_*``.
    """
    distances = {
        "synthetic": nearest_distances(t.synthetic, t.real, t.seed),
        "ceiling": nearest_distances(t.holdout or t.real, t.real, t.seed, itself=t.holdout is None),
        "floor": nearest_distances(t.floor, t.real, t.seed),
        "memoriser": nearest_distances(t.memoriser, t.real, t.seed),
    }
    copied = [
        copies(t.synthetic, t.real),
        copies(t.holdout or t.real, t.real, itself=t.holdout is None),
        copies(t.floor, t.real),
        copies(t.memoriser, t.real),
    ]
    near, *others = (d.median for d in distances.values())
    scores = {
        "nearest_record_distance": make_score("nearest_record_distance", near, others),
        "nearest_record_copies": make_score("nearest_record_copies", copied[0], copied[1:]),
    }
    if t.holdout is None:
        caution = "Not available: it needs held-out rows."
        scores["nearest_record_real_share"] = make_score(
            "nearest_record_real_share", Estimate(None), caution=caution
        )
    else:
        scores["nearest_record_real_share"] = _real_share(t, t.holdout)
    return Section(scores, {"distances": distances})


def _real_share(t: Tables, holdout: CodedTable) -> Score:
    shares = [share_closer_to_real(x, t.real, holdout, t.seed) for x in (t.synthetic, t.floor, t.memoriser)]
    return make_score("nearest_record_real_share", shares[0], (Estimate(0.5), *shares[1:]))


def usefulness(t: Tables, task: Task) -> Section:
    """Utility for one target.

    Parameters
    ----------
    t : Tables
        What is compared.
    task : Task
        What to predict.

    Returns
    -------
    Section
        ``utility_*``.
    """
    train, test = t.real, t.holdout
    if test is None:
        train, test = baselines.split(t.real, 0.8, stream(t.seed, "evaluate.utility"))
    # more rows teach more: the ceiling shall differ in the kind of its rows, not in their number
    train = baselines.subsample(train, t.synthetic.n_rows, stream(t.seed, "evaluate.utility.ceiling"))
    model, ceiling, floor, memoriser = (
        utility(x, test, task, t.seed) for x in (t.synthetic, train, t.floor, t.memoriser)
    )
    name = f"utility_{task.metric}"
    score = make_score(name, model, (ceiling, floor, memoriser), _utility_caution(t, task))
    return Section({name: score}, {})


def _utility_caution(t: Tables, task: Task) -> str:
    cautions = []
    if t.holdout is None:
        cautions.append(
            "Tested on a fifth of the real rows, which the synthetic table was made from too: "
            "it is flattered, the ceiling (trained on the other rows) is not."
        )
    tables = {"held-out": t.holdout, "synthetic": t.synthetic}
    unknown = {which: n_unknown(table, task) for which, table in tables.items() if table is not None}
    cautions += [
        f"{n:,} {which} rows are left out: their class is not among those of the real rows."
        for which, n in unknown.items()
        if n
    ]
    return " ".join(cautions)
