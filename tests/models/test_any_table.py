"""Any table that fits a schema: fitted, sampled, saved, loaded, sampled again equal, dtypes and schema kept.

`make test` plays 100 examples, the same ones each time; `make fuzz` plays as many as SYNTHGEN_EXAMPLES says, fresh ones,
and prints how many of each model came through.
"""

import json
import os
from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from pandas.testing import assert_frame_equal

from synthgen.exceptions import ColumnRejected, ConditionError
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.persistence import load
from synthgen.models.synthgan import SynthGAN
from synthgen.models.vae import SynthVAE
from tests.common import encoder_checks
from tests.common.tables import every_dtype

EXAMPLES = int(os.environ.get("SYNTHGEN_EXAMPLES", "100"))
IS_LONG = "SYNTHGEN_EXAMPLES" in os.environ
TINY = {"hidden_dims": (8,), "latent_dim": 4, "max_steps": 20, "random_state": 0, "verbose": 0}
PLAIN = {"random_state": 0, "verbose": 0}
MODELS = {
    "SynthGAN": lambda **more: SynthGAN(**TINY, **more),
    "SynthVAE": lambda **more: SynthVAE(**TINY, **more),
    "GaussianCopula": lambda **_: GaussianCopula(**PLAIN),
    "IndependentMarginals": lambda **_: IndependentMarginals(**PLAIN),
    "Bootstrap": lambda **_: Bootstrap(**PLAIN),
}
SHARE = {
    "SynthGAN": 0.2,
    "SynthVAE": 0.2,
    "GaussianCopula": 0.2,
    "IndependentMarginals": 0.2,
    "Bootstrap": 0.2,
}
DTYPES = every_dtype(8)
"""One column of every dtype that the package knows, to take dtypes from."""
NAMES = st.one_of(
    st.sampled_from(
        [
            "x",
            "a b",
            "1",
            "<script>",
            "{{x}}",
            "@array",
            "a/b",
            "~",
            "é",
            "数",
            "",
            " ",
            "\t",
            "\n",
            "'",
            '"',
            "=1+1",
            "y",
        ]
    ),
    st.text(max_size=6),
)
REALS = st.one_of(
    st.floats(-1e3, 1e3),
    st.sampled_from([0.0, -0.0, 1e300, -1e300, 1e-300, 5e-324, 1.7e308, 0.1, 1 / 3]),
    st.floats(allow_nan=False, allow_infinity=False),
)
WORDS = st.one_of(st.sampled_from(["a", "b", "NA", "nan", "", " ", "01", "<b>", "=1"]), st.text(max_size=5))
seen: Counter[str] = Counter()


def _whole(token: str) -> st.SearchStrategy:
    bits = int("".join(c for c in token if c.isdigit()) or 64)
    low, high = (0, 2**bits - 1) if "u" in token.lower()[:1] else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return st.one_of(
        st.integers(max(low, -50), min(high, 50)), st.sampled_from([low, high, 0]), st.integers(low, high)
    )


@st.composite
def columns(draw, n: int) -> pd.Series:
    """One column of n values of any dtype: few values repeated or many, with gaps where the dtype has them."""
    like = DTYPES[draw(st.sampled_from(list(DTYPES.columns)))]
    name, dtype = str(like.name), like.dtype
    values = _values(draw, name, dtype, n)
    if draw(st.booleans()):
        values = [values[i] for i in draw(st.lists(st.integers(0, min(2, n - 1)), min_size=n, max_size=n))]
    gaps = draw(st.lists(st.booleans(), min_size=n, max_size=n)) if draw(st.booleans()) else [False] * n
    if draw(st.integers(0, 30)) == 0:
        gaps = [True] * n
    if like.isna().any() or pd.api.types.is_extension_array_dtype(dtype):
        values = [None if gap else value for value, gap in zip(values, gaps, strict=True)]
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical(values, dtype=dtype))
    if name.startswith("float") and dtype.kind == "f":
        values = [np.nan if v is None else v for v in values]
    return pd.Series(values, dtype=dtype)


def _values(draw, name: str, dtype, n: int) -> list:
    if isinstance(dtype, pd.CategoricalDtype):
        return draw(st.lists(st.sampled_from(list(dtype.categories)), min_size=n, max_size=n))
    if "int" in name.lower():
        return draw(st.lists(_whole(name.removesuffix("[pyarrow]")), min_size=n, max_size=n))
    if "float" in name.lower() or "double" in name:
        width = 16 if "16" in name else 32 if "32" in name else 64
        own = st.floats(width=width, allow_nan=False, allow_infinity=False) if width < 64 else REALS
        return draw(st.lists(own, min_size=n, max_size=n))
    if "bool" in name:
        return draw(st.lists(st.booleans(), min_size=n, max_size=n))
    if "str" in name:
        return draw(st.lists(WORDS, min_size=n, max_size=n))
    if "decimal" in name:
        return draw(st.lists(st.decimals(-9999, 9999, places=2), min_size=n, max_size=n))
    if "timedelta" in name:
        counts = draw(st.lists(st.integers(-(10**9), 10**9), min_size=n, max_size=n))
        return [pd.Timedelta(count, unit="s") for count in counts]
    days = draw(st.lists(_days(), min_size=n, max_size=n))
    if "date]" in name and "32" not in name:
        return [day.date() for day in days]
    if "zoned" in name:
        return [day.tz_localize("Europe/Paris", ambiguous=True, nonexistent="shift_forward") for day in days]
    if "timestamp" in name:
        return [day.tz_localize("UTC") for day in days]
    return days


def _days() -> st.SearchStrategy:
    first, last = pd.Timestamp("1678-01-01"), pd.Timestamp("2261-12-31")
    wide = st.integers(0, (last - first).days).map(lambda d: first + pd.Timedelta(d, unit="D"))
    near = st.integers(0, 400).map(lambda d: pd.Timestamp("2021-01-01") + pd.Timedelta(d, unit="D"))
    return st.one_of(near, wide, st.sampled_from([first, last]))


@st.composite
def tables(draw) -> pd.DataFrame:
    """1 to 6 columns, 4 to 60 rows."""
    n = draw(st.one_of(st.integers(4, 12), st.integers(4, 60)))
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    return pd.DataFrame({name: draw(columns(n)) for name in names})


def check(make, table: pd.DataFrame, with_y: bool, ask: bool, tmp_path) -> str:
    """What is promised of any table; what became of it."""
    X, y = (table.iloc[:, :-1], table.iloc[:, -1]) if with_y and table.shape[1] > 1 else (table, None)
    model = make()
    try:
        model.fit(X, y)
    except ColumnRejected:
        return "a column was refused by name"
    rows = model.sample(30, random_state=1)
    assert list(rows.columns) == list(table.columns)
    _check_dtypes(rows, table, type(model).__name__)
    path = tmp_path / "m.synthgen"
    model.save(path)
    again = load(path)
    assert again.schema_ == model.schema_
    assert_frame_equal(again.sample(30, random_state=1), rows)
    first = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == first
    if ask:
        _check_conditions(model, again, table)
    return "went round"


def _check_conditions(model, again, table: pd.DataFrame) -> None:
    name = table.columns[0]
    value = table[name].iloc[0]
    wanted = {name: None if pd.isna(value) else value}
    found = []
    for one in (model, again):
        try:
            found.append(one.sample(3, conditions=wanted, random_state=2))
        except ConditionError as error:
            found.append(str(error))
    if isinstance(found[0], str):
        assert found[0] == found[1]
        return
    assert_frame_equal(found[0], found[1])
    _check_dtypes(found[0], table, type(model).__name__)


def _check_dtypes(rows: pd.DataFrame, table: pd.DataFrame, name: str) -> None:
    """As they came; but rare categories are gone where levels are pooled."""
    if name == "Bootstrap":
        assert rows.dtypes.equals(table.dtypes)
    for column in table.columns:
        encoder_checks.check_dtype(rows[column], table[column])


@pytest.mark.parametrize("name", MODELS)
def test_any_table_goes_round(name, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")

    @settings(
        max_examples=round(EXAMPLES * SHARE[name]),
        deadline=None,
        derandomize=not IS_LONG,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(table=tables(), with_y=st.integers(0, 4), ask=st.integers(0, 9))
    def play(table, with_y, ask):
        outcome = check(MODELS[name], table, with_y == 0, ask == 0, folder)
        seen[f"{name}: {outcome}"] += 1

    play()
    assert seen[f"{name}: went round"] > 0
    print("examples:" + json.dumps([name, {k: v for k, v in seen.items() if k.startswith(name)}]))
