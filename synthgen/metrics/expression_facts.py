"""What a report keeps about gene expression besides its scores."""

from __future__ import annotations

from dataclasses import dataclass

from synthgen.metrics.pca_overlay import PcaOverlay

N_DRAWN = 400
"""Genes whose fold changes are drawn, at most: those that differ most in the reference."""


@dataclass(frozen=True)
class FoldChanges:
    """Differential expression between two classes, in the reference and in the tables compared with it.

    Parameters
    ----------
    first, second : str
        The classes in words.
    n_first, n_second, n_passing : dict of str to int
        By table: rows of each class, and genes that pass at a false discovery rate of 5%.
    n_top : int
        Genes that are called most different.
    names : tuple of str
        The genes drawn.
    reference, synthetic : tuple of float
        Their fold changes: means in the first class less means in the second.
    """

    first: str
    second: str
    n_first: dict[str, int]
    n_second: dict[str, int]
    n_passing: dict[str, int]
    n_top: int
    names: tuple[str, ...]
    reference: tuple[float, ...]
    synthetic: tuple[float, ...]


@dataclass(frozen=True)
class Expression:
    """Gene expression.

    Parameters
    ----------
    family : {"counts", "continuous"}
        Of the values.
    scale : str
        On which they are compared; see `synthgen.metrics.expression_scale.ExpressionScale`.
    n_genes, n_correlated : int
        Genes, and those whose correlations are compared.
    n_rows : int
        Rows of each table compared, and of the reference.
    libraries, detected : dict of str to tuple of float
        By table: the 5%, 10%, ..., 95% quantiles of row totals, and of genes above 0; empty unless counts.
    fold_changes : FoldChanges or None
        None without two classes of rows enough.
    no_classes : str
        Why there are none; else empty.
    overlay : PcaOverlay or None
        Rows on the principal axes of the real ones.
    """

    family: str
    scale: str
    n_genes: int
    n_correlated: int
    n_rows: int
    libraries: dict[str, tuple[float, ...]]
    detected: dict[str, tuple[float, ...]]
    fold_changes: FoldChanges | None
    no_classes: str
    overlay: PcaOverlay | None
