"""Makes prdc_density_coverage.json; also builds the points for the test. See README.md.

Run in an environment of its own (prdc is no dependency of synthgen)::

    python -m venv reference-env && reference-env/bin/pip install prdc scikit-learn
    reference-env/bin/python tests/reference/prdc_density_coverage.py
"""

import importlib.metadata
import json
import pathlib

import numpy as np
from sklearn.datasets import load_wine

NEIGHBOURS = (1, 3, 5, 10)


def build() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Real and fake points from scikit-learn's wine data, without any random number."""
    wine = load_wine().data
    points = (wine - wine.mean(axis=0)) / wine.std(axis=0)
    real, fresh = points[0::2], points[1::2]
    shrunk = 0.6 * fresh + 0.1
    return {
        "other rows": (real, fresh),
        "shrunk": (real, shrunk),
        "one kind of three": (real, fresh[:30]),
        "columns shuffled": (real, np.stack([np.roll(c, 7 * j) for j, c in enumerate(fresh.T)], axis=1)),
    }


def main() -> None:
    """Score the points by prdc and write the numbers beside this file."""
    from prdc import compute_prdc

    cases = [
        {"case": name, "k": k, **_found(compute_prdc(real, fake, nearest_k=k))}
        for name, (real, fake) in build().items()
        for k in NEIGHBOURS
    ]
    out = {"prdc": importlib.metadata.version("prdc"), "cases": cases}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=1) + "\n")


def _found(scores: dict) -> dict:
    return {"density": float(scores["density"]), "coverage": float(scores["coverage"])}


if __name__ == "__main__":
    main()
