"""What the tables of the page list: a report's plain data in rows, sorted and joined, nothing computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthgen.metrics.significance import is_alarm
from synthgen.reports.figures import CONTROLS, STRONGEST
from synthgen.reports.text import KINDS

Plain = dict[str, Any]

MAX_LISTED = 500
"""Columns or pairs that one table lists."""
MANY, WORST_COLUMNS = 60, 30
"""Of more columns than the first, only as many as the second stand open on the page."""
MAX_IMPORTANCES = 50
"""Columns listed by what they give away."""
WORST = 12
"""Pairs listed by either of two measures."""
WORST_WIDE = 20
"""Columns listed beside the points of a wide table."""
AREAS = {
    "fidelity": "Fidelity",
    "expression": "Gene expression",
    "genotypes": "Genotypes",
    "utility": "Utility",
    "privacy": "Privacy",
}
MARKS = {"leak": "!", "wrong": "×", "unknown": "?", "minor": "~", "good": "✓"}
"""Beside the word and the colour of a kind of verdict."""
SMOKE_TESTS = (
    "nearest_record_copies",
    "nearest_record_near_copies",
    "nearest_record_distance",
    "nearest_record_ratio",
    "nearest_record_real_share",
)
RISKS = {
    "singling_out": "Singling out",
    "linkability": "Linkability",
    "inference": "Attribute inference",
}
_SECTION_OF = {
    "columns": "columns",
    "pairs": "pairs",
    "relations": "pairs",
    "regions": "detection",
    "rows": "overview",
    "detection": "detection",
    "utility": "utility",
    "copies": "privacy",
    "near copies": "privacy",
    "membership": "privacy",
    "disclosure": "privacy",
    "holdout": "method",
}


def sections(report: Plain) -> dict[str, str]:
    """The sections that a report has data for.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    dict of str to str
        Titles by anchor, in the order of the page.
    """
    used = {score["area"] for score in report["scores"].values()}
    there = {
        "overview": ("Overview", report["scores"]),
        "columns": ("Columns", report["columns"] or report["column_checks"] or report["marginals"]),
        "pairs": ("Pairs", report["pairs"] or report["triples"] or report["relations"]),
        "detection": (
            "Detection",
            report["detection"] or report["linear_detection"] or report["regions"] or report["mmd"],
        ),
        "expression": ("Expression", report["expression"]),
        "genotypes": ("Genotypes", report["genotypes"]),
        "utility": ("Utility", "utility" in used),
        "privacy": ("Privacy", "privacy" in used),
        "wide": ("All columns", report["profile"]),
        "method": ("Method", True),
    }
    return {anchor: title for anchor, (title, data) in there.items() if data}


def verdict_groups(report: Plain) -> list[Plain]:
    """The verdicts by kind, each with the section to look at.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    list of dict
        ``kind``, ``word``, ``mark`` and ``verdicts``; the worst kind first, no empty ones.
    """
    present = sections(report)
    groups = []
    for kind, word in KINDS.items():
        found = [
            verdict | {"anchor": anchor if anchor in present else None}
            for verdict in report["verdicts"]
            if verdict["kind"] == kind
            for anchor in [_SECTION_OF.get(verdict["about"])]
        ]
        if found:
            groups.append({"kind": kind, "word": word, "mark": MARKS[kind], "verdicts": found})
    return groups


def scores_by_area(report: Plain) -> dict[str, dict[str, Plain]]:
    """The scores under the titles of their areas.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    dict of str to dict
        Scores by name, by title; no empty areas.
    """
    found = {
        title: {name: score for name, score in report["scores"].items() if score["area"] == area}
        for area, title in AREAS.items()
    }
    return {title: scores for title, scores in found.items() if scores}


def column_rows(report: Plain) -> tuple[list[Plain], int]:
    """Columns with their scores and faults.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    (rows, n_more) : (list of dict, int)
        ``name``, ``kind``, ``faults`` in words, ``ceiling``, ``shape`` and ``check`` (None where there is none):
        first the columns that have a score, then others with faults; and how many of these there was no room for.
    """
    shapes = {shape["name"]: shape for shape in report["columns"]}
    checks = {check["name"]: check for check in report["column_checks"]}
    faults = {name: _beyond_chance(check, report["n_column_tests"]) for name, check in checks.items()}
    names = [*shapes, *(name for name in checks if faults[name] and name not in shapes)]
    room = max(MAX_LISTED, len(shapes))
    rows = [
        {
            "name": name,
            "kind": (shapes.get(name) or checks[name])["kind"],
            "faults": faults.get(name, []),
            "shape": shapes.get(name),
            "ceiling": report["column_ceilings"].get(name),
            "check": checks.get(name),
        }
        for name in names[:room]
    ]
    return rows, len(names) - len(rows)


def worst_columns(rows: list[Plain]) -> list[Plain]:
    """The columns to show first, where there are many.

    Parameters
    ----------
    rows : list of dict
        From `column_rows`.

    Returns
    -------
    list of dict
        All of up to `MANY` columns, as given; of more, the worst `WORST_COLUMNS`: those with most faults, then those
        with the lowest scores.
    """
    return rows if len(rows) <= MANY else sorted(rows, key=_badness)[:WORST_COLUMNS]


def _badness(row: Plain) -> tuple[int, float]:
    score = row["shape"]["score"]["value"] if row["shape"] else None
    return -len(row["faults"]), 2.0 if score is None else score


def _beyond_chance(check: Plain, n_tests: int) -> list[str]:
    """The faults of one column that the verdicts count too, in words."""
    return [fault["words"] for fault in check["faults"] if is_alarm(fault["p_value"], max(n_tests, 1))]


def pair_rows(report: Plain) -> list[Plain]:
    """Every pair with its trend and its strengths, the worst trends first.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    list of dict
        A `PairTrend` with ``v_real`` and ``v_synthetic``, None where the pair was not tested.
    """
    tests = {(t["first"], t["second"]): t for t in report["pair_tests"]}
    rows = []
    for pair in report["pairs"]:
        test = tests.get((pair["first"], pair["second"]), {"real": None, "other": None})
        rows.append(pair | {"v_real": test["real"], "v_synthetic": test["other"]})
    return sorted(rows, key=lambda row: 2.0 if row["score"] is None else row["score"])


def worst_pairs(rows: list[Plain]) -> list[Plain]:
    """The worst pairs by trend, and those whose strength changed most.

    Parameters
    ----------
    rows : list of dict
        From `pair_rows`.

    Returns
    -------
    list of dict
        At most twice `WORST`, in the given order.
    """
    tested = [i for i, row in enumerate(rows) if row["v_real"] is not None]
    changed = sorted(tested, key=lambda i: -abs(rows[i]["v_real"] - rows[i]["v_synthetic"]))
    return [rows[i] for i in sorted({*range(min(WORST, len(rows))), *changed[:WORST]})]


def drop_rows(report: Plain) -> list[Plain]:
    """The columns that give the table away most.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    list of dict
        ``name`` and the fall of the AUC of ``trees`` and of the ``linear`` model (None where it was not measured).
    """
    trees, linear = (
        (report[k] or {"importances": []})["importances"] for k in ("detection", "linear_detection")
    )
    by_name = {i["name"]: i["auc_drop"] for i in linear}
    return [
        {"name": i["name"], "trees": i["auc_drop"], "linear": by_name.get(i["name"])}
        for i in trees[:MAX_IMPORTANCES]
    ]


def attack_rows(report: Plain) -> list[Plain]:
    """The membership attacks on the table and on its controls.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    list of dict
        ``name`` and, by table, ``auc`` and ``tpr``; the strongest first, cross-checked.
    """
    found = {which: report["membership"][which] for which in CONTROLS if which in report["membership"]}
    names = dict.fromkeys(attack["name"] for m in found.values() for attack in m["attacks"])
    if not names:
        return []
    first = {which: {"auc": m["auc"], "tpr": m["tpr"]} for which, m in found.items()}
    rows: list[Plain] = [{"name": STRONGEST, "tables": first}]
    for name in names:
        tables = {which: _attack(m, name) for which, m in found.items()}
        rows.append({"name": name, "tables": tables})
    return rows


def _attack(membership: Mapping[str, Any], name: str) -> Plain:
    attack: Mapping[str, Any] = next((a for a in membership["attacks"] if a["name"] == name), {})
    return {"auc": attack.get("auc"), "tpr": attack.get("tpr_at_1_fpr")}


def wide_rows(report: Plain) -> list[Plain]:
    """The worst columns of a wide table.

    Parameters
    ----------
    report : dict
        As `Report.to_dict` gives it.

    Returns
    -------
    list of dict
        ``name``, ``score``, and means and standard deviations; the worst first.
    """
    profile = report["profile"]
    if profile is None:
        return []
    scores = profile["score"]
    scored = [i for i, score in enumerate(scores) if score is not None]
    worst = sorted(scored, key=lambda i: scores[i])[:WORST_WIDE]
    keys = ("score", "mean_real", "mean_synthetic", "sd_real", "sd_synthetic")
    return [{"name": profile["names"][i], **{key: profile[key][i] for key in keys}} for i in worst]
