"""Parzen-window log-likelihoods on MNIST, as in the first GAN's paper: its preset, the default, real rows.

    python benchmarks/laboratory/parzen.py [--models goodfellow2014 default ...] [--seeds 0 1 2]

The protocol of I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, section 5: a normal kernel on each of
10,000 samples, pixels in [0, 1], the kernel's width chosen on validation rows from ten between 0.1 and 1, the mean log
density of test rows with its standard error. `mnist_t10k` has 10,000 rows: 8,000 to learn from, 1,000 and 1,000; the paper
learnt from 50,000 and published 225 +- 2.
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
from scipy.special import logsumexp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import machine
from problems import whole_table

from synthgen import SynthGAN, SynthVAE

RESULT = Path(__file__).resolve().parents[1] / "results" / "laboratory" / "parzen.json"
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIGMAS = np.logspace(-1, 0, 10)
N_SAMPLES = 10_000
SIZES = (8000, 1000, 1000)
PUBLISHED = {"mean": 225.0, "standard_error": 2.0, "rows": 50_000}

MODELS = {
    "goodfellow2014": lambda seed: SynthGAN(preset="goodfellow2014", random_state=seed),
    "default": lambda seed: SynthGAN(random_state=seed),
    "default, no selection": lambda seed: SynthGAN(random_state=seed, refine=None),
    "default, pixels as they are": lambda seed: SynthGAN(
        numeric_encoding="min-max", calibrate=False, frequencies=(), refine=None, random_state=seed
    ),
    "vae": lambda seed: SynthVAE(random_state=seed),
}
"""Each is fitted to the pixels of the training rows."""


def splits() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Training, validation and test rows, pixels only, in an order drawn once."""
    table = whole_table("mnist_t10k").drop(columns="digit")
    order = np.random.default_rng(0).permutation(len(table))
    ends = np.cumsum(SIZES)
    parts = order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] : ends[2]]
    return tuple(table.iloc[part].reset_index(drop=True) for part in parts)


def pixels(table: pd.DataFrame) -> np.ndarray:
    return table.to_numpy(dtype=np.float32) / 255


def log_density(points: np.ndarray, samples: np.ndarray, sigma: float) -> np.ndarray:
    """Log density of points under a normal kernel of standard deviation sigma on every sample, shape (n,)."""
    width = points.shape[1]
    squared_samples = np.square(samples).sum(1)
    out = []
    for part in np.array_split(points, max(1, len(points) // 100)):
        squared = np.square(part).sum(1)[:, None] + squared_samples - 2 * part @ samples.T
        out.append(logsumexp(-np.maximum(squared, 0).astype(np.float64) / (2 * sigma**2), axis=1))
    constant = np.log(len(samples)) + width * np.log(sigma * np.sqrt(2 * np.pi))
    return np.concatenate(out) - constant


def parzen(samples: np.ndarray, validation: np.ndarray, test: np.ndarray) -> dict[str, float]:
    """Width by validation rows, mean and standard error on test rows."""
    found = [log_density(validation, samples, sigma).mean() for sigma in SIGMAS]
    sigma = float(SIGMAS[int(np.argmax(found))])
    density = log_density(test, samples, sigma)
    return {
        "mean": round(float(density.mean()), 2),
        "standard_error": round(float(density.std(ddof=1) / np.sqrt(len(density))), 2),
        "sigma": round(sigma, 4),
        "validation": round(float(np.max(found)), 2),
    }


def picture(samples: np.ndarray, path: Path, rows: int = 8, columns: int = 16) -> None:
    """A grid of the first samples, dark on light."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    images = samples[: rows * columns].reshape(rows, columns, 28, 28)
    grid = images.transpose(0, 2, 1, 3).reshape(rows * 28, columns * 28)
    path.parent.mkdir(parents=True, exist_ok=True)
    pyplot.imsave(path, 1 - grid, cmap="gray", vmin=0, vmax=1, dpi=100)


def real_rows(training: np.ndarray, validation: np.ndarray, test: np.ndarray) -> dict[str, object]:
    """What the rows themselves give: as they are, and drawn again."""
    rng = np.random.default_rng(0)
    again = training[rng.integers(len(training), size=N_SAMPLES)]
    return {
        "training rows": parzen(training, validation, test),
        "training rows drawn again": parzen(again, validation, test),
    }


def run_one(name: str, seed: int) -> dict[str, object]:
    training, validation, test = splits()
    model = MODELS[name](seed)
    wall, cpu = time.monotonic(), time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(training)
    fitted = {"fit_s": round(time.monotonic() - wall, 1), "fit_cpu_s": round(time.process_time() - cpu, 1)}
    wall = time.monotonic()
    samples = pixels(model.sample(N_SAMPLES, random_state=seed))
    fitted["sample_s"] = round(time.monotonic() - wall, 1)
    if seed == 0:
        picture(samples, PICTURES / f"digits-{name.replace(', ', '-').replace(' ', '-')}.png")
        picture(pixels(test), PICTURES / "digits-real.png")
    return {
        **parzen(samples, pixels(validation), pixels(test)),
        **fitted,
        "steps": len(model.history_),
        "alarms": [str(w.message) for w in caught],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    arguments = parser.parse_args()
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {"runs": {}}
    found |= {"published": PUBLISHED, "sizes": SIZES, "machine": machine.describe()}
    if "real" not in found:
        found["real"] = real_rows(*map(pixels, splits()))
        print(json.dumps(found["real"]))
    for seed in arguments.seeds:
        for name in arguments.models:
            if str(seed) in found["runs"].get(name, {}):
                continue
            result = run_one(name, seed)
            print(name, seed, json.dumps(result), flush=True)
            found["runs"].setdefault(name, {})[str(seed)] = result
            RESULT.parent.mkdir(parents=True, exist_ok=True)
            RESULT.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
