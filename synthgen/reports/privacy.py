"""What the attacks and the nearest real rows say about a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from synthgen.metrics.inference import inference
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.linkability import linkability
from synthgen.metrics.membership import membership, split_holdout
from synthgen.metrics.nearest import Nearest, nearest
from synthgen.metrics.rare import rare_combinations
from synthgen.metrics.risk import Risk
from synthgen.metrics.singling_out import singling_out
from synthgen.metrics.support import (
    copies,
    distances_of,
    near_copies_of,
    near_copy_limit,
    ratio_of,
    real_share_of,
)
from synthgen.metrics.tables import CodedTable
from synthgen.metrics.tasks import Task
from synthgen.reports.scores import Score
from synthgen.reports.section import Section, score_of, unavailable
from synthgen.reports.tables import Tables, attack_baselines


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
    found = {
        "synthetic": nearest(t.all_synthetic, t.real, t.seed, holdout=t.holdout),
        "ceiling": nearest(t.holdout or t.real, t.real, t.seed, itself=t.holdout is None),
        "floor": nearest(t.floor, t.real, t.seed, holdout=t.holdout),
        "memoriser": nearest(t.memoriser, t.real, t.seed, holdout=t.holdout),
    }
    distances = {which: distances_of(f) for which, f in found.items()}
    copied, overlap, repeats = _copies(t)
    estimates = {
        "nearest_record_distance": [d.median for d in distances.values()],
        "nearest_record_ratio": [ratio_of(f) for f in found.values()],
        "nearest_record_copies": copied,
    }
    scores = {name: score_of(t, name, e[0], e[1:]) for name, e in estimates.items()}
    if t.holdout is None:
        scores |= {
            name: unavailable(name) for name in ("nearest_record_near_copies", "nearest_record_real_share")
        }
    else:
        scores |= _beside_the_holdout(t, found)
    return Section(scores, {"distances": distances, "holdout_overlap": overlap, "real_repeats": repeats})


def _beside_the_holdout(t: Tables, found: Mapping[str, Nearest]) -> dict[str, Score]:
    limit = near_copy_limit(found["ceiling"], t.seed)
    near = {which: near_copies_of(f, limit.limit) for which, f in found.items()} | {"ceiling": limit.ceiling}
    shares = [real_share_of(found[which]) for which in ("synthetic", "floor", "memoriser")]
    return {
        "nearest_record_near_copies": score_of(
            t, "nearest_record_near_copies", near["synthetic"], list(near.values())[1:]
        ),
        "nearest_record_real_share": score_of(
            t, "nearest_record_real_share", shares[0], (Estimate(0.5), *shares[1:])
        ),
    }


def _copies(t: Tables) -> tuple[list[Estimate], Estimate, Estimate]:
    """Exact copies among all rows: of model, ceiling, floor and memoriser; of held-out rows; among real rows."""
    real, synthetic, holdout = t.whole["real"], t.whole["synthetic"], t.whole.get("holdout")
    repeats = copies(real, real, itself=True)
    overlap = Estimate(None) if holdout is None else copies(holdout, real)
    ceiling = repeats if holdout is None else overlap
    return (
        [copies(synthetic, real), ceiling, copies(t.floor, real), copies(t.memoriser, real)],
        overlap,
        repeats,
    )


def rare(t: Tables) -> Section:
    """Combinations that few real rows share.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``rare_combinations``.
    """
    model = rare_combinations(t.all_synthetic, t.real, t.seed)
    ceiling = rare_combinations(t.holdout or t.real, t.real, t.seed, itself=t.holdout is None).share
    others = [ceiling, *(rare_combinations(x, t.real, t.seed).share for x in (t.floor, t.memoriser))]
    score = score_of(t, "rare_combinations", model.share, others)
    return Section({"rare_combinations": score}, {"rare": model})


def memberships(t: Tables) -> Section:
    """Membership inference with its controls.

    Parameters
    ----------
    t : Tables
        What is compared.

    Returns
    -------
    Section
        ``membership_auc``, ``membership_tpr``.
    """
    names = ("membership_auc", "membership_tpr")
    if t.holdout is None:
        return Section({name: unavailable(name) for name in names}, {})
    outsiders, reference, fresh = split_holdout(t.holdout, t.seed)
    floor, memoriser = attack_baselines(t)
    attacked = {"synthetic": t.all_synthetic, "ceiling": fresh, "floor": floor, "memoriser": memoriser}
    found = {which: membership(t.real, x, outsiders, reference, t.seed) for which, x in attacked.items()}
    estimates = {
        "membership_auc": [f.auc for f in found.values()],
        "membership_tpr": [f.tpr for f in found.values()],
    }
    scores = {name: score_of(t, name, e[0], e[1:]) for name, e in estimates.items()}
    exposed = tuple(replace(e, row=int(t.real_rows[e.row])) for e in found["synthetic"].exposed)
    found = {which: replace(f, exposed=exposed if which == "synthetic" else ()) for which, f in found.items()}
    return Section(scores, {"membership": found})


def disclosures(t: Tables, task: Task | None) -> Section:
    """Singling out, linkability and attribute inference.

    Parameters
    ----------
    t : Tables
        What is compared.
    task : Task or None
        What is predicted: the first secret that is guessed.

    Returns
    -------
    Section
        ``singling_out_risk``, ``linkability_risk``, ``inference_risk``.
    """
    target = None if task is None else task.target
    found = [_attacked(t.real, t.all_synthetic, t.holdout, t.seed, target)]
    if t.holdout is None:
        return Section(
            {f"{name}_risk": unavailable(f"{name}_risk") for name in found[0]}, {"disclosure": found[0]}
        )
    outsiders, _, fresh = split_holdout(t.holdout, t.seed)
    found.append(_attacked(t.real, fresh, outsiders, t.seed, target))
    found += [_attacked(t.real, x, t.holdout, t.seed, target) for x in attack_baselines(t)]
    scores = {}
    for name in found[0]:
        risks = [f[name].risk or Estimate(None) for f in found]
        scores[f"{name}_risk"] = score_of(t, f"{name}_risk", risks[0], risks[1:])
    return Section(scores, {"disclosure": found[0]})


def _attacked(
    real: CodedTable, synthetic: CodedTable, holdout: CodedTable | None, seed: int, target: str | None
) -> dict[str, Risk]:
    return {
        "singling_out": singling_out(real, synthetic, holdout, seed),
        "linkability": linkability(real, synthetic, holdout, seed),
        "inference": inference(real, synthetic, holdout, seed, target=target).worst,
    }
