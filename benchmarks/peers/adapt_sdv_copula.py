"""SDV's GaussianCopulaSynthesizer, all defaults; it has no seed of its own."""

import numpy as np
import pandas as pd
from sdv.metadata import Metadata
from sdv.single_table import GaussianCopulaSynthesizer


def fit(frame: pd.DataFrame, categorical: list[str], seed: int) -> GaussianCopulaSynthesizer:
    np.random.seed(seed)  # noqa: NPY002
    columns = {c: {"sdtype": "categorical" if c in categorical else "numerical"} for c in frame.columns}
    metadata = Metadata.load_from_dict({"tables": {"table": {"columns": columns}}})
    model = GaussianCopulaSynthesizer(metadata)
    model.fit({"table": frame})
    return model


def sample(model: GaussianCopulaSynthesizer, n_rows: int) -> pd.DataFrame:
    (table,) = model.sample(n_rows).values()
    return table
