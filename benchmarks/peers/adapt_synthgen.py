"""SynthGAN under the same limits: all defaults unless a setting is given, with selection and without."""

import inspect
from collections.abc import Callable
from functools import partial

import pandas as pd

from synthgen import SynthGAN, infer_schema


def fit(
    frame: pd.DataFrame,
    categorical: list[str],
    seed: int,
    declared: list[str] | None = None,
    settings: dict[str, object] | None = None,
) -> SynthGAN:
    """`declared` are integer columns that the schema calls categorical."""
    settings = dict(settings or {})
    if declared:
        settings["schema"] = declared_schema(frame, declared)
    return SynthGAN(random_state=seed, verbose=0, **settings).fit(frame)


def declared_schema(frame: pd.DataFrame, declared: list[str]) -> object:
    """Only those columns, all else as found."""
    schema = infer_schema(frame)
    for name in declared:
        schema = schema.replace(name, kind="categorical")
    return type(schema)(tuple(schema[name] for name in declared))


def sample(model: SynthGAN, n_rows: int) -> pd.DataFrame:
    return model.sample(n_rows, random_state=0)


def draws(model: SynthGAN, seed: int) -> dict[str, Callable[[int], pd.DataFrame]]:
    """By the end of the name of the result; selection only where the model has it."""
    draw = partial(model.sample, random_state=seed)
    if "refine" not in inspect.signature(model.sample).parameters:
        return {"-no-selection": draw}
    return {"": partial(draw, refine="auto"), "-no-selection": partial(draw, refine=None)}
