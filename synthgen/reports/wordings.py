"""What each score is called, means, is held against, and where its formula comes from."""

from __future__ import annotations

from synthgen.reports.wording import Wording
from synthgen.reports.wordings_genomic import GENOMIC

_SMOKE = "A smoke test, not a measure of privacy."

WORDINGS = {
    "column_shapes": Wording(
        "Column shapes",
        "fidelity",
        "higher",
        "How alike each column's distribution is, on average (1 = the same). It sees one column at a time: "
        "columns drawn independently score as well.",
        "mean over columns of 1 − KS distance (numbers) or 1 − total variation distance (levels)",
        "SDMetrics, Column Shapes",
    ),
    "pair_trends": Wording(
        "Pair trends",
        "fidelity",
        "higher",
        "How alike the relations of two columns are, on average over all pairs (1 = the same).",
        "mean over pairs of 1 − |r − r'| / 2 (two numbers) or 1 − total variation distance of the joint shares; "
        "over all pairs, while SDMetrics' QualityReport leaves weak ones out",
        "SDMetrics, Column Pair Trends",
    ),
    "three_way_margins": Wording(
        "Three-way margins",
        "fidelity",
        "higher",
        "How alike the joint shares of three columns are, on average over triples (1 = the same).",
        "mean over triples of 1 − total variation distance of the joint shares; numbers cut at the real quintiles",
        "after MOSTLY AI's trivariate accuracy",
    ),
    "relations_kept": Wording(
        "Exact relations kept",
        "fidelity",
        "near the ceiling",
        "Share of rows that obey the exact relations found in the real table (one column determined by others, "
        "sums, products, orders), on average over the relations.",
        "rules and tolerances learnt from the real rows; Chatterjee's xi finds functions of one number",
        "S. Chatterjee, JASA 116 (2021)",
    ),
    "c2st_auc": Wording(
        "Detection by trees (C2ST)",
        "fidelity",
        "lower",
        "How often boosted trees, shown one synthetic and one real row, tell which is which "
        "(0.5 = a coin toss, 1 = always). The strictest of these scores.",
        "mean AUC over five cross-fitted folds of histogram gradient boosting",
        "D. Lopez-Paz, M. Oquab, ICLR 2017",
        needs_holdout=True,
    ),
    "c2st_logistic_auc": Wording(
        "Detection by a linear model",
        "fidelity",
        "lower",
        "The same with logistic regression, which sees only shifts of means and levels: "
        "independent columns pass it, so passing says little.",
        "mean AUC over five cross-fitted folds of L2 logistic regression",
        "D. Lopez-Paz, M. Oquab, ICLR 2017",
        needs_holdout=True,
    ),
    "density": Wording(
        "Density",
        "fidelity",
        "near the ceiling",
        "How densely real rows surround the synthetic ones (1 = as densely as each other). "
        "Above the ceiling: synthetic rows crowd into the middle.",
        "mean number of real rows' neighbourhoods (up to the 5th nearest real row) that hold a synthetic row, over 5",
        "M. F. Naeem et al., ICML 2020",
    ),
    "coverage": Wording(
        "Coverage",
        "fidelity",
        "higher",
        "Share of real rows that have a synthetic row among their five nearest neighbours: what is left out shows here.",
        "share of real rows whose distance to the 5th nearest real row holds a synthetic row",
        "M. F. Naeem et al., ICML 2020",
    ),
    "alpha_precision": Wording(
        "α-precision",
        "fidelity",
        "near the ceiling",
        "Whether the synthetic rows lie where the real ones do, shell by shell around the centre (1 = they do).",
        "1 − 2 ∫ |P(α) − α| dα, P(α) the share of synthetic rows in the smallest ball with a share α of real rows; "
        "on the columns themselves (the variant called naive)",
        "A. Alaa et al., ICML 2022",
    ),
    "beta_recall": Wording(
        "β-recall",
        "fidelity",
        "near the ceiling",
        "Whether the real rows are all represented near synthetic ones, shell by shell (1 = they are). "
        "A copy of the real rows exceeds the ceiling.",
        "1 − 2 ∫ |R(β) − β| dβ; on the columns themselves (the variant called naive)",
        "A. Alaa et al., ICML 2022",
    ),
    "mmd": Wording(
        "Maximum mean discrepancy",
        "fidelity",
        "lower",
        "A distance of whole distributions (0 = the same; slightly negative by chance). Printed, not judged.",
        "unbiased MMD², Gaussian kernel with the median distance as bandwidth; p-value by permutation",
        "A. Gretton et al., JMLR 13 (2012)",
    ),
    "region_occupancy": Wording(
        "Regions occupied",
        "fidelity",
        "higher",
        "How alike the shares of rows in the regions of the real table are (1 = the same): lost modes show here.",
        "1 − total variation distance of the shares in k-means regions of the real rows",
        "after E. Richardson, Y. Weiss, NeurIPS 2018",
    ),
    "duplicate_rows": Wording(
        "Repeated rows",
        "fidelity",
        "near the ceiling",
        "Share of rows that equal an earlier row of the same table. Far above the ceiling: the synthesizer repeats itself.",
        "share of rows, all compared columns equal",
        "by count",
    ),
    "participation_ratio": Wording(
        "Participation ratio",
        "fidelity",
        "near the ceiling",
        "In how many directions rows vary, effectively. Below the ceiling: the synthesizer has collapsed to fewer; "
        "above: it has lost relations.",
        "(Σλ)² / Σλ² of the eigenvalues of the covariance of standardised columns",
        "as in methods for neural populations, P. Gao et al. 2017",
    ),
    **GENOMIC,
    "utility_auc": Wording(
        "Utility (AUC)",
        "utility",
        "higher",
        "Trees trained on the synthetic table, tested on real rows: area under the ROC curve "
        "(0.5 = knows nothing, 1 = perfect). The ceiling is trained on real rows, no more than there are synthetic ones.",
        "area under the ROC curve of histogram gradient boosting; several classes: mean of one against the rest",
        "C. Esteban et al. 2017 (TSTR)",
        needs_holdout=True,
    ),
    "utility_r2": Wording(
        "Utility (R²)",
        "utility",
        "higher",
        "Trees trained on the synthetic table, tested on real rows: share of variance explained "
        "(0 = no better than the mean, 1 = perfect). The ceiling is trained on real rows, no more than there are "
        "synthetic ones.",
        "1 − squared error over variance, histogram gradient boosting",
        "C. Esteban et al. 2017 (TSTR)",
        needs_holdout=True,
    ),
    "augmented_auc": Wording(
        "Real and synthetic together (AUC)",
        "utility",
        "higher",
        "Trees trained on the real and the synthetic rows together. The ceiling is trained on the real rows alone: "
        "above it, the synthetic rows add something.",
        "as utility, trained on both tables",
        "augmentation, as TSTR",
        needs_holdout=True,
    ),
    "augmented_r2": Wording(
        "Real and synthetic together (R²)",
        "utility",
        "higher",
        "Trees trained on the real and the synthetic rows together. The ceiling is trained on the real rows alone: "
        "above it, the synthetic rows add something.",
        "as utility, trained on both tables",
        "augmentation, as TSTR",
        needs_holdout=True,
    ),
    "importance_agreement": Wording(
        "Agreement of what matters",
        "utility",
        "higher",
        "Whether trees trained on the synthetic rows rely on the same columns as trees trained on real rows "
        "(1 = in the same order, 0 = unrelated). Every figure is of trees trained on half of the rows, the ceiling of those "
        "of two halves of the real rows.",
        "Spearman's correlation of the permutation importances on the test rows",
        "L. Breiman 2001 (permutation importance)",
        needs_holdout=True,
    ),
    "membership_auc": Wording(
        "Membership inference (AUC)",
        "privacy",
        "lower",
        "How well the strongest attack tells rows that the synthesizer was made from, from rows that it never saw "
        "(0.5 = not at all, 1 = always). The memoriser is the positive control, the ceiling (fresh real rows in place "
        "of the synthetic ones) the negative one.",
        "AUC of the attack that was strongest on one half of the candidates, measured on the other half",
        "calibrated distance; DOMIAS (van Breugel et al. 2023); Gen-LRA (Ward et al. 2025); LOGAN (Hayes et al. 2019); "
        "for wide tables also the span, mean-score (Homer et al. 2008) and linear attacks",
        needs_holdout=True,
    ),
    "membership_tpr": Wording(
        "Members found at 1% false alarms",
        "privacy",
        "lower",
        "Share of the rows it was made from that the strongest attack names while it wrongly names 1% of the others.",
        "true-positive rate at a false-positive rate of 1%",
        "N. Carlini et al., IEEE S&P 2022",
        needs_holdout=True,
    ),
    "singling_out_risk": Wording(
        "Singling out",
        "privacy",
        "lower",
        "How much better guesses made from the synthetic table isolate one real row than one held-out row (0 = no better).",
        "(attack − control) / (1 − control) of the success rates of predicates that isolate one row",
        "M. Giomi et al., PoPETs 2023",
        needs_holdout=True,
    ),
    "linkability_risk": Wording(
        "Linkability",
        "privacy",
        "lower",
        "How much better the synthetic table links two halves of a real row than of a held-out row (0 = no better).",
        "(attack − control) / (1 − control) of the shares of rows whose halves share a nearest synthetic row",
        "M. Giomi et al., PoPETs 2023",
        needs_holdout=True,
    ),
    "inference_risk": Wording(
        "Attribute inference",
        "privacy",
        "lower",
        "How much better a secret of a real row is guessed from the most similar synthetic row than that of a "
        "held-out row (0 = no better); of the worst column.",
        "(attack − control) / (1 − control) of the shares of right guesses (numbers within 5%)",
        "M. Giomi et al., PoPETs 2023",
        needs_holdout=True,
    ),
    "nearest_record_copies": Wording(
        "Exact copies",
        "privacy",
        "near the ceiling",
        f"Share of synthetic rows that equal a real row in every compared column. {_SMOKE}",
        "share of rows, all compared columns equal; all rows are used",
        "by count",
    ),
    "nearest_record_near_copies": Wording(
        "Near copies",
        "privacy",
        "near the ceiling",
        "Share of synthetic rows at most as far from a real row as the nearest 1% of held-out rows. The ceiling is what "
        "chance gives: about 1%, more in a table of few levels. "
        f"{_SMOKE}",
        "share of rows below the 1% quantile of the held-out rows' nearest distances",
        "by count",
        needs_holdout=True,
    ),
    "nearest_record_distance": Wording(
        "Distance to the nearest real row",
        "privacy",
        "near the ceiling",
        "Median distance of a synthetic row to its nearest real row (0 = a copy, 1 = different in everything). "
        f"Far below the ceiling: rows too close to real ones. {_SMOKE}",
        "root of the mean squared difference of ranks (numbers) and levels",
        "after J. C. Gower 1971",
    ),
    "nearest_record_ratio": Wording(
        "Nearest to second nearest (NNDR)",
        "privacy",
        "near the ceiling",
        f"Median ratio of the distances to the nearest and the second nearest real row. {_SMOKE}",
        "distance to the nearest real row over distance to the second nearest",
        "nearest-neighbour distance ratio, as in vendors' reports",
    ),
    "nearest_record_real_share": Wording(
        "Nearer to real than to held-out rows (DCR share)",
        "privacy",
        "near 0.5",
        "Share of synthetic rows whose nearest neighbour is a real row rather than a held-out one. Above 0.5: "
        f"drawn towards the rows it was made from. {_SMOKE}",
        "as many real rows as held-out ones; ties count one half",
        "distance to the closest record; see Z. Yao et al., arXiv 2505.01524",
        needs_holdout=True,
    ),
    "rare_combinations": Wording(
        "Rare combinations",
        "privacy",
        "near the ceiling",
        "Share of rows whose values in three columns belong to one to four real rows only, on average over sets of "
        "columns. Above the ceiling: rare people are reproduced.",
        "k-map with k = 5 over random sets of three discrete columns",
        "L. Sweeney, k-map; K. El Emam, F. Dankar, JAMIA 15 (2008)",
        needs_holdout=True,
    ),
}
"""By flat name, in the order of the report."""

THREAT_MODEL = (
    "The attacks assume an adversary who has the synthetic table, some other rows of the same population and the full "
    "record of a person, but not the synthesizer, and who asks whether the person was among the real rows or what a "
    "missing value of theirs is.",
    "That no attack here succeeded is no guarantee: a stronger attack, or an adversary who knows more, may succeed. "
    "Only a synthesizer with differential privacy gives a guarantee.",
)
"""Of whom the report speaks, and what it cannot say."""
