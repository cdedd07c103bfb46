"""What a reader must know to trust the figures of a report."""

from __future__ import annotations

from synthgen.metrics import dependence, detection
from synthgen.metrics.significance import ALPHA
from synthgen.metrics.utility import Task
from synthgen.reports.report import Report
from synthgen.reports.tables import MAX_BASELINE_COLUMNS, MAX_ROWS, equal_rows

_ALWAYS = (
    "Intervals are 95% and speak of the rows drawn: they do not cover training the synthesizer anew.",
    f"What the report calls wrong or given away is beyond chance: about fresh real rows it says anything of the kind "
    f"in at most {ALPHA:.0%} of reports.",
)


def notes(report: Report, task: Task | None) -> tuple[str, ...]:
    """The notes of a report.

    Parameters
    ----------
    report : Report
        With all its figures.
    task : Task or None
        What was predicted.

    Returns
    -------
    tuple of str
        Sentences, the most important first.
    """
    holdout = _with_holdout(report) if report.has_holdout else [_without_holdout()]
    coverage = () if report.coverage is None else report.coverage.words[1:]
    return (
        *holdout,
        *coverage,
        *_ALWAYS,
        *_rows(report),
        *_columns(report),
        *_genomic(report),
        *_predicted(task),
    )


def _without_holdout() -> str:
    return (
        "NO HELD-OUT ROWS were given. Ceilings come from two random halves of the real rows; detection and utility "
        "use rows that the synthesizer may have been trained on, so that a copy of the real rows would look "
        "perfect; no attack could be run. Hold rows out before training to get figures that can be trusted."
    )


def _with_holdout(report: Report) -> list[str]:
    n_synthetic, n_holdout = report.n_rows["synthetic"], report.n_rows["holdout"]
    n = equal_rows(min(n_synthetic, MAX_ROWS), n_holdout)
    if n < n_synthetic:
        return [
            f"Scores are of {n:,} random synthetic rows, as many as there are held-out ones, so that the ceiling is "
            "fair; faults are sought in all of them."
        ]
    return []


def _rows(report: Report) -> list[str]:
    out = []
    if max(report.n_rows.values()) > MAX_ROWS:
        out.append(
            f"Of each table at most {MAX_ROWS:,} random rows were compared; exact copies were sought among all."
        )
    if report.detection is not None:
        out.append(
            f"Detection used {report.detection.n_rows:,} rows of each table and {detection.N_FOLDS} folds; every AUC "
            "is of rows that the trees were not fitted to."
        )
    if report.membership:
        found = report.membership["synthetic"]
        out.append(
            f"Membership inference was tried on {found.n_members:,} real and {found.n_nonmembers:,} held-out rows, with "
            f"{found.n_reference:,} other held-out rows as the adversary's knowledge of the population."
        )
    return out


def _columns(report: Report) -> list[str]:
    n, out = report.n_columns, []
    if report.detection is not None and report.detection.n_columns < n:
        out.append(f"Detection used {report.detection.n_columns:,} columns of {n:,}, chosen at random.")
    if report.pairs and n > dependence.MAX_COLUMNS:
        out.append(f"Pair trends cover {dependence.MAX_COLUMNS:,} columns of {n:,}, chosen at random.")
    if report.columns and n > MAX_BASELINE_COLUMNS:
        out.append(
            f"Every column was compared; ceiling, floor and memoriser of the column shapes are of {MAX_BASELINE_COLUMNS:,} "
            "columns chosen at random."
        )
    if report.triples is not None and report.triples.n_triples < report.triples.n_possible:
        out.append(
            f"Three-way margins cover {report.triples.n_triples:,} of {report.triples.n_possible:,} triples of columns, "
            "chosen at random."
        )
    return out


def _genomic(report: Report) -> list[str]:
    out = []
    if report.expression is not None:
        genes = report.expression
        out.append(
            f"{genes.n_genes:,} columns were read as genes ({genes.family}); gene-gene correlations are of "
            f"{genes.n_correlated:,} of them. Figures of genes raise no verdicts."
        )
    if report.genotypes is not None:
        variants = report.genotypes
        out.append(
            f"{variants.n_variants:,} columns were read as variants ({variants.family}); linkage disequilibrium is of "
            f"{variants.n_linked:,} of them. Figures of variants raise no verdicts."
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
