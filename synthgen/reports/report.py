"""The report: frozen data first, a page after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synthgen.metrics.columns import ColumnCheck
from synthgen.metrics.dependence import PairTrend
from synthgen.metrics.detection import Detection
from synthgen.metrics.expression_facts import Expression
from synthgen.metrics.genotype_facts import Genotypes
from synthgen.metrics.histograms import Marginal
from synthgen.metrics.importances import ImportanceAgreement
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.marginals import ColumnShape
from synthgen.metrics.membership import Membership
from synthgen.metrics.mmd import Mmd
from synthgen.metrics.pair_tests import PairTest
from synthgen.metrics.profile import ColumnProfile
from synthgen.metrics.rare import Rare
from synthgen.metrics.regions import Regions
from synthgen.metrics.relations import KeptRelation
from synthgen.metrics.reused import ReusedValues
from synthgen.metrics.risk import Risk
from synthgen.metrics.support import Distances
from synthgen.metrics.three_way import ThreeWay
from synthgen.reports.coverage import Coverage
from synthgen.reports.document import Document
from synthgen.reports.scores import Score
from synthgen.reports.verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FORMAT_VERSION = 3
NOT_MEASURED = Estimate(None)


@dataclass(frozen=True)
class LeftOut:
    """A column that was not compared.

    Parameters
    ----------
    name, reason : str
        Which, and why.
    """

    name: str
    reason: str


@dataclass(frozen=True, repr=False)
class Report(Document):
    """How a synthetic table compares with the real one. Made by `synthgen.evaluate`; plain data throughout.

    Parameters
    ----------
    format_version : int
        Of the JSON form.
    synthgen_version : str
        That made the report.
    libraries : dict of str to str
        Versions of the libraries that the figures depend on.
    seed : int
        Repeats the report on the same tables.
    n_rows : dict of str to int
        Of ``real``, ``synthetic`` and, if given, ``holdout``.
    n_columns : int
        Columns compared.
    has_holdout : bool
        Whether figures are against rows that the synthesizer has not seen.
    target : str or None
        The column that utility predicts.
    scores : dict of str to Score
        By flat name, as `synthgen.reports.wordings.WORDINGS` lists them.
    verdicts : tuple of Verdict
        What is good, what is wrong and what is given away, in sentences; the worst first.
    left_out : tuple of LeftOut
        Columns that were not compared.
    skipped : tuple of LeftOut
        Parts of the evaluation that were not run, and why.
    notes : tuple of str
        What a reader must know to trust the figures.
    coverage : Coverage or None
        Of tables in files: which figures are of all rows, and which of a sample. None: tables were in memory.
    columns : tuple of ColumnShape
        In table order; of a wide table the worst.
    column_ceilings : dict of str to (float or None)
        By column: the shape score of rows of the same source. Of a wide table, for a random choice.
    column_checks : tuple of ColumnCheck
        Of the same columns, and of every one with a fault.
    n_column_tests : int
        Tests made on all columns together.
    holdout_differs : tuple of str
        Columns in which the held-out rows differ from the real ones by more than chance.
    profile : ColumnProfile or None
        Of a wide table: every numeric column as a point.
    marginals : tuple of Marginal
        Of the first columns, for figures; of a wide table, of the worst.
    pairs : tuple of PairTrend
        Every pair compared.
    pair_tests : tuple of PairTest
        The same pairs.
    triples : ThreeWay or None
        The three-way margins.
    relations : tuple of KeptRelation
        Exact relations of the real table, and whether they hold.
    detection, linear_detection : Detection or None
        The classifier two-sample tests of the synthetic table.
    mmd : Mmd or None
        The maximum mean discrepancy and its permutation test.
    regions : Regions or None
        Regions of the real table that the synthetic one has lost or inflated.
    importances : ImportanceAgreement or None
        What trees rely on, trained on real and on synthetic rows.
    augmentation_gain : Estimate
        What the synthetic rows add to the utility of the real ones: a paired difference on the same test rows.
    utility_fit_sd : float or None
        Standard deviation of the utility of real rows over other rows to learn from, estimated from halves.
    holdout_overlap, real_repeats : Estimate
        Shares of held-out rows that equal a real row, and of real rows that equal another one.
    reused : tuple of ReusedValues
        Of columns whose values stand for single rows: how many synthetic values are real ones.
    distances : dict of str to Distances
        To the nearest real row: of ``synthetic``, ``ceiling``, ``floor`` and ``memoriser`` rows.
    rare : Rare or None
        Rare combinations.
    membership : dict of str to Membership
        The attacks on ``synthetic`` and on its controls ``ceiling``, ``floor`` and ``memoriser``.
    disclosure : dict of str to Risk
        ``singling_out``, ``linkability`` and ``inference``.
    expression : Expression or None
        Genes, of a table that holds a block of them.
    genotypes : Genotypes or None
        Variants, likewise.
    """

    format_version: int
    synthgen_version: str
    libraries: dict[str, str]
    seed: int
    n_rows: dict[str, int]
    n_columns: int
    has_holdout: bool
    target: str | None
    scores: dict[str, Score]
    verdicts: tuple[Verdict, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    skipped: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    coverage: Coverage | None = None
    columns: tuple[ColumnShape, ...] = ()
    column_ceilings: dict[str, float | None] = field(default_factory=dict)
    column_checks: tuple[ColumnCheck, ...] = ()
    n_column_tests: int = 0
    holdout_differs: tuple[str, ...] = ()
    profile: ColumnProfile | None = None
    marginals: tuple[Marginal, ...] = ()
    pairs: tuple[PairTrend, ...] = ()
    pair_tests: tuple[PairTest, ...] = ()
    triples: ThreeWay | None = None
    relations: tuple[KeptRelation, ...] = ()
    detection: Detection | None = None
    linear_detection: Detection | None = None
    mmd: Mmd | None = None
    regions: Regions | None = None
    importances: ImportanceAgreement | None = None
    augmentation_gain: Estimate = NOT_MEASURED
    utility_fit_sd: float | None = None
    holdout_overlap: Estimate = NOT_MEASURED
    real_repeats: Estimate = NOT_MEASURED
    reused: tuple[ReusedValues, ...] = ()
    distances: dict[str, Distances] = field(default_factory=dict)
    rare: Rare | None = None
    membership: dict[str, Membership] = field(default_factory=dict)
    disclosure: dict[str, Risk] = field(default_factory=dict)
    expression: Expression | None = None
    genotypes: Genotypes | None = None

    _called = "report"
    _newest_format = FORMAT_VERSION

    def __repr__(self) -> str:
        kinds = ", ".join(
            f"{sum(v.kind == k for v in self.verdicts)} {k}" for k in ("leak", "wrong", "unknown", "good")
        )
        return f"<Report: {self.n_columns:,} columns, {len(self.scores)} scores; verdicts: {kinds}>"

    def to_frame(self) -> pd.DataFrame:
        """The scores as a table.

        Returns
        -------
        pandas.DataFrame
            A row a score, by its name: value, interval, position, and each baseline with its interval.
        """
        from synthgen.reports.frame import scores_frame

        return scores_frame(self.scores)

    def figures(self) -> dict[str, go.Figure]:
        """The figures of the page, for a notebook or a file of one's own.

        Returns
        -------
        dict of str to plotly.graph_objects.Figure
            By name; marginals as ``marginal: <column>``.
        """
        from synthgen.reports.figures import all_figures

        return all_figures(self.to_dict())

    def to_html(self) -> str:
        """As one page that needs no network and no other file.

        Returns
        -------
        str
            HTML.
        """
        from synthgen.reports.render import page

        return page(self.to_dict())

    def summary(self) -> str:
        """As a short text for the terminal.

        Returns
        -------
        str
            A line a score: its value with the 95% interval, ceiling, floor and memoriser. Then the notes.
        """
        from synthgen.reports.text import summary

        return summary(self.to_dict())
