"""Numbers, instants and durations at the ends of their dtypes: learnt and drawn without a warning, inside the range."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthgen.exceptions import ColumnRejected
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.synthgan import SynthGAN
from synthgen.models.vae import SynthVAE
from synthgen.plain import to_plain
from synthgen.schema import Column
from tests.common.encoder_checks import check_within_rank_resolution

N_ROWS = 120
INT64, UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)
SHORT = {"hidden_dims": (8,), "latent_dim": 4, "max_steps": 4, "random_state": 0, "verbose": 0}
MODELS = {
    "Independent": lambda: IndependentMarginals(random_state=0, verbose=0),
    "Copula": lambda: GaussianCopula(random_state=0, verbose=0),
    "GAN": lambda: SynthGAN(**SHORT),
    "GAN, min-max": lambda: SynthGAN(numeric_encoding="min-max", **SHORT),
    "VAE": lambda: SynthVAE(**SHORT),
    "Bootstrap": lambda: Bootstrap(random_state=0, verbose=0),
}
RNG = np.random.default_rng(0)


def planted(values, extremes, times=6):
    """The same with each extreme in several rows."""
    out = np.array(values)
    out[: len(extremes) * times] = np.repeat(np.array(extremes, dtype=out.dtype), times)
    return out


REAL = RNG.normal(size=N_ROWS)
COLUMNS = {
    "frequent extremes": planted(REAL, [1e300, -1e300, 1e-300, 5e-324, 1.7e308, -1.7e308]),
    "lone extremes": planted(REAL, [1.7e308, -1.7e308, 5e-324, 1e-300], 1),
    "600 orders of magnitude": 10.0 ** RNG.uniform(-300, 300, N_ROWS),
    "subnormal": 5e-324 * RNG.integers(1, 1000, N_ROWS),
    "float32": planted(REAL.astype("float32"), [3.4e38, -3.4e38, 1e-45]),
    "int64": planted(RNG.integers(-(2**62), 2**62, N_ROWS), [INT64.min, INT64.max]),
    "int64, lone": planted(RNG.integers(-100, 100, N_ROWS), [INT64.min, INT64.max], 1),
    "uint64": planted(RNG.integers(0, UINT64.max, N_ROWS, dtype=np.uint64), [0, UINT64.max]),
    "datetime64[ns]": planted(RNG.integers(-9_214_560_000, 9_151_488_000, N_ROWS) * 10**9,
                              [INT64.min + 1, INT64.max]).astype("datetime64[ns]"),
    "datetime64[s]": RNG.integers(-(10**11), 10**11, N_ROWS).astype("datetime64[s]"),
    "datetime64[us]": RNG.integers(-5 * 10**16, 10**17, N_ROWS).astype("datetime64[us]"),
    "timedelta64[ns]": planted(RNG.integers(-(2**62), 2**62, N_ROWS), [INT64.min + 1, INT64.max]).astype("timedelta64[ns]"),
    "dates": pd.Series([date(1, 1, 1)] * 5 + [date(9999, 12, 31)] * 5
                       + [date(1 + int(v), 1 + int(v) % 12, 1) for v in RNG.integers(0, 9900, N_ROWS - 10)], dtype=object),
    "Arrow dates": pd.Series(pd.arrays.ArrowExtensionArray(
        pa.array([date(1678 + int(v), 1, 1) for v in RNG.integers(0, 580, N_ROWS)]))),
}  # fmt: skip


def check(model, series):
    table = pd.DataFrame({"x": series, "y": RNG.normal(size=N_ROWS), "g": ["a", "b", "b"] * (N_ROWS // 3)})
    rows = model.fit(table).sample(300, random_state=0)
    column = model.schema_["x"]
    assert (rows.dtypes == table.dtypes).all()
    drawn, given = to_plain(rows["x"], column).values, to_plain(table["x"], column).values
    assert given.min() <= drawn.min() and drawn.max() <= given.max()
    if not isinstance(model, Bootstrap) and "min-max" not in str(model.get_params().get("numeric_encoding")):
        back = model.encoder_.inverse_transform(model.encoder_.matrix(table))
        check_within_rank_resolution(back["x"], table["x"], column)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_and_draws_extremes(model, name):
    check(MODELS[model](), COLUMNS[name])


@pytest.mark.parametrize("model", ["Independent", "Copula", "GAN", "VAE"])
def test_a_block_of_many_columns_refuses_what_it_cannot_hold_by_name(model):
    table = pd.DataFrame(RNG.normal(size=(40, 210))).add_prefix("g")
    table.loc[3, "g7"] = 1e300
    with pytest.raises(ColumnRejected, match=r"'g7' holds 1e\+300, too large .* covariates=\['g7'\]"):
        MODELS[model]().fit(table)
    beside = MODELS[model]().set_params(covariates=["g7"]).fit(table)
    assert np.isfinite(beside.sample(50, random_state=0).to_numpy()).all()
    table["g7"] = 1e-300 * np.arange(1, 41)
    assert np.isfinite(MODELS[model]().fit(table).sample(50, random_state=0).to_numpy()).all()


def test_a_number_too_large_for_the_matrix_as_it_is_is_refused_by_name():
    table = pd.DataFrame({"x": planted(REAL, [1e300], 1), "y": REAL})
    with pytest.raises(ColumnRejected, match=r"'x' holds 1e\+300, which numeric_encoding='raw' cannot hold"):
        SynthGAN(numeric_encoding="raw", **SHORT).fit(table)


def test_few_values_of_a_column_are_not_learnt():
    values = pd.Series(np.nan, index=range(50))
    values[7] = 987_654.25
    for make in (MODELS["Copula"], MODELS["Independent"]):
        model = make().fit(pd.DataFrame({"x": values, "y": np.arange(50) % 7}))
        assert model.sample(200, random_state=0)["x"].isna().all()
        assert model.encoder_.encoder_of("x").column == Column(
            "x", "continuous", "float64", missing=True, reason=model.schema_["x"].reason
        )
