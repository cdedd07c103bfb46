"""The experiments' figures as pages: docs/decisions/experiments/NAME.md, from the JSON files.

    python benchmarks/experiments/pages.py

Whatever stands in a page above the line `FIGURES` is written by hand and kept; what follows it is made anew.
"""

from __future__ import annotations

import importlib
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import experiment
import runs

HERE = Path(__file__).resolve().parent
PAGES = HERE.parents[1] / "docs" / "decisions" / "experiments"
QUESTIONS = (
    *(
        "discriminator_input",
        "rate_batch_width",
        "gamma",
        "ema",
        "precision",
        "gumbel",
        "penalty_every",
        "n_critic",
    ),
    *("weight_averaging", "restarts", "warm_start", "atoms_gates", "baseline"),
)
FIGURES = "<!-- figures: written by benchmarks/experiments/pages.py -->"
HEADER = (
    "| table | budget | variant | seeds | steps | CPU s | AUC | validation AUC | shape error % | trend error % |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)
NOTE = (
    "AUC: boosted trees, two-fold, against held-out rows, .5 is best; with one seed, differences under .01 are taken as noise. Errors: total variation "
    "from the training rows, 50 bins one-way, 10 two-way, mean over columns and pairs. Budget: baseline steps whose CPU time all may use. CPU s: of the whole fit. Means over seeds."
)
SCORES = ("auc", "validation_auc", "shape_error", "trend_error")


def main() -> None:
    """Write all pages, those of questions without results too."""
    PAGES.mkdir(parents=True, exist_ok=True)
    baseline = runs.load(experiment.RESULTS / "baseline.json")
    for name in QUESTIONS:
        _write(name, runs.load(experiment.RESULTS / f"{name}.json"), baseline)


def _write(name: str, found: list[runs.Run], baseline: list[runs.Run]) -> None:
    page = PAGES / f"{name}.md"
    before = page.read_text().split(FIGURES)[0] if page.exists() else f"# {name.replace('_', ' ')}\n\n"
    declared = importlib.import_module(name).EXPERIMENT
    own = [r for r in found if r["variant"] != experiment.BASELINE and "error" not in r]
    lines = [f"{declared.question} `python benchmarks/experiments/{name}.py`", ""]
    lines += [HEADER] if own or name == experiment.BASELINE else ["Declared, and not run yet."]
    for group in sorted({_group(r) for r in found}):
        here = [r for r in own if _group(r) == group]
        seeds = {r["seed"] for r in here}
        base = [r for r in baseline if _group(r) == group and "error" not in r]
        lines += _rows([r for r in base if not seeds or r["seed"] in seeds]) + _rows(here)
    failed = [
        f"- {r['variant']}, {r['table']}, seed {r['seed']}: {r['error']}" for r in found if "error" in r
    ]
    missing = sorted(set(declared.variants) - {str(r["variant"]) for r in own})
    lines += ["", NOTE, *(["", "Failed:", *failed] if failed else [])]
    lines += ["", "Declared and not run: " + ("; ".join(missing) or "none") + "."]
    page.write_text(before.rstrip() + "\n\n" + FIGURES + "\n\n" + "\n".join(lines) + "\n")


def _group(run: runs.Run) -> tuple[int, str, str]:
    """Runs that may be compared: of one budget, baseline and table."""
    return int(str(run["budget"])), str(run["base"]), str(run["table"])


def _rows(found: list[runs.Run]) -> list[str]:
    """One line for each variant of one table and budget, and one for each candidate of its fits."""
    lines = []
    for name in dict.fromkeys(str(r["variant"]) for r in found):
        same = [r for r in found if r["variant"] == name]
        name = name if same[0]["base"] == "{}" else f"{name} `{same[0]['base']}`"
        head = f"| {same[0]['table']} | {same[0]['budget']} | {{}} | {len(same)} | {_mean(same, 'steps', 0)} | {_mean(same, 'cpu_seconds', 0)} "
        lines.append(head.format(name) + "".join(f"| {_mean(same, s, _digits(s))} " for s in SCORES) + "|")
        for candidate in [k for k, v in same[0].items() if isinstance(v, dict)]:
            parts = [r[candidate] for r in same]
            cells = [_mean(parts, s, _digits(s)) if s in parts[0] else "" for s in SCORES]
            lines.append(head.format(f"{name}: {candidate}") + "".join(f"| {c} " for c in cells) + "|")
    return lines


def _digits(score: str) -> int:
    return 3 if "auc" in score else 2


def _mean(found: list[runs.Run], key: str, digits: int) -> str:
    return f"{statistics.mean(float(r[key]) for r in found):.{digits}f}"


if __name__ == "__main__":
    main()
