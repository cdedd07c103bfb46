"""Write the golden models of this version: tests/golden/<version>/, a model of every kind and the rows that it gives.

    python tests/golden/make.py

Run once for each release, when the format is final, and commit what it writes: from then on every later version must load
these files and give the same rows (`tests/test_golden.py`). Files of released versions are never made anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent
N_ROWS = 50
SEED = 1
TINY = {"hidden_dims": (8,), "latent_dim": 4, "max_steps": 20, "random_state": 0, "verbose": 0}
PLAIN = {"random_state": 0, "verbose": 0}


def tables() -> dict[str, pd.DataFrame]:
    """A mixed table, one with rules and a wide one; simulated."""
    rng = np.random.default_rng(11)
    n = 80
    mixed = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": np.where(rng.random(n) < 0.2, np.nan, np.exp(rng.normal(10, 1, n)).round(2)),
            "sex": pd.Categorical(rng.choice(["f", "m"], n)),
            "town": rng.choice(["Rome", "Oslo", None], n),
            "when": pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "id": [f"P-{i:05d}" for i in range(n)],
            "fixed": 7,
            "flag": pd.array(rng.choice([True, False, None], n), dtype="boolean"),
            "small": rng.normal(size=n).astype(np.float32),
        }
    )
    start, kind = rng.integers(0, 50, n), rng.choice(["a", "b", "c"], n)
    rules = pd.DataFrame(
        {
            "start": start,
            "end": start + rng.integers(0, 20, n),
            "kind": kind,
            "code": pd.Series(kind).map({"a": 1, "b": 2, "c": 2}),
        }
    )
    factors = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 60)) + rng.normal(size=(40, 60))
    wide = pd.DataFrame(factors.astype(np.float32), columns=[f"g{i}" for i in range(60)])
    wide.insert(0, "class", rng.choice(["x", "y"], 40))
    many = pd.DataFrame(rng.normal(size=(210, 2)), columns=list("xy")).assign(count=rng.poisson(3, 210))
    return {"mixed": mixed, "rules": rules, "wide": wide, "many": many}


def libraries() -> dict[str, str]:
    """Versions on which the last bits of rows may depend."""
    import lightgbm
    import torch

    return {
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "torch": torch.__version__,
        "lightgbm": lightgbm.__version__,
    }


def main() -> None:
    """Write the folder of this version."""
    from synthgen import (
        Bootstrap,
        GaussianCopula,
        IndependentMarginals,
        SynthGAN,
        SynthVAE,
        __version__,
        load,
    )
    from synthgen.table.write import write_table

    folder = FOLDER / __version__
    folder.mkdir(exist_ok=True)
    given = tables()
    plans = {
        "synthgan": (SynthGAN(**TINY), "mixed"),
        "synthgan-conditional": (SynthGAN(**TINY, conditional_on=["sex", "flag"]), "mixed"),
        "synthgan-maxout": (SynthGAN(**TINY, preset="goodfellow2014"), "many"),
        "synthgan-relations": (SynthGAN(**TINY), "rules"),
        "synthgan-selection": (SynthGAN(**TINY, refine=2), "many"),
        "synthgan-wide": (SynthGAN(**TINY, covariates=["class"]), "wide"),
        "synthvae": (SynthVAE(**TINY), "mixed"),
        "gaussiancopula": (GaussianCopula(**PLAIN), "mixed"),
        "independentmarginals": (IndependentMarginals(**PLAIN), "mixed"),
        "bootstrap": (Bootstrap(**PLAIN), "mixed"),
    }
    for name, (model, table) in plans.items():
        model.fit(given[table]).save(folder / f"{name}.synthgen")
        loaded = load(folder / f"{name}.synthgen")
        rows = loaded.sample(N_ROWS, random_state=SEED)
        write_table(rows, folder / f"{name}.parquet", schema=loaded.schema_)
    (folder / "versions.json").write_text(json.dumps(libraries(), indent=1) + "\n")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{folder}: {len(plans)} models, {size:,} bytes")


if __name__ == "__main__":
    main()
