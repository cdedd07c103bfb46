"""Which parts an evaluation has, in which order, and what runs them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from synthgen.engines.engine import Engine
from synthgen.metrics.utility import Task
from synthgen.metrics.value_block import MIN_COLUMNS, ValueBlock
from synthgen.reports import fidelity, privacy, usefulness
from synthgen.reports.expression import expression
from synthgen.reports.genotypes import genotypes
from synthgen.reports.report import LeftOut
from synthgen.reports.section import Section
from synthgen.reports.tables import Tables


@dataclass(frozen=True, eq=False)
class Part:
    """One part of an evaluation.

    Parameters
    ----------
    label : str
        For the progress bar.
    run : callable
        Measures it.
    needs_target : bool
        Whether there must be something to predict.
    block : {"genes", "variants"} or None
        What the table must hold a block of.
    """

    label: str
    run: Callable[[Tables, Task | None], Section]
    needs_target: bool = False
    block: str | None = None


PARTS: dict[str, Part] = {
    "columns": Part("columns", lambda t, _: fidelity.columns(t)),
    "pairs": Part("pairs", lambda t, _: fidelity.pairs(t)),
    "nearest": Part("nearest records", lambda t, _: privacy.nearest_records(t)),
    "detection": Part("detection", lambda t, _: fidelity.detection(t)),
    "utility": Part("utility", usefulness.usefulness, needs_target=True),
    "membership": Part("membership inference", lambda t, _: privacy.memberships(t)),
    "expression": Part("gene expression", expression, block="genes"),
    "genotypes": Part("genotypes", genotypes, block="variants"),
    "relations": Part("exact relations", lambda t, _: fidelity.relations(t)),
    "collapse": Part("mode collapse", lambda t, _: fidelity.collapse(t)),
    "disclosure": Part("disclosure", privacy.disclosures),
    "linear_detection": Part("linear detection", lambda t, _: fidelity.linear_detection(t)),
    "triples": Part("three-way margins", lambda t, _: fidelity.triples(t)),
    "support": Part("density and coverage", lambda t, _: fidelity.support(t)),
    "mmd": Part("discrepancy", lambda t, _: fidelity.discrepancy(t)),
    "rare": Part("rare combinations", lambda t, _: privacy.rare(t)),
}
"""By the name that `evaluate` takes in `metrics`; what matters most comes first, in case the time runs out."""


def chosen(
    metrics: str | Sequence[str], has_target: bool, is_testable: bool = True
) -> tuple[list[str], list[LeftOut]]:
    """The parts to run, and those asked for that cannot be.

    Parameters
    ----------
    metrics : "auto" or sequence of str
        Keys of `PARTS`; ``"auto"`` is all.
    has_target : bool
        Whether there is something to predict.
    is_testable : bool
        Whether the held-out rows have more than one value of it.

    Returns
    -------
    (names, skipped) : (list of str, list of LeftOut)
        In the order of `PARTS`.
    """
    wanted = [name for name in PARTS if metrics == "auto" or name in metrics]
    possible = [name for name in wanted if (has_target and is_testable) or not PARTS[name].needs_target]
    reason = (
        "the held-out rows have fewer than two known values of the target"
        if has_target
        else "no target was given"
    )
    skipped = [LeftOut(name, reason) for name in wanted if name not in possible]
    return possible, skipped


def fitting(
    names: Sequence[str], block: ValueBlock | None, metrics: str | Sequence[str], n_numbers: int = 0
) -> tuple[list[str], list[LeftOut]]:
    """The parts that a table has the columns for.

    Parameters
    ----------
    names : sequence of str
        Keys of `PARTS`.
    block : ValueBlock or None
        Of the real table.
    metrics : "auto" or sequence of str
        What was asked for: a part that nobody named is not missed, unless the table has the numbers for it.
    n_numbers : int
        Columns of numbers that the table has.

    Returns
    -------
    (names, skipped) : (list of str, list of LeftOut)
        In the order given.
    """
    held = None if block is None else "variants" if block.is_genotypes else "genes"
    kept = [name for name in names if PARTS[name].block in (None, held)]
    lacking = [name for name in names if name not in kept]
    if block is None and n_numbers >= MIN_COLUMNS:
        reason = (
            f"of {n_numbers:,} columns of numbers too few are of one kind (0/1/2, whole numbers of at least 0, or any "
            "numbers) for genes or variants"
        )
        return kept, [LeftOut(name, reason) for name in lacking]
    asked = lacking if metrics != "auto" else []
    return kept, [
        LeftOut(name, f"the table holds no block of {MIN_COLUMNS} {PARTS[name].block} or more")
        for name in asked
    ]


def run(
    tables: Tables,
    task: Task | None,
    names: Sequence[str],
    budget: float | None,
    verbose: int,
    engine: Engine | None = None,
) -> tuple[list[Section], list[LeftOut]]:
    """Run parts of the evaluation, one after the other, or as tasks of a cluster.

    Parameters
    ----------
    tables : Tables
        What is compared.
    task : Task or None
        What is predicted.
    names : sequence of str
        Keys of `PARTS`.
    budget : float or None
        Seconds after which no further part is begun.
    verbose : int
        1 shows a progress bar, on a terminal.
    engine : Engine, optional
        Of another name than "local": runs each part as a task of its own; there is no budget then.

    Returns
    -------
    (sections, skipped) : (list of Section, list of LeftOut)
        What was found, and what there was no time for. The first part is always run.
    """
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    start = time.monotonic()
    found: list[Section] = []
    skipped: list[LeftOut] = []
    # two threads on a busy pair of cores are ten times slower than one (spinning at barriers), and no faster idle;
    # disable=None shows the bar on a terminal only
    hidden = None if verbose else True
    if engine is not None and engine.name != "local":
        with tqdm(total=len(names), desc="evaluate", disable=hidden) as bar:
            done = engine.map(partial(_run_part, tables, task), names, progress=lambda *_: bar.update())
            by_number = dict(done)
        return [by_number[i] for i in range(len(names))], []
    with threadpool_limits(limits=1), tqdm(total=len(names), desc="evaluate", disable=hidden) as bar:
        for name in names:
            if found and budget is not None and time.monotonic() - start > budget:
                skipped.append(LeftOut(name, f"the budget of {budget:g} seconds was spent"))
            else:
                bar.set_postfix_str(PARTS[name].label)
                found.append(PARTS[name].run(tables, task))
            bar.update()
    return found, skipped


def _run_part(tables: Tables, task: Task | None, name: str) -> Section:
    """One part, in whichever process."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return PARTS[name].run(tables, task)
