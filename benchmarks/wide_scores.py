"""What wide synthetic rows are worth: scores against fresh rows, and against the rows that were learnt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import balanced_accuracy_score

from synthgen.metrics.detection import cross_fitted_auc, folds
from synthgen.metrics.intervals import auc_interval, auc_with_variance
from synthgen.metrics.linear_detection import linear_c2st
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.wide_attacks import linear_score, mean_score, row_products, span_score
from synthgen.rng import stream

N_TREES = 100
MAX_CORRELATED = 1_000
LEAST_DETECTED = 0.2
"""Share of fresh rows in which a gene must not be 0, for its correlations to count."""
MOST_ATTACKED = 1_000
_BLOCK = 2_000


def common_scale(matrices: list[np.ndarray], kind: str) -> list[np.ndarray]:
    """float32 on the scale that people look at: log of counts per library, or as it is.

    Counts are over their row's sum, times the median sum of the first matrix, plus 1.
    """
    if kind != "counts":
        return [np.asarray(m, dtype=np.float32) for m in matrices]
    library = float(np.median(matrices[0].sum(axis=1, dtype=np.float64)))
    out = []
    for m in matrices:
        totals = np.maximum(m.sum(axis=1, dtype=np.float64), 1.0)
        out.append(np.log1p(np.asarray(m, dtype=np.float32) * (library / totals)[:, None].astype(np.float32)))
    return out


def scores(
    train: np.ndarray, synthetic: np.ndarray, fresh: np.ndarray, kind: str, seed: int
) -> dict[str, object]:
    """Fidelity to fresh rows and what is given away about the training rows.

    Parameters
    ----------
    train, synthetic, fresh : ndarray, shapes (N, p), (M, p), (H, p)
        Values of the block, NaN for missing. The first 60% of `fresh` are what the synthetic rows are compared
        with, and the non-members; the others are the attacker's reference.
    kind : {"counts", "dosages", "values"}
        Scale, and which scores there are.
    seed : int
        For folds, trees and the choice of columns.
    """
    cut = int(0.6 * len(fresh))
    n = min(len(synthetic), cut)
    judged, reference, learnt, made = (
        common_scale([fresh, m], kind)[1] for m in (fresh[:cut], fresh[cut:], train, synthetic)
    )
    # a classifier sees the library sizes too
    seen, real = (
        np.log1p(m.astype(np.float32)) if kind == "counts" else m for m in (synthetic[:n], fresh[:n])
    )
    found: dict[str, object] = {
        "forest_c2st_auc": forest_c2st(seen, real, seed),
        "logistic_c2st_auc": logistic_c2st(seen, real, seed),
        **marginals(synthetic[:n], fresh[:cut], made[:n], judged, kind),
        **dependence(made[:n], judged, fresh[:cut], seed),
        **attacks(learnt, made, judged, reference, seed),
    }
    return found


def forest_c2st(synthetic: np.ndarray, fresh: np.ndarray, seed: int) -> dict[str, float | None]:
    """Cross-fitted AUC of a random forest: .5 if it cannot tell the tables apart."""
    n = min(len(synthetic), len(fresh))
    matrix = np.nan_to_num(np.concatenate([synthetic[:n], fresh[:n]]), nan=-1.0)
    labels = np.repeat([1, 0], n)
    draw = stream(seed, "benchmark.forest")
    splits = folds(labels, draw, 1)
    found = []
    for fit, test in splits:
        forest = RandomForestClassifier(
            N_TREES, min_samples_leaf=2, random_state=int(draw.integers(2**31)), n_jobs=1
        )
        found.append(forest.fit(matrix[fit], labels[fit]).predict_proba(matrix[test])[:, 1])
    return vars(cross_fitted_auc(found, splits, labels))


def logistic_c2st(synthetic: np.ndarray, fresh: np.ndarray, seed: int) -> dict[str, float | None]:
    """The project's linear test on the same rows."""
    return vars(linear_c2st(_coded(synthetic), _coded(fresh), seed).auc)


def marginals(
    raw: np.ndarray, raw_fresh: np.ndarray, made: np.ndarray, fresh: np.ndarray, kind: str
) -> dict[str, object]:
    """Means, spreads, zeros, missing shares and row sums, column by column against fresh rows."""
    means, spreads, holes = moments(made)
    real_means, real_spreads, real_holes = moments(fresh)
    seen = np.isfinite(means) & np.isfinite(real_means)
    varies = seen & (real_spreads > 0)
    found: dict[str, object] = {
        "mean_r": correlation(means[seen], real_means[seen]),
        "sd_ratio": float(np.median(spreads[varies] / real_spreads[varies])),
        "missing_share": float(holes.mean()),
        "missing_share_real": float(real_holes.mean()),
        "missing_r": correlation(holes, real_holes) if real_holes.any() else None,
    }
    if kind == "counts":
        found["zero_share"] = float((raw == 0).mean())
        found["zero_share_real"] = float((raw_fresh == 0).mean())
        found["zero_share_r"] = correlation((raw == 0).mean(axis=0), (raw_fresh == 0).mean(axis=0))
        sums, real_sums = (np.log(np.maximum(m.sum(axis=1, dtype=np.float64), 1)) for m in (raw, raw_fresh))
        found["log_library"] = {"mean": float(sums.mean()), "sd": float(sums.std())}
        found["log_library_real"] = {"mean": float(real_sums.mean()), "sd": float(real_sums.std())}
        found["library_ks"] = kolmogorov_smirnov(sums, real_sums)
    return found


def dependence(made: np.ndarray, fresh: np.ndarray, raw_fresh: np.ndarray, seed: int) -> dict[str, float]:
    """Correlations of columns against those of fresh rows, and how many directions the rows spread over."""
    often = np.flatnonzero((np.nan_to_num(raw_fresh) != 0).mean(axis=0) >= LEAST_DETECTED)
    draw = stream(seed, "benchmark.columns")
    some = np.sort(draw.choice(often, min(MAX_CORRELATED, len(often)), replace=False))
    upper = np.triu_indices(len(some), 1)
    ours, theirs = (_correlations(m[:, some])[upper] for m in (made, fresh))
    return {
        "correlation_r": correlation(ours, theirs),
        "correlation_size_ratio": float(np.sqrt((ours**2).mean() / (theirs**2).mean())),
        "participation_ratio": participation_ratio(made[:, often]),
        "participation_ratio_real": participation_ratio(fresh[: len(made)][:, often]),
    }


def attacks(
    train: np.ndarray, synthetic: np.ndarray, others: np.ndarray, reference: np.ndarray, seed: int
) -> dict[str, object]:
    """AUC of the membership attacks on rows of more columns than rows."""
    draw = stream(seed, "benchmark.attacks")
    n = min(len(train), len(others))
    members = train[np.sort(draw.choice(len(train), n, replace=False))]
    candidates = np.concatenate([members, others[:n]])
    products = row_products(_blocks(candidates, synthetic[:MOST_ATTACKED], reference[:MOST_ATTACKED]))
    by_attack = {
        "span_auc": span_score(products),
        "mean_score_auc": mean_score(products),
        "linear_auc": linear_score(products),
    }
    return {name: None if s is None else _auc(s[:n], s[n:]) for name, s in by_attack.items()}


def class_scores(
    fit: tuple[np.ndarray, np.ndarray],
    train: tuple[np.ndarray, np.ndarray],
    fresh: tuple[np.ndarray, np.ndarray],
) -> dict[str, float]:
    """What a linear classifier of a covariate learns from synthetic rows, tried on fresh ones.

    Each pair holds values on the common scale and labels. `class_effect_r` compares the differences of means between
    the two most frequent classes, gene by gene, with those of fresh rows.
    """
    first, second = pd.Series(fresh[1]).value_counts().index[:2]
    effects = [_difference(values, labels, first, second) for values, labels in (fit, fresh)]
    return {
        "class_accuracy": _accuracy(fit, fresh),
        "class_accuracy_of_training_rows": _accuracy(train, fresh),
        "class_effect_r": correlation(*effects),
        "class_effect_slope": float(np.polyfit(effects[1], effects[0], 1)[0]),
    }


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r; 0 where one of them does not vary."""
    a, b = (np.asarray(x, dtype=np.float64) - np.mean(x, dtype=np.float64) for x in (a, b))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


def participation_ratio(values: np.ndarray) -> float:
    """``(sum l)^2 / sum l^2`` of the eigenvalues of the columns' correlation matrix, by the rows' Gram matrix."""
    gram = np.zeros((len(values), len(values)))
    for start in range(0, values.shape[1], _BLOCK):
        part = _standardised(values[:, start : start + _BLOCK])
        gram += part @ part.T
    roots = np.linalg.eigvalsh(gram)
    return float(roots.sum() ** 2 / (roots**2).sum())


def kolmogorov_smirnov(a: np.ndarray, b: np.ndarray) -> float:
    """Largest distance of the two distribution functions."""
    grid = np.sort(np.concatenate([a, b]))
    shares = [np.searchsorted(np.sort(x), grid, side="right") / len(x) for x in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())


def _auc(members: np.ndarray, others: np.ndarray) -> dict[str, float | None]:
    auc, variance = auc_with_variance(members, others)
    return vars(auc_interval(auc, variance, len(members)))


def _accuracy(fit: tuple[np.ndarray, np.ndarray], fresh: tuple[np.ndarray, np.ndarray]) -> float:
    if len(set(fit[1])) < 2:
        return 1.0 / len(set(fresh[1]))  # always the same answer
    spread = fit[0].std(axis=0)
    use = spread > 0
    centre, scale = fit[0][:, use].mean(axis=0), spread[use] * np.sqrt(use.sum())
    model = RidgeClassifier(0.1, class_weight="balanced").fit((fit[0][:, use] - centre) / scale, fit[1])
    return float(balanced_accuracy_score(fresh[1], model.predict((fresh[0][:, use] - centre) / scale)))


def _difference(values: np.ndarray, labels: np.ndarray, first: object, second: object) -> np.ndarray:
    if not ((labels == first).any() and (labels == second).any()):
        return np.zeros(values.shape[1])
    return values[labels == second].mean(axis=0) - values[labels == first].mean(axis=0)


def _coded(values: np.ndarray) -> CodedTable:
    columns = np.ascontiguousarray(values.T, dtype=np.float64)
    return CodedTable(
        tuple(CodedColumn(f"c{j}", "continuous", column) for j, column in enumerate(columns)), len(values)
    )


def _blocks(*matrices: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    for start in range(0, matrices[0].shape[1], _BLOCK):
        first, second, third = (m[:, start : start + _BLOCK].astype(np.float64) for m in matrices)
        yield first, second, third


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each column mean and standard deviation (NaN where all is missing), and the missing share."""
    parts = []
    for start in range(0, values.shape[1], _BLOCK):
        part = values[:, start : start + _BLOCK].astype(np.float64)
        known = ~np.isnan(part)
        n = np.where(known.any(axis=0), known.sum(axis=0), np.nan)
        means = np.where(known, part, 0.0).sum(axis=0) / n
        squares = np.where(known, part - means, 0.0) ** 2
        parts.append((means, np.sqrt(squares.sum(axis=0) / n), 1.0 - known.mean(axis=0)))
    means, spreads, missing = (np.concatenate(p) for p in zip(*parts, strict=True))
    return means, spreads, missing


def _standardised(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    n = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, values, 0.0).astype(np.float64)
    filled = np.where(known, filled - filled.sum(axis=0) / n, 0.0)
    spread = np.sqrt((filled**2).mean(axis=0))
    return np.asarray(filled / np.where(spread > 1e-9, spread, np.inf))


def _correlations(values: np.ndarray) -> np.ndarray:
    scaled = _standardised(values)
    return scaled.T @ scaled / len(scaled)
