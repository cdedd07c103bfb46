"""Latent vectors of rows: reconstruction, recovery, a linear probe beside PCA, walks; on three real tables.

    python benchmarks/laboratory/latent.py [--tables mnist_t10k adult expr_singh] [--models ...] [--seeds 0]

Labels (`digit`, `income`, the tissue) take no part in the fits; a logistic regression on the latent vectors of training rows
predicts them for held-out rows, beside one on as many principal components of the same encoded matrix, and on the matrix.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import frontier_tables
import problems
import runs

from synthgen import SynthGAN, SynthVAE
from synthgen.studies.latent_study import latent_study

RESULT = Path(__file__).resolve().parents[1] / "results" / "laboratory" / "latent.json"
PROBED = 4000
"""Rows that probes learn from, at most, and half as many that they are judged on."""
N_WALKS = 1000
SETTINGS = {
    "adult": {"max_steps": 4000},
    "expr_singh": {"reduce": 16},
    "mnist_t10k": {"max_steps": 4000},
}
"""Fewer steps than the default, as what is asked is what vectors tell, not how real rows look; and factors enough for 76 rows
to have a latent space: by default they have one factor."""
GAN_SETTINGS = {
    "adult": {},
    "expr_singh": {},
    "mnist_t10k": {"numeric_encoding": "min-max", "calibrate": False, "frequencies": ()},
}
"""Pixels as they are: by ranks each is a gate and a number, and a step takes five times as long."""

MODELS = {
    "GAN": lambda **k: SynthGAN(refine=None, **k),
    "GAN, 16 numbers": lambda **k: SynthGAN(refine=None, latent_dim=16, **k),
    "adversarial inference": lambda **k: SynthGAN(refine=None, inference="adversarial", **k),
    "VAE": SynthVAE,
}
"""On common factors (expr_singh) `latent_dim` and `inference` have no say."""


def table_of(name: str) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Columns to learn, labels, and which rows are held out."""
    if name == "adult":
        training, held = problems.load(problems.MIXED["adult"])
        whole = pd.concat([training, held], ignore_index=True)
        return whole.drop(columns="income"), whole["income"], np.arange(len(whole)) >= len(training)
    if name == "mnist_t10k":
        whole = problems.whole_table(name)
        # pixels that are hardly ever ink would only be columns of zeros
        inked = [c for c in whole.columns if c != "digit" and (whole[c] > 0).mean() > 0.02]
        table, label = whole[inked], whole["digit"]
    else:
        whole = frontier_tables.whole(name.removeprefix("expr_"))
        table, label = whole.drop(columns=frontier_tables.LABEL), whole[frontier_tables.LABEL]
    is_held = np.random.default_rng(0).permutation(len(table)) < len(table) // 4
    return table, label, is_held


def run_one(name: str, maker: str, seed: int) -> dict[str, object]:
    table, label, is_held = table_of(name)
    training, held = table[~is_held].reset_index(drop=True), table[is_held].reset_index(drop=True)
    own = SETTINGS[name] | (GAN_SETTINGS[name] if maker != "VAE" else {})
    model = MODELS[maker](random_state=seed, verbose=0, **own)
    cpu, wall = time.process_time(), time.monotonic()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(training)
    out: dict[str, object] = {
        "fit_cpu_s": round(time.process_time() - cpu, 1),
        "fit_s": round(time.monotonic() - wall, 1),
        "latent_dim": model.sample_latent(1).shape[1],
        "alarms": [str(w.message)[:200] for w in caught],
    }
    out |= reconstruction(model, held)
    out |= recovery(model, seed)
    out |= probes(model, (training, label[~is_held]), (held, label[is_held]))
    study = latent_study(model, held, n_paths=N_WALKS, random_state=seed, verbose=0)
    out["n_walks"] = study.n_paths
    out["walks"] = {
        group.name: {
            "as_samples": [
                round(v, 4) for v in (group.as_samples.value, group.as_samples.low, group.as_samples.high)
            ],
            "as_real": None if group.as_real is None else round(group.as_real.value, 4),
        }
        for group in study.groups
    }
    return out


def reconstruction(model: SynthGAN | SynthVAE, held: pd.DataFrame) -> dict[str, object]:
    """R2 of the held-out rows' numbers in normal scores, and right levels, after `encode`; by the guess alone too."""
    held = held[:PROBED]
    out: dict[str, object] = {}
    matrix = model.encoder_.transform(held, ties="middle")
    layout = model.encoder_.layout_
    numeric = [b.start for b in layout.numeric]
    for name, steps in (("", 100), ("_guess", 0)):
        cpu = time.process_time()
        z, error = model.encode(held, steps=steps, return_error=True)
        rebuilt = model.model_.rows(z, matrix[:, model.model_.cond_columns], likeliest=True)
        missed = np.square(matrix[:, numeric] - rebuilt[:, numeric]).sum()
        spread = np.square(matrix[:, numeric] - matrix[:, numeric].mean(0)).sum()
        right = [
            (matrix[:, b.start : b.stop].argmax(1) == rebuilt[:, b.start : b.stop].argmax(1)).mean()
            for b in layout.one_hot
        ]
        usual = [matrix[:, b.start : b.stop].mean(0).max() for b in layout.one_hot]
        out[f"r2{name}"] = round(float(1 - missed / spread), 4)
        out[f"right_levels{name}"] = round(float(np.mean(right)), 4) if right else None
        out[f"row_error{name}"] = round(float(error.mean()), 4)
        out[f"encode{name}_cpu_s"] = round(time.process_time() - cpu, 1)
        out["commonest_levels"] = round(float(np.mean(usual)), 4) if usual else None
    return out


def recovery(model: SynthGAN | SynthVAE, seed: int) -> dict[str, object]:
    """R2 of the latent vectors of generated rows, 1 where the generator is injective."""
    z = model.sample_latent(1000, random_state=seed)
    back = model.encode(model.generate(z, choices="likeliest"))
    return {"r2_of_z": round(float(1 - np.square(back - z).sum() / np.square(z - z.mean(0)).sum()), 4)}


def probes(model: SynthGAN | SynthVAE, training: tuple, held: tuple) -> dict[str, object]:
    """Accuracy of a logistic regression on held-out rows, on latent vectors and on what else there is."""
    rows, label = training[0][:PROBED], training[1][:PROBED]
    asked, truth = held[0][: PROBED // 2], held[1][: PROBED // 2]
    ours, theirs = (model.encoder_.transform(t, ties="middle") for t in (rows, asked))
    z, z_asked = model.encode(rows), model.encode(asked)
    width = min(z.shape[1], *ours.shape)
    pca = PCA(width, random_state=0).fit(ours)
    found = {
        "probe_z": (z, z_asked),
        "probe_pca": (pca.transform(ours), pca.transform(theirs)),
        "probe_matrix": (ours, theirs),
    }
    out: dict[str, object] = {"probe_commonest": round(float((truth == label.mode()[0]).mean()), 4)}
    for name, (x, y) in found.items():
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, C=0.1))
        out[name] = round(float((probe.fit(x, label).predict(y) == truth.to_numpy()).mean()), 4)
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="*", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        job = json.loads(arguments.one)
        print(json.dumps(run_one(job["table"], job["model"], job["seed"])))
        return 0
    jobs = [
        {"table": t, "model": m, "seed": s}
        for s in arguments.seeds
        for t in arguments.tables
        for m in arguments.models
        if t != "expr_singh" or m in ("GAN", "VAE")
    ]
    runs.run_all(__file__, jobs, ("table", "model", "seed"), RESULT, len, timeout=5_400)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
