"""The laboratory's results as one page, and as the summary in `docs/explain/gan.md`.

python benchmarks/laboratory/page.py       writes docs/laboratory.md and the figures between the marks of gan.md
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import toy_table

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "laboratory"
PAGE = ROOT / "docs" / "laboratory.md"
ANSWERS = ROOT / "docs" / "explain" / "gan.md"
BEGIN, END = "<!-- latent-figures -->", "<!-- end of latent-figures -->"


def read(name: str) -> dict[str, Any]:
    """One result file; empty if it was not made."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join("–" if c is None else str(c) for c in line) + " |" for line in lines)


def over_seeds(runs: list[dict], keys: Sequence[str], figures: Sequence[str]) -> list[list[object]]:
    """One line for each combination of keys: seeds, and the medians of figures."""
    groups: dict[tuple, list[dict]] = {}
    for run in runs:
        if "error" not in run:
            groups.setdefault(tuple(run[k] for k in keys), []).append(run)
    return [
        [*key, len(group), *(_median([r.get(f) for r in group]) for f in figures)]
        for key, group in sorted(groups.items())
    ]


def _median(values: list[Any]) -> float | None:
    there = [v for v in values if v is not None]
    return round(median(there), 3) if there else None


def toys() -> str:
    runs = read("toys").get("runs", [])
    return toy_table.markdown(runs) if runs else "Not run."


def parzen() -> str:
    found = read("parzen")
    if not found:
        return "Not run."
    rows = [[name, "", _plus(r), r["sigma"], None] for name, r in found["real"].items()]
    for name, seeds in found["runs"].items():
        for seed, run in seeds.items():
            rows.append([name, seed, _plus(run), run["sigma"], run["fit_cpu_s"]])
    published = found["published"]
    rows.append(["published, 50,000 training rows", "", _plus(published), None, None])
    text = table(["samples", "seed", "log-likelihood of test rows", "sigma", "CPU s of the fit"], rows)
    pictures = sorted(PAGE.parent.glob("images/digits-*.png"))
    return "\n\n".join([text, *(f"{p.stem}:\n\n![{p.stem}](images/{p.name})" for p in pictures)])


def _plus(run: dict[str, float]) -> str:
    return f"{run['mean']:.1f} ± {run['standard_error']:.1f}"


LATENT = {
    "latent_dim": "Z",
    "r2": "R2 of numbers",
    "r2_guess": "by the guess alone",
    "right_levels": "right levels",
    "commonest_levels": "the commonest level",
    "r2_of_z": "R2 of z",
    "probe_z": "probe on z",
    "probe_pca": "on PCA",
    "probe_matrix": "on the matrix",
    "probe_commonest": "commonest label",
}


def latent() -> str:
    runs = read("latent").get("runs", [])
    rows = over_seeds(runs, ("table", "model"), tuple(LATENT))
    return table(["table", "model", "seeds", *LATENT.values()], rows) if rows else "Not run."


def walks() -> str:
    runs = [r for r in read("latent").get("runs", []) if "walks" in r]
    names = list(dict.fromkeys(name for r in runs for name in r["walks"]))
    rows = [
        [
            r["table"],
            r["model"],
            r["n_walks"],
            *(f"{100 * r['walks'][n]['as_samples'][0]:.1f}" if n in r["walks"] else None for n in names),
        ]
        for r in runs
    ]
    return table(["table", "model", "walks", *names], rows) if rows else "Not run."


def conditional() -> str:
    rows = over_seeds(read("conditional").get("runs", []), ("table", "model"), ("slope", "correlation"))
    head = ["table", "rows", "seeds", "slope", "correlation"]
    return table(head, rows) if rows else "Not run."


def collapse() -> str:
    runs = [r for r in read("collapse").get("runs", []) if "error" not in r]
    measures = ("participation_ratio", "spread", "empty_bins", "nearest_train", "nearest_fake", "d_gap")
    rows = [
        [
            r["kind"],
            r["table"],
            r["recipe"],
            r["n_steps"],
            *(r["measures"].get(m) for m in measures),
            ", ".join(a["code"] for a in r["alarms"]) or "none",
        ]
        for r in sorted(runs, key=lambda r: (r["kind"] != "forced", r["table"], r["recipe"]))
    ]
    head = ["kind", "table", "recipe", "steps", *measures, "alarms"]
    return table(head, rows) if rows else "Not run."


PARTS = (
    (
        "Toy problems",
        "toys.py",
        "10,000 rows to learn from, judged beside 10,000 others. The default has the steps it takes by itself and selection, each loss 2,000 "
        "steps (`wgan-gp` with one discriminator step for each of the generator's). A mode is covered when the rows within three standard "
        "deviations of it reach a fifth of their due share.",
        toys,
    ),
    (
        "Parzen windows on MNIST",
        "parzen.py",
        "The first GAN's own measure, on 8,000 of the test images (the paper had 50,000 training images), with its standard error over 1,000 "
        "test rows. It rewards samples without pixel noise; training rows themselves are no upper bound.",
        parzen,
    ),
    (
        "Latent vectors",
        "latent.py",
        "Held-out rows are encoded (`encode`, and by its first guess alone) and rebuilt: R2 of numbers in normal scores, share of right "
        "levels. R2 of z: latent vectors of generated rows found again. Probe: accuracy of a logistic regression on held-out rows.",
        latent,
    ),
    (
        "Walks",
        "latent.py",
        "Share of the rows on the way, in %, that detectors find as plausible as samples (95 by construction for samples); `mixtures` and "
        "`independent` are controls.",
        walks,
    ),
    (
        "Conditions",
        "conditional.py",
        "Class-mean differences of synthetic rows regressed on those of the training rows: slope 1 is as far apart as they should be.",
        conditional,
    ),
    (
        "Collapses",
        "collapse.py",
        "Forced ones must raise an alarm, the default must not. Measures of the weights that were kept; alarms may be of later weights.",
        collapse,
    ),
)


def main() -> int:
    parts = [
        f"## {title}\n\n`python benchmarks/laboratory/{script}`. {words}\n\n{make()}"
        for title, script, words, make in PARTS
    ]
    head = (
        "# The laboratory's results\n\nMade by `python benchmarks/laboratory/page.py` from `benchmarks/results/laboratory`; "
        "one core of a shared machine. What it is about: [questions and answers](explain/gan.md). SynthVAE has "
        "[a page of its own](explain/vae.md)."
    )
    PAGE.write_text("\n\n".join([head, *parts]) + "\n")
    text = ANSWERS.read_text()
    if BEGIN in text:
        before, after = text.split(BEGIN, 1)
        after = after.split(END, 1)[-1]
        ANSWERS.write_text(f"{before}{BEGIN}\n{latent()}\n{END}{after}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
