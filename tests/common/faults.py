"""Tables with planted faults, and what a report must say of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthgen.rng import stream

N_ROWS = 4_000
N_HOLDOUT = 2_000
N_WIDE, P_WIDE = 300, 4_000


def make_table(n, seed):
    """Mixed columns of one source: two modes, correlations, a sum, levels, decimals, missing values."""
    draw = stream(seed, "test.faults")
    mode = draw.random(n) < 0.12
    height = draw.normal(170, 10, n)
    grade = draw.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.17, 0.03])
    net, fee = draw.gamma(2, 100, n).round(2), draw.gamma(3, 5, n).round(2)
    return pd.DataFrame(
        {
            "u": np.where(mode, draw.normal(9, 0.5, n), draw.normal(0, 1, n)),
            "v": np.where(mode, draw.normal(-7, 0.5, n), draw.normal(0, 1, n)),
            "height": height,
            "weight": 0.9 * height - 80 + draw.normal(0, 6, n),
            "grade": grade,
            "mark": (grade == "a") * 1.0 + draw.normal(0, 1, n),
            "price": draw.lognormal(2, 0.5, n).round(2),
            "net": net,
            "fee": fee,
            "total": (net + fee).round(2),
            "lab": pd.Series(draw.normal(0, 1, n)).where(draw.random(n) > 0.1),
        }
    )


def tables(seed):
    """Real, fresh and held-out rows."""
    return make_table(N_ROWS, 3 * seed), make_table(N_ROWS, 3 * seed + 1), make_table(N_HOLDOUT, 3 * seed + 2)


def make_wide(n, seed, mean=0.0):
    """Many numeric columns with a few causes in common: more columns than rows."""
    loadings = stream(0, "test.faults.loadings").normal(0, 0.5, (8, P_WIDE))
    draw = stream(seed, "test.faults.wide")
    values = draw.normal(0, 1, (n, 8)) @ loadings + draw.normal(0, 1, (n, P_WIDE)) + mean
    return pd.DataFrame(values, columns=[f"gene{i}" for i in range(P_WIDE)])


def wide_tables(seed):
    """Real, fresh and held-out rows of a wide table."""
    return tuple(make_wide(N_WIDE, 3 * seed + i) for i in range(3))


_PARTS = {
    "columns": ["columns"],
    "pairs": ["columns", "pairs"],
    "relations": ["columns", "relations"],
    "regions": ["columns", "collapse"],
    "copies": ["nearest"],
    "membership": ["columns", "membership"],
}


@dataclass(frozen=True)
class Fault:
    """A fault planted in fresh rows.

    Parameters
    ----------
    plant : callable (real, fresh, draw) -> DataFrame
        Makes the faulty synthetic table.
    about : str
        What the verdict must be about.
    kind : str
        Its kind.
    columns : tuple of str
        Columns that it must name.
    words : str
        What its sentence must hold.
    is_wide : bool
        Whether it is planted in the wide table.
    """

    plant: Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]
    about: str
    kind: str = "wrong"
    columns: tuple[str, ...] = ()
    words: str = ""
    is_wide: bool = False

    @property
    def parts(self):
        """Parts of the evaluation that see it: the others are left out, for time's sake."""
        return _PARTS[self.about]

    def is_named(self, verdicts):
        """Whether one of the verdicts names the fault."""
        return any(
            v.kind == self.kind
            and v.about == self.about
            and set(self.columns) <= set(v.columns)
            and self.words in v.sentence
            for v in verdicts
        )


def _shuffled(column):
    def plant(real, fresh, draw):
        return fresh.assign(**{column: draw.permutation(fresh[column].to_numpy())})

    return plant


def _partly_copied(real, fresh, draw):
    n = len(fresh) // 20
    return pd.concat([fresh.iloc[n:], real.sample(n, random_state=draw)], ignore_index=True)


def _full_covariance(real, fresh, draw):
    centred = real.to_numpy() - real.to_numpy().mean(axis=0)
    values = draw.normal(size=(2 * len(real), len(real))) @ centred / np.sqrt(len(real) - 1)
    return pd.DataFrame(values + real.to_numpy().mean(axis=0), columns=real.columns)


def _means_of_the_real_rows(real, fresh, draw):
    values = fresh.to_numpy()
    return pd.DataFrame(values - values.mean(axis=0) + real.to_numpy().mean(axis=0), columns=real.columns)


FAULTS = {
    "bootstrap copy": Fault(
        lambda real, fresh, draw: real.sample(len(real), replace=True, random_state=draw, ignore_index=True),
        "copies",
        "leak",
        words="100.0% of the synthetic rows equal a real row",
    ),
    "bootstrap copy, by membership": Fault(
        lambda real, fresh, draw: real.sample(len(real), replace=True, random_state=draw, ignore_index=True),
        "membership",
        "leak",
    ),
    "5% of rows copied": Fault(
        _partly_copied, "copies", "leak", words="5.0% of the synthetic rows equal a real row"
    ),
    "independent columns": Fault(
        lambda real, fresh, draw: fresh.apply(lambda c: draw.permutation(c.to_numpy())),
        "pairs",
        words="independent of each other",
    ),
    "one column shuffled": Fault(_shuffled("weight"), "pairs", columns=("weight", "height")),
    "one level missing": Fault(
        lambda real, fresh, draw: fresh.assign(grade=fresh.grade.replace("d", "a")),
        "columns",
        columns=("grade",),
        words="'d'",
    ),
    "a mode missing": Fault(
        lambda real, fresh, draw: (
            make_table(2 * len(fresh), int(draw.integers(2**40)))
            .query("u < 5")
            .head(len(fresh))
            .reset_index(drop=True)
        ),
        "regions",
        words="A mode is missing",
    ),
    "+10% scale": Fault(
        lambda real, fresh, draw: fresh.assign(lab=fresh.lab * 1.1), "columns", columns=("lab",)
    ),
    "-10% scale": Fault(
        lambda real, fresh, draw: fresh.assign(lab=fresh.lab * 0.9), "columns", columns=("lab",)
    ),
    "noise in one deterministic relation": Fault(
        lambda real, fresh, draw: fresh.assign(
            total=(fresh.total + draw.normal(0, 0.05 * fresh.total.std(), len(fresh))).round(2)
        ),
        "relations",
        columns=("total",),
    ),
    "wrong decimals": Fault(
        lambda real, fresh, draw: fresh.assign(
            price=fresh.price + draw.uniform(-0.005, 0.005, len(fresh)).round(4)
        ),
        "columns",
        columns=("price",),
        words="decimals",
    ),
    "NaN share changed": Fault(
        lambda real, fresh, draw: fresh.assign(lab=fresh.lab.where(draw.random(len(fresh)) > 0.06)),
        "columns",
        columns=("lab",),
        words="missing",
    ),
    "mean shifted": Fault(
        lambda real, fresh, draw: fresh.assign(height=fresh.height + 2), "columns", columns=("height",)
    ),
    "full sample covariance": Fault(_full_covariance, "membership", "leak", words="span", is_wide=True),
    "means of the real rows": Fault(_means_of_the_real_rows, "membership", "leak", is_wide=True),
}
"""By what is wrong."""
