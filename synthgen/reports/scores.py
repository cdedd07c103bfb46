"""What each score is called, means, and is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthgen.metrics.intervals import Estimate


@dataclass(frozen=True)
class Score:
    """One figure of a report, with its interval and its baselines.

    Parameters
    ----------
    title : str
        In words.
    value, low, high : float or None
        The figure of the synthetic table and its 95% interval; None where there is none.
    better : {"higher", "lower", "near the ceiling", "near 0.5"}
        Which way is better.
    ceiling : Estimate or None
        What real rows of the same source reach.
    floor : Estimate or None
        What independently shuffled columns reach.
    memoriser : Estimate or None
        What a bootstrap copy of the real rows reaches.
    position : float or None
        0 at the floor, 1 at the ceiling; None where the two lie together or the wrong way round.
    meaning : str
        One sentence.
    caution : str
        Why the figure may mislead here; often empty.
    """

    title: str
    value: float | None
    low: float | None
    high: float | None
    better: str
    ceiling: Estimate | None
    floor: Estimate | None
    memoriser: Estimate | None
    position: float | None
    meaning: str
    caution: str = ""


@dataclass(frozen=True)
class Wording:
    """Title, direction and meaning of one score.

    Parameters
    ----------
    title, better, meaning : str
        As in `Score`.
    """

    title: str
    better: str
    meaning: str


WORDINGS = {
    "column_shapes": Wording(
        "Column shapes",
        "higher",
        "How alike each column's distribution is, on average (1 = the same). It sees one column at a time: "
        "shuffled columns score 1 as well.",
    ),
    "pair_trends": Wording(
        "Pair trends",
        "higher",
        "How alike the relations of two columns are, on average over all pairs (1 = the same).",
    ),
    "c2st_auc": Wording(
        "Detection by trees (C2ST)",
        "lower",
        "How often boosted trees, shown one synthetic and one real row, tell which is which "
        "(0.5 = a coin toss, 1 = always). The strictest of these scores.",
    ),
    "nearest_record_distance": Wording(
        "Distance to the nearest real row",
        "near the ceiling",
        "Median distance of a synthetic row to its nearest real row (0 = a copy, 1 = different in everything). "
        "Far below the ceiling: rows too close to real ones. A smoke test, not a measure of privacy.",
    ),
    "nearest_record_real_share": Wording(
        "Nearer to real than to held-out rows",
        "near 0.5",
        "Share of synthetic rows whose nearest neighbour is a real row rather than a held-out one. Above 0.5: "
        "drawn towards the rows it was made from. A smoke test, not a measure of privacy.",
    ),
    "nearest_record_copies": Wording(
        "Exact copies",
        "near the ceiling",
        "Share of synthetic rows that equal a real row in every compared column. "
        "A smoke test, not a measure of privacy.",
    ),
    "utility_auc": Wording(
        "Utility (AUC)",
        "higher",
        "Trees trained on the synthetic table, tested on real rows: area under the ROC curve "
        "(0.5 = knows nothing, 1 = perfect). The ceiling is trained on real rows, no more than there are synthetic ones.",
    ),
    "utility_r2": Wording(
        "Utility (R²)",
        "higher",
        "Trees trained on the synthetic table, tested on real rows: share of variance explained "
        "(0 = no better than the mean, 1 = perfect). The ceiling is trained on real rows, no more than there are "
        "synthetic ones.",
    ),
}


def make_score(
    name: str,
    model: Estimate,
    baselines: Sequence[Estimate | None] = (None, None, None),
    caution: str = "",
) -> Score:
    """A score with its wording and its place between floor and ceiling.

    Parameters
    ----------
    name : str
        A key of `WORDINGS`.
    model : Estimate
        The figure of the synthetic table.
    baselines : sequence of Estimate or None, length 3
        Those of ceiling, floor and memoriser.
    caution : str
        Why the figure may mislead here.

    Returns
    -------
    Score
        The score.
    """
    wording = WORDINGS[name]
    ceiling, floor, memoriser = baselines
    return Score(
        title=wording.title,
        value=model.value,
        low=model.low,
        high=model.high,
        better=wording.better,
        ceiling=ceiling,
        floor=floor,
        memoriser=memoriser,
        position=_position(wording.better, model, ceiling, floor),
        meaning=wording.meaning,
        caution=caution,
    )


def _position(better: str, model: Estimate, ceiling: Estimate | None, floor: Estimate | None) -> float | None:
    if better not in ("higher", "lower") or ceiling is None or floor is None:
        return None
    if model.value is None or ceiling.value is None or floor.value is None:
        return None
    span = ceiling.value - floor.value
    if (span if better == "higher" else -span) < 0.02:
        return None
    return (model.value - floor.value) / span
