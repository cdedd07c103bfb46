"""InfoGAN's codes: do they separate known factors of real rows better than what costs nothing?

    python benchmarks/laboratory/infogan.py                                       both tables, seeds 0 to 2 (needs SYNTHGEN_DATA)
    python benchmarks/laboratory/infogan.py --tables adult --seeds 0 --weights 0.3 --max-steps 3000 -o trial.json
    python benchmarks/laboratory/infogan.py --page docs/decisions/0013-infogan.md  writes the figures into the page

A code of K levels, as many as the table's label has, and two uniform numbers (`infogan_steps`). Labels and other factors are left
out of the fit. Judged on held-out real rows: the level that Q names, against each factor, beside k-means of as many clusters on
as many principal components of the same matrix as the code is wide, an untrained Q, and the named levels permuted; and Q's
numbers, by their largest correlation with quantities of a row, beside the first principal components. The weight of the
information term is 1, or 0: what the term costs is told by trees that tell generated from held-out rows, of equal steps. Each fit
is a process of its own, kept at once in benchmarks/results/laboratory/infogan.json; what has a result is not run again.

The rule was set before the first full fit: codes go into the package only if the adjusted Rand index of the code against the table's
label exceeds k-means' by more than `WANTED` on both tables, medians over the seeds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import problems
import runs

from benchmarks.laboratory import infogan_steps
from synthgen import infer_schema
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.models.validation_score import compact, detection_auc
from synthgen.rng import derived_seed, stream

TARGET = Path(__file__).resolve().parents[1] / "results" / "laboratory" / "infogan.json"
KEYS = ("table", "weight", "steps", "seed")
WANTED = 0.05
MAX_STEPS = 1500
JUDGED = 4000
"""Held-out rows at most."""
TOLD = 2000
"""Of these, those that trees tell from generated ones."""
INKED = 0.02
"""Share of images in which a pixel must be ink: others would only be columns of zeros."""
HOW = ("code", "k-means", "untrained", "permuted")
MEASURES = {"ari": "adjusted Rand index", "nmi": "normalised mutual information", "accuracy": "best mapping"}
SHOWN = ("code", "first component", "components", "untrained")
COSTS = {
    "tree_auc": "tree AUC",
    "tree_auc_components": "tree AUC on components",
    "own_levels_named": "own levels named",
    "own_numbers_r": "own numbers, r",
}


@dataclass(frozen=True)
class Problem:
    """Rows to learn, and of all rows the factors, the label first, and quantities; which rows are held out."""

    table: pd.DataFrame
    factors: pd.DataFrame
    quantities: pd.DataFrame
    is_held: np.ndarray
    numbers: str
    options: dict[str, object]


def digits() -> Problem:
    """Pixels; the digit; ink, slant and extents of each image."""
    whole = problems.whole_table("mnist_t10k")
    pixels = whole.drop(columns="digit")
    inked = pixels.columns[(pixels > 0).mean() > INKED]
    is_held = stream(0, "infogan split").permutation(len(whole)) < len(whole) // 4
    quantities = moments(pixels.to_numpy(dtype=float))
    return Problem(pixels[inked], whole[["digit"]], quantities, is_held, "min-max", {"frequencies": ()})


def moments(images: np.ndarray) -> pd.DataFrame:
    """Ink, and from second moments slant (columns moved right for each row down), width and height; images (N, side * side)."""
    side = round(images.shape[1] ** 0.5)
    y, x = (c.ravel() for c in np.mgrid[:side, :side])
    ink = images.sum(1)
    share = images / ink[:, None]
    dx, dy = x - (share @ x)[:, None], y - (share @ y)[:, None]
    xx, yy, xy = ((share * a * b).sum(1) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    return pd.DataFrame({"ink": ink, "slant": xy / yy, "width": np.sqrt(xx), "height": np.sqrt(yy)})


def persons() -> Problem:
    """Adult without income and family; the test rows are held out."""
    whole = problems.whole_table("adult")
    factors = whole[["income", "sex", "marital_status", "relationship"]]
    quantities = whole[["age", "hours_per_week", "education_num"]].astype(float)
    table = whole.drop(columns=[*factors, "split"])
    return Problem(table, factors, quantities, (whole["split"] == "test").to_numpy(), "rank-normal", {})


PROBLEMS = {"mnist_t10k": digits, "adult": persons}


def separation(found: np.ndarray, factor: np.ndarray) -> dict[str, float]:
    """How well named levels and a factor go together; accuracy under the best one-to-one mapping of levels."""
    counts = contingency_matrix(factor, found)
    rows, columns = linear_sum_assignment(-counts)
    return {
        "ari": float(adjusted_rand_score(factor, found)),
        "nmi": float(normalized_mutual_info_score(factor, found)),
        "accuracy": float(counts[rows, columns].sum() / len(found)),
    }


def largest_correlation(numbers: np.ndarray, quantity: np.ndarray) -> float:
    """The largest absolute correlation of a column of numbers, shape (N, C), with a quantity; 0 for a constant."""
    spread = numbers.std(0) > 0
    found = [abs(np.corrcoef(c, quantity)[0, 1]) for c in numbers.T[spread]]
    return float(max(found, default=0.0))


def run_one(problem: Problem, weight: float, steps: int, seed: int) -> dict[str, object]:
    """Fit, and judge codes (where they were learnt) and generated rows."""
    begin = time.process_time()
    held = np.flatnonzero(problem.is_held)
    held = np.sort(stream(0, "infogan judged").permutation(held)[:JUDGED])
    schema = infer_schema(problem.table[~problem.is_held])
    encoder = TableEncoder(schema, numbers=problem.numbers)
    training = encoder.fit_transform(problem.table[~problem.is_held])
    asked = encoder.transform(problem.table.iloc[held], ties="middle")
    code = infogan_steps.Code(problem.factors.iloc[:, 0].nunique())
    options = {"max_steps": steps, "batch_size": 128, **problem.options}
    untrained, players = (
        infogan_steps.start(encoder.layout_, training, code, weight, seed, options) for _ in range(2)
    )
    game, cost = infogan_steps.train(players, training, seed)
    out: dict[str, object] = {"width": encoder.layout_.width, "n_levels": code.n_levels, **cost}
    out |= fidelity(game, encoder, training, asked, seed)
    if weight > 0:
        factors, quantities = problem.factors.iloc[held], problem.quantities.iloc[held]
        out |= codes(game, untrained, (training, asked), (factors, quantities), seed)
    return rounded(out) | {"cpu_seconds": round(time.process_time() - begin, 1)}


def fidelity(
    game: infogan_steps.Game, encoder: TableEncoder, training: np.ndarray, asked: np.ndarray, seed: int
) -> dict[str, float]:
    """AUC of trees that tell generated from held-out rows, on the matrix and on as many components as the code is wide; and
    whether Q names the codes of generated rows."""
    real = stream(seed, "infogan told").permutation(asked)[:TOLD]
    made, shown = game.sample(torch.from_numpy(training), len(real), seed)
    again = encoder.transform(encoder.inverse_transform(made), ties="middle")  # as a table would hold them
    pca = PCA(game.code.width, random_state=0).fit(training)
    own = derived_seed(seed, "trees") % 2**32
    level, numbers = game.name(made)
    k = game.code.n_levels
    return {
        "tree_auc": detection_auc(compact(real, encoder.layout_), compact(again, encoder.layout_), own),
        "tree_auc_components": detection_auc(pca.transform(real), pca.transform(again), own),
        "own_levels_named": float((level == shown[:, :k].argmax(1)).mean()),
        "own_numbers_r": float(
            np.mean([largest_correlation(numbers[:, [i]], shown[:, k + i]) for i in range(numbers.shape[1])])
        ),
    }


def codes(
    game: infogan_steps.Game,
    untrained: infogan_steps.Game,
    matrices: tuple[np.ndarray, np.ndarray],
    truths: tuple[pd.DataFrame, pd.DataFrame],
    seed: int,
) -> dict[str, object]:
    """What Q says of held-out real rows, and what costs nothing."""
    training, asked = matrices
    factors, quantities = truths
    pca = PCA(game.code.width, random_state=0).fit(training)
    components = pca.transform(asked)
    clusters = KMeans(game.code.n_levels, n_init=10, random_state=seed).fit(pca.transform(training))
    level, numbers = game.name(asked)
    named = {
        "code": level,
        "k-means": clusters.predict(components),
        "untrained": untrained.name(asked)[0],
        "permuted": stream(seed, "infogan permuted").permutation(level),
    }
    shown = {
        "code": numbers,
        "first component": components[:, :1],
        "components": components[:, : numbers.shape[1]],
        "untrained": untrained.name(asked)[1],
    }
    return {
        "level_shares": np.bincount(level, minlength=game.code.n_levels) / len(level),
        "factors": {f: {h: separation(named[h], factors[f].to_numpy()) for h in HOW} for f in factors},
        "quantities": {
            q: {h: largest_correlation(c, quantities[q].to_numpy()) for h, c in shown.items()}
            for q in quantities
        },
    }


def rounded(found: object) -> object:
    """Numbers to four places, however deep."""
    if isinstance(found, Mapping):
        return {k: rounded(v) for k, v in found.items()}
    if isinstance(found, np.ndarray):
        return [rounded(v) for v in found.tolist()]
    return round(found, 4) if isinstance(found, float) else found


def good_runs(done: list[dict], table: str, weight: float) -> list[dict]:
    return [r for r in done if "error" not in r and (r["table"], r["weight"]) == (table, weight)]


def summarise(done: list[dict]) -> dict[str, object]:
    """The rule: medians of the adjusted Rand index against the label, and whether all tables gain more than `WANTED`."""
    tables: dict[str, object] = {}
    for table in PROBLEMS:
        found = good_runs(done, table, 1.0)
        if not found:
            continue
        label = next(iter(found[0]["factors"]))
        ours, theirs = (
            statistics.median(r["factors"][label][h]["ari"] for r in found) for h in ("code", "k-means")
        )
        tables[table] = {
            "label": label,
            "seeds": len(found),
            "code": ours,
            "k-means": theirs,
            "passes": ours > theirs + WANTED,
        }
    passes = len(tables) == len(PROBLEMS) and all(t["passes"] for t in tables.values())
    return {"tables": tables, "into_the_package": passes}


def ranged(values: list[float]) -> str:
    """Median, and the range where there are several."""
    middle = f"{statistics.median(values):.3f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3f} to {max(values):.3f})"


def factor_rows(table: str, learnt: list[dict]) -> list[list[str]]:
    return [
        [f"{table}, {f}", words, *(ranged([r["factors"][f][h][m] for r in learnt]) for h in HOW)]
        for f in learnt[0]["factors"]
        for m, words in MEASURES.items()
    ]


def quantity_rows(table: str, learnt: list[dict]) -> list[list[str]]:
    return [
        [f"{table}, {q}", *(ranged([r["quantities"][q][h] for r in learnt]) for h in SHOWN)]
        for q in learnt[0]["quantities"]
    ]


def cost_row(table: str, weight: float, same: list[dict]) -> list[str]:
    cells = [ranged([r[k] for r in same]) for k in COSTS]
    cpu = statistics.median(r["fit_cpu_seconds"] for r in same)
    return [table, f"{weight:g}", f"{same[0]['steps']}", f"{len(same)}", *cells, f"{cpu:.0f}"]


def figures(path: Path) -> str:
    """Three Markdown tables: factors, quantities, what the term costs; medians over the seeds, and their range."""
    done = json.loads(path.read_text())["runs"]
    learnt = {t: found for t in PROBLEMS if (found := good_runs(done, t, 1.0))}
    played = {(t, w): found for t in PROBLEMS for w in (0.0, 1.0) if (found := good_runs(done, t, w))}
    tables = (
        (["", "", *HOW], [row for t, found in learnt.items() for row in factor_rows(t, found)]),
        (["", *SHOWN], [row for t, found in learnt.items() for row in quantity_rows(t, found)]),
        (
            ["", "weight", "steps", "seeds", *COSTS.values(), "fit, CPU s"],
            [cost_row(*key, found) for key, found in played.items()],
        ),
    )
    return "\n\n".join(markdown(head, rows) for head, rows in tables)


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def write_page(page: Path, path: Path) -> None:
    """Put the figures of a result file between the page's two marks that name it."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {path.name}: begin -->", f"<!-- {path.name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise SystemExit(f"{page} needs one {begin} and one {end}.")
    before, after = text.split(begin)[0], text.split(end)[1]
    page.write_text(f"{before}{begin}\n\n{figures(path)}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--tables", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    add("--seeds", type=int, nargs="+", default=[0, 1, 2])
    add("--weights", type=float, nargs="+", default=[1.0, 0.0], help="of the information term")
    add("--max-steps", type=int, default=MAX_STEPS)
    add("--page", type=Path, help="only write the figures into this page")
    add("--one", type=json.loads, help=argparse.SUPPRESS)
    add("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    if arguments.one:
        job = arguments.one
        found = run_one(PROBLEMS[job["table"]](), job["weight"], job["steps"], job["seed"])
        print(json.dumps(found))
        return
    if arguments.page:
        write_page(arguments.page, arguments.output)
        return
    is_trial = arguments.max_steps != MAX_STEPS or set(arguments.weights) - {0.0, 1.0}
    if is_trial and arguments.output == TARGET:
        parser.error("another weight or number of steps needs an --output: the rule is about the defaults")
    jobs = [
        {"table": t, "weight": w, "steps": arguments.max_steps, "seed": s}
        for s in arguments.seeds
        for t in arguments.tables
        for w in arguments.weights
    ]
    runs.run_all(__file__, jobs, KEYS, arguments.output, summarise)
    print(arguments.output)


if __name__ == "__main__":
    main()
