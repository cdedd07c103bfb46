"""ForestDiffusion (trees as a flow), all defaults, on the cores that this run has."""

import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
from filled import filled
from ForestDiffusion import ForestDiffusionModel


@dataclass
class Model:
    """The model, and what its codes stand for."""

    forest: ForestDiffusionModel
    columns: list[str]
    levels: dict[str, np.ndarray]


def fit(frame: pd.DataFrame, categorical: list[str], seed: int) -> Model:
    frame = filled(frame)
    coded, levels = {}, {}
    for name in frame:
        if name in categorical:
            coded[name], levels[name] = pd.factorize(frame[name])
        else:
            coded[name] = frame[name].to_numpy(float)
    whole = [i for i, c in enumerate(frame) if c not in levels and frame[c].dtype.kind in "iu"]
    forest = ForestDiffusionModel(
        np.column_stack(list(coded.values())).astype(float),
        cat_indexes=[i for i, c in enumerate(frame) if c in levels],
        int_indexes=whole,
        n_jobs=int(os.environ.get("OMP_NUM_THREADS", "1")),
        seed=seed,
    )
    return Model(forest, list(frame.columns), levels)


def sample(model: Model, n_rows: int) -> pd.DataFrame:
    made = pd.DataFrame(np.asarray(model.forest.generate(batch_size=n_rows), float), columns=model.columns)
    for name, levels in model.levels.items():
        made[name] = np.asarray(levels)[made[name].round().astype(int).clip(0, len(levels) - 1)]
    return made
