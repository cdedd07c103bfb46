"""Models that earlier versions wrote can be loaded, and give the rows that they gave.

`tests/golden/make.py` writes the files of a version, once. Where numpy, pandas and torch are those
that wrote the file, rows must come back exactly. With others, whose sums may be rounded otherwise in the last bits, floats may
differ by 1e-4 of their column's range, and one value in a hundred, of any kind, by more: a score that stands at the border of
a step or a choice may fall on its other side.
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import synthgen
from synthgen import load
from synthgen.table.read import read_schema, read_table
from tests.golden.make import N_ROWS, SEED, libraries

FOLDER = Path(__file__).parent / "golden"
VERSIONS = sorted(p for p in FOLDER.iterdir() if re.fullmatch(r"\d+\.\d+\.\d+", p.name))
MODELS = [path for folder in VERSIONS for path in sorted(folder.glob("*.synthgen"))]


def alike(rows: pd.DataFrame, golden: pd.DataFrame, *, exact: bool) -> None:
    """Fail if rows are not those that were written."""
    if exact:
        assert_frame_equal(rows, golden)
        return
    assert rows.dtypes.equals(golden.dtypes)
    for name in golden:
        if golden[name].dtype.kind != "f":
            assert (rows[name].astype(str) == golden[name].astype(str)).mean() >= 0.99
            continue
        found, wanted = (t[name].to_numpy(dtype=np.float64) for t in (rows, golden))
        assert (np.isnan(found) == np.isnan(wanted)).mean() >= 0.99
        scale = max(np.nanmax(wanted) - np.nanmin(wanted), 1e-300)
        differs = np.abs(found - wanted) > 1e-4 * scale
        assert differs.mean() <= 0.01


def is_exact(folder: Path) -> bool:
    """Whether the libraries are those that wrote a folder's files."""
    return json.loads((folder / "versions.json").read_text()) == libraries()


def test_every_golden_model_gives_the_rows_that_it_gave():
    for path in MODELS:
        model = load(path)
        golden = read_table(path.with_suffix(".parquet"))
        rows = model.sample(N_ROWS, random_state=SEED)
        alike(rows, golden, exact=is_exact(path.parent))
        assert read_schema(path.with_suffix(".parquet")).names == model.schema_.names


def test_this_version_has_golden_models():
    assert synthgen.__version__ in {folder.name for folder in VERSIONS}, "run python tests/golden/make.py"
    assert any(path.parent.name == synthgen.__version__ for path in MODELS)


def test_a_released_version_has_a_model_of_every_kind():
    kinds = {"synthgan", "synthvae", "gaussiancopula", "independentmarginals", "bootstrap"}
    for folder in VERSIONS:
        assert {p.stem.split("-")[0] for p in folder.glob("*.synthgen")} == kinds
        assert sum(p.stat().st_size for p in folder.iterdir()) < 1_000_000


def test_rows_that_differ_are_told():
    golden = pd.DataFrame({"x": np.arange(100.0), "k": ["a", "b"] * 50})
    near = golden.assign(x=golden["x"] + 1e-6)
    alike(near, golden, exact=False)
    for bad in (golden.assign(x=golden["x"] + 1), golden.assign(k="a"), golden.assign(x=np.nan)):
        with pytest.raises(AssertionError):
            alike(bad, golden, exact=False)
    with pytest.raises(AssertionError):
        alike(near, golden, exact=True)
