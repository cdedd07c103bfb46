"""What the frontier compares: models by name and setting, and two more that only a benchmark wants."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from frontier_tables import LABEL

from synthgen import Bootstrap, GaussianCopula, IndependentMarginals, SynthGAN
from synthgen.encoders.wide_columns import WideOptions
from synthgen.models.base import MIN_ROWS
from synthgen.rng import derived_seed, stream

GAN, COPULA, FORCED = "SynthGAN", "GaussianCopula", "SynthGAN, gan"
CLASS_WISE, RAW_MEANS = "class-wise Gaussian", "raw class means"
FLOOR, MEMORISER, REAL = "IndependentMarginals", "Bootstrap", "real rows"
MODELS = (GAN, COPULA, FORCED, CLASS_WISE, RAW_MEANS, FLOOR, MEMORISER, REAL)
PRESETS = ("default", "strict", "fidelity")
SHARES = (32, 16, 8, 4)
"""Training rows for each common factor."""
FEWER_SHARES = (16, 4)
"""For the models that are there to be compared with."""


def numbers_of_factors(n_rows: int, shares: tuple[int, ...]) -> list[int]:
    """k from 2 to a quarter of the training rows."""
    return sorted({2, *(max(2, round(n_rows / share)) for share in shares)})


def settings(n_rows: int) -> list[tuple[str, str]]:
    """Models and settings: presets and ends of the scale, then the numbers of factors."""
    most, fewer = (
        [f"k={k}" for k in numbers_of_factors(n_rows, shares)] for shares in (SHARES, FEWER_SHARES)
    )
    return [
        *((m, p) for p in PRESETS for m in (GAN, COPULA)),
        (FORCED, "default"),
        *((m, "") for m in (REAL, FLOOR, MEMORISER)),
        *((m, f) for m in (GAN, COPULA) for f in most),
        *((m, f) for m in (CLASS_WISE, RAW_MEANS) for f in fewer),
    ]


class RawClassMeans(SynthGAN):
    """SynthGAN's linear model with every class's mean of every gene as the training rows have it."""

    def _wide_options(self) -> WideOptions:
        return replace(super()._wide_options(), effect_threshold=0.0)


class ClassWiseGaussian:
    """A GaussianCopula for each class; classes of fewer rows than a model needs are fitted as one."""

    def __init__(self, *, reduce: int, random_state: int) -> None:
        self.reduce = reduce
        self.random_state = random_state

    def fit(self, table: pd.DataFrame) -> ClassWiseGaussian:
        counts = table[LABEL].value_counts()
        small = set(counts.index[counts < MIN_ROWS])
        groups = [[c] for c in counts.index if c not in small]
        if small:
            groups.append(sorted(small))
        self.labels_ = table[LABEL].to_numpy()
        self.group_ = pd.Series({c: i for i, group in enumerate(groups) for c in group})
        self.models_ = [
            GaussianCopula(
                reduce=self.reduce, random_state=derived_seed(self.random_state, "class", i), verbose=0
            ).fit(table[table[LABEL].isin(group)].reset_index(drop=True))
            for i, group in enumerate(groups)
        ]
        return self

    def sample(self, n: int, *, random_state: int) -> pd.DataFrame:
        """Classes as often as among the training rows."""
        rng = stream(random_state, "benchmark.frontier.classes")
        group = self.group_.loc[rng.choice(self.labels_, n)].to_numpy()
        parts = []
        for i, model in enumerate(self.models_):
            places = np.flatnonzero(group == i)
            rows = model.sample(len(places), random_state=derived_seed(random_state, "class", i))
            parts.append(rows.set_index(places))
        return pd.concat(parts).sort_index()


def make(model: str, setting: str, seed: int) -> Any:
    """An unfitted model."""
    if model == FLOOR:
        return IndependentMarginals(random_state=seed, verbose=0)
    if model == MEMORISER:
        return Bootstrap(random_state=seed, verbose=0)
    if model == FORCED:
        return SynthGAN(preset=setting, wide_model="gan", random_state=seed, verbose=0)
    kind: Any = {
        GAN: SynthGAN,
        COPULA: GaussianCopula,
        RAW_MEANS: RawClassMeans,
        CLASS_WISE: ClassWiseGaussian,
    }[model]
    if setting in PRESETS:
        return kind(preset=setting, random_state=seed, verbose=0)
    more = {CLASS_WISE: {}, RAW_MEANS: {"verbose": 0, "wide_model": "linear"}}.get(model, {"verbose": 0})
    return kind(reduce=int(setting.removeprefix("k=")), random_state=seed, **more)


def synthetic_rows(
    model: str, setting: str, train: pd.DataFrame, n: int, seed: int
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Rows of one model, and what is to be told of it."""
    fitted = make(model, setting, seed)
    start = time.process_time()
    fitted.fit(train)
    told: dict[str, object] = {"fit_cpu_seconds": round(time.process_time() - start, 2)}
    if model in (GAN, COPULA, FORCED, RAW_MEANS):
        told["k"] = fitted.encoder_.block_.n_scores
    elif model == CLASS_WISE:
        told["k"] = max(m.encoder_.block_.n_scores for m in fitted.models_)
    if model in (GAN, FORCED, RAW_MEANS):
        told["winner"] = fitted.winner_
    return fitted.sample(n, random_state=derived_seed(seed, "benchmark.frontier.sample")), told
