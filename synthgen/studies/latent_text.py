"""A study of a latent space in words: the answer, what to know besides, and a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthgen.metrics.intervals import Estimate
from synthgen.metrics.plausibility import MAX_COLUMNS
from synthgen.studies.latent_parts import Group

TITLES = {
    "slerp": "Walks on great circles",
    "slerp, likeliest": "The same walks, likeliest choices",
    "linear": "Walks on straight lines",
    "samples": "Fresh samples",
    "holdout": "Held-out real rows",
    "mixtures": "Mixtures of two samples",
    "independent": "Independent columns of samples",
}
"""Of the groups, in the order in which they are shown."""
EXPLAINED = {
    "slerp": "between random latent vectors; choices are drawn, as in samples",
    "slerp, likeliest": "no draws: what `interpolate` gives",
    "linear": "between the same vectors; in the middle they are shorter than vectors of the prior are",
    "samples": "others than those that set the threshold: how it should be",
    "holdout": "each judged by the detector that did not learn from it",
    "mixtures": "the ends of the walks, mixed number by number: interpolating data in place of latent vectors",
    "independent": "each column from another sample: no combination at all",
}
WALKS = ("slerp", "slerp, likeliest", "linear")
CONTROLS = ("mixtures", "independent")
MARGIN = 0.02
"""By how much the share as plausible as samples may be lower along walks than of samples before there are holes, ..."""
REAL_MARGIN = 0.05
"""... and the share as plausible as held-out rows, which is far from 0 and 1 where a model is not perfect."""
BLIND = 0.1
"""By how much the share of samples must be above that of one of the controls at least, for walks to be judged by it."""
_BLIND_WORDS = {
    "as_samples": "the controls pass about as often as samples do",
    "as_real": "hardly more samples than rows of the controls are as plausible as held-out rows",
}
SHORT = 0.9
"""Share of samples as plausible as held-out rows below which it is said that they fall short."""


def answer(groups: Mapping[str, Group]) -> tuple[str, str]:
    """Whether there are holes, with the figures.

    Parameters
    ----------
    groups : mapping of str to Group
        By name.

    Returns
    -------
    (kind, text) : (str, str)
        "cannot be told" where both controls pass as often as samples, but for 10 points. Else of great circles, the share as plausible as
        samples less that of samples, margin 2 points, and the share as plausible as held-out rows less that of samples,
        margin 5 points: "holes" if one interval lies below its margin, "no holes seen" if both lie above, "cannot be told" otherwise.
    """
    walks, samples = groups["slerp"], groups["samples"]
    others = [groups[name] for name in ("samples", *CONTROLS)]
    found = [f"{_along(walks)} are as plausible as samples ({_list(others, 'as_samples')})"]
    gaps = [(walks.difference, MARGIN)]
    yardstick = "as_samples"
    if walks.as_real is not None and walks.real_difference is not None:
        yardstick = "as_real"
        gaps.append((walks.real_difference, REAL_MARGIN))
        found.append(
            f"{share_text(walks.as_real)} are as plausible as held-out rows ({_list(others, yardstick)})"
        )
    text = "; ".join(found) + "."
    if _value(samples, yardstick) - min(_value(g, yardstick) for g in others[1:]) < BLIND:
        return (
            "cannot be told",
            f"Cannot be told, as {_BLIND_WORDS[yardstick]}: {text}",
        )
    kind = _kind(gaps)
    if samples.as_real is not None and (samples.as_real.high or 1.0) < SHORT:
        text += " Samples themselves fall short of real rows, wherever they lie."
    if samples.as_real is None:
        text += " Judged by samples alone: it says nothing of the real rows."
    return kind, f"{kind.capitalize()}: {text}"


def _kind(gaps: list[tuple[Estimate, float]]) -> str:
    ends = [(gap.low, gap.high, margin) for gap, margin in gaps]
    if any(high is not None and high < -margin for _, high, margin in ends):
        return "holes"
    clear = all(low is not None and low >= -margin for low, _, margin in ends)
    return "no holes seen" if clear else "cannot be told"


def _along(walks: Group) -> str:
    return f"{share_text(walks.as_samples)} of the rows along {walks.n_walks:,} walks between random latent vectors"


def _value(group: Group, yardstick: str) -> float:
    found: Estimate = getattr(group, yardstick)
    return found.value or 0.0


def _list(groups: list[Group], yardstick: str) -> str:
    """Shares of what the walks are read against."""
    names = {
        "samples": "of fresh samples",
        "mixtures": "of mixtures of two samples",
        "independent": "of independent columns",
    }
    return ", ".join(f"{names[g.name]} {percent(_value(g, yardstick))}" for g in groups)


def remarks(found: Any, *, has_selection: bool, has_rules: bool) -> tuple[str, ...]:
    """What a reader must know besides.

    Parameters
    ----------
    found : LatentStudy
        The study, without remarks.
    has_selection : bool
        Whether `sample` chooses among rows drawn.
    has_rules : bool
        Whether `sample` drops rows that break rules.

    Returns
    -------
    tuple of str
        The most important first.
    """
    out = []
    if found.n_holdout is None:
        out.append(
            "No held-out rows were given: the detectors learnt from other samples of the model. What is said here is about "
            "walks against samples, and nothing of the real rows; a model that makes nonsense everywhere would do well. "
            "Give --holdout (Python: holdout=) with real rows that the model never saw."
        )
    else:
        out.append(
            f"The detectors learnt from {found.n_holdout:,} held-out rows: if the model has seen them in training, the "
            "figures against real rows are too good."
        )
    if found.n_paths < found.n_paths_wanted:
        out.append(
            f"{found.n_paths:,} walks were taken in place of {found.n_paths_wanted:,}, since the table is wide."
        )
    if found.noise_prior == "normal":
        out.append(
            "A single row of a great circle between two vectors of a normal prior is itself very nearly a sample, whatever "
            "the generator: a share below that of samples would be surprising. Holes show in the share that is as plausible "
            "as held-out rows, along straight lines, with the likeliest choices, and as jumps."
        )
    else:
        out.append(
            "Great circles between vectors of a uniform prior leave its box in places, where the generator was never trained; "
            "straight lines stay inside."
        )
    if found.n_judged_columns < found.n_columns:
        out.append(
            f"{found.n_judged_columns:,} of the {found.n_columns:,} columns are judged: no identifiers, free text or "
            f"constants, and at most {MAX_COLUMNS} at random."
        )
    if has_selection or has_rules:
        done = " and ".join(
            word
            for word, holds in (
                ("chooses among rows", has_selection),
                ("drops rows that break rules", has_rules),
            )
            if holds
        )
        out.append(
            f"Samples here are the generator's own rows: `sample` {done}, and is better than they are."
        )
    out.append(
        "Plausible is what is likelier than by chance among the rows that the detectors learnt from. A plausible row need "
        "not be a true one, may repeat a training row, and says nothing of privacy."
    )
    return tuple(out)


def summary(found: Any) -> str:
    """A study as a short text.

    Parameters
    ----------
    found : LatentStudy
        The study.

    Returns
    -------
    str
        The answer, a line a group, and the remarks.
    """
    lines = [("rows", "walks", "as plausible as samples", "as held-out rows")]
    lines += [
        (TITLES[g.name], f"{g.n_walks:,}", share_text(g.as_samples), share_text(g.as_real))
        for g in found.groups
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    table = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n\n".join([found.answer, "\n".join(table), "\n".join(f"- {r}" for r in found.remarks)])


def share_text(found: Estimate | None) -> str:
    """A share with its interval, such as ``94.8% [93.9, 95.6]``; a dash for none."""
    if found is None or found.value is None:
        return "–"
    if found.low is None or found.high is None:
        return percent(found.value)
    return f"{percent(found.value)} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def percent(value: float) -> str:
    """A share in percent with one decimal."""
    return f"{value:.1%}"
