"""What a reader must know to trust the figures of a report."""

from __future__ import annotations

from collections.abc import Mapping

from synthgen.metrics import dependence, detection
from synthgen.metrics.detection import Detection
from synthgen.metrics.utility import Task
from synthgen.reports.scores import Score

_ALWAYS = (
    "Intervals are 95% and speak of the rows drawn: they do not cover training the synthesizer anew.",
    "Nearest-record figures are smoke tests. A table can pass them all and still give away who was in the real "
    "table; nothing here is evidence of privacy.",
)
_OVERLAP = 0.05


def notes(
    n_rows: Mapping[str, int],
    n_columns: int,
    scores: Mapping[str, Score],
    found: Detection,
    task: Task | None,
) -> tuple[str, ...]:
    """The notes of a report.

    Parameters
    ----------
    n_rows : mapping of str to int
        Of ``real``, ``synthetic`` and, if there is one, ``holdout``.
    n_columns : int
        Columns compared.
    scores : mapping of str to Score
        All of them.
    found : Detection
        The test of the synthetic table.
    task : Task or None
        What was predicted.

    Returns
    -------
    tuple of str
        Sentences, the most important first.
    """
    holdout = [_without_holdout()] if "holdout" not in n_rows else _with_holdout(n_rows, scores)
    return (*holdout, *_ALWAYS, *_sizes(n_columns, found), *_predicted(task))


def _without_holdout() -> str:
    return (
        "NO HELD-OUT ROWS were given. Ceilings come from two random halves of the real rows; detection compares "
        "with rows that the synthesizer may have been trained on, so that a copy of the real rows would look "
        "perfect. Hold rows out before training to get figures that can be trusted."
    )


def _with_holdout(n_rows: Mapping[str, int], scores: Mapping[str, Score]) -> list[str]:
    out = []
    ceiling = scores["nearest_record_copies"].ceiling
    if ceiling is not None and ceiling.value is not None and ceiling.value > _OVERLAP:
        out.append(
            f"{ceiling.value:.0%} of the held-out rows equal a real row in every compared column. If the two tables "
            "share rows, nothing was held out and the ceilings mean nothing; if rows repeat by chance, all is well."
        )
    if n_rows["holdout"] < n_rows["synthetic"]:
        out.append(
            f"The ceilings of column shapes and pair trends are taken with {n_rows['holdout']:,} held-out rows, "
            f"fewer than the {n_rows['synthetic']:,} synthetic ones: smaller tables differ more by chance, so that "
            "a good synthetic table can come out above its ceiling."
        )
    return out


def _sizes(n_columns: int, found: Detection) -> list[str]:
    out = [
        f"Detection used {found.n_rows:,} rows of each table and {detection.N_FOLDS} folds; every AUC is of rows "
        "that the trees were not fitted to."
    ]
    if found.n_columns < n_columns:
        out.append(f"Detection used {found.n_columns:,} columns of {n_columns:,}, chosen at random.")
    if n_columns > dependence.MAX_COLUMNS:
        out.append(
            f"Pair trends cover {dependence.MAX_COLUMNS:,} columns of {n_columns:,}, chosen at random."
        )
    return out


def _predicted(task: Task | None) -> list[str]:
    if task is None:
        return ["No target was given: utility was not measured."]
    words = {
        "binary": "classes (two)",
        "multiclass": "classes (several; the AUC is the mean of one against the rest)",
        "regression": "a number",
    }
    return [f"Utility: {task.target!r} was predicted as {words[task.kind]} by gradient-boosted trees."]
