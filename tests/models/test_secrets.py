"""Planted secrets: what single rows hold is neither in a model's file nor in its samples, but in Bootstrap's."""

import decimal
import os
from datetime import date

import numpy as np
import pandas as pd
import pytest

from synthgen.constraints.rules import FixedCombinations
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.model_file import read_model_file
from synthgen.models.synthgan import SynthGAN
from synthgen.models.vae import SynthVAE

N_ROWS = 240
N_SAMPLES = int(os.environ.get("SYNTHGEN_SECRET_SAMPLES", "20000"))
NAME, CATEGORY, CODE = "Quirinius Xanthopoulos", "zzyzx-0x7f", "QX-77-1"
SALARY, FLOAT, DECIMAL, DAY = (
    987_654_321,
    -7.771234567891e11,
    decimal.Decimal("314159.27"),
    date(1911, 11, 11),
)
IN_BLOCK = 54_321.0625  # exact as float32
SHORT = {"hidden_dims": (16,), "latent_dim": 8, "max_steps": 10, "random_state": 0, "verbose": 0}
QUIET = {"random_state": 0, "verbose": 0}


def narrow(n=N_ROWS, seed=0):
    """Columns of every sort; row 17 holds a secret in each."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "name": rng.choice(["Anna", "Bert", "Cleo", "Dora"], n),
            "category": pd.Categorical(rng.choice(["red", "green", "blue"], n), categories=[
                CATEGORY, "red", "green", "blue"]),
            "code": [f"K-{v}" for v in rng.integers(0, 12, n)],
            "salary": rng.integers(20_000, 90_000, n),
            "real": rng.normal(size=n),
            "amount": pd.Series([decimal.Decimal(int(v)).scaleb(-2) for v in rng.integers(0, 9999, n)], dtype=object),
            "born": pd.Series([date(1960 + int(v) % 40, 1 + int(v) % 12, 1 + int(v) % 28) for v in rng.integers(0, 9999, n)]),
            "at": pd.Timestamp("2021-01-04") + pd.to_timedelta(rng.integers(0, 200 * 86_400, n), unit="s"),
        }
    )  # fmt: skip
    table["area"] = table["code"].str[:3] + "x"
    secret = {
        "name": NAME, "category": CATEGORY, "code": CODE, "area": CODE + "x", "salary": SALARY, "real": FLOAT,
        "amount": DECIMAL, "born": DAY, "at": pd.Timestamp(DAY),
    }  # fmt: skip
    for column, value in secret.items():
        table.at[17, column] = value
    return table


def wide(n=80, p=210):
    """The same beside a block of many numbers, one of which is an extreme."""
    rng = np.random.default_rng(1)
    block = pd.DataFrame(rng.normal(size=(n, p)).astype("float32"), columns=[f"g{i}" for i in range(p)])
    block.loc[17, "g5"] = IN_BLOCK
    return pd.concat([narrow(n).drop(columns=["area", "code", "at"]), block], axis=1)


RULES = [FixedCombinations(("name", "category"))]
CASES = {
    "Independent": lambda: IndependentMarginals(**QUIET),
    "Copula": lambda: GaussianCopula(**QUIET),
    "Copula, conditional": lambda: GaussianCopula(conditional_on=("name", "category"), **QUIET),
    "Copula, rules": lambda: GaussianCopula(constraints=RULES, **QUIET),
    "GAN": lambda: SynthGAN(**SHORT),
    "GAN, selection": lambda: SynthGAN(refine=2, **SHORT),
    "GAN, conditional": lambda: SynthGAN(conditional_on=("name", "category"), **SHORT),
    "GAN, rules": lambda: SynthGAN(constraints=RULES, **SHORT),
    "GAN, min-max": lambda: SynthGAN(numeric_encoding="min-max", **SHORT),
    "GAN, raw": lambda: SynthGAN(numeric_encoding="raw", refine=2, **SHORT),
    "VAE": lambda: SynthVAE(**SHORT),
    "VAE, conditional": lambda: SynthVAE(conditional_on=("name", "category"), **SHORT),
}
WIDE_CASES = {
    "Independent": lambda: IndependentMarginals(**QUIET),
    "Copula": lambda: GaussianCopula(**QUIET),
    "GAN": lambda: SynthGAN(**SHORT),
    "VAE": lambda: SynthVAE(**SHORT),
}


def needles(table):
    """Every secret of a table, by what it is, as texts and as numbers."""
    found = {"name": ([NAME], []), "category": ([CATEGORY], []), "code": ([CODE], [])}
    days = (DAY - date(1970, 1, 1)).days
    found |= {
        "salary": ([str(SALARY)], [SALARY]),
        "real": ([repr(FLOAT), repr(FLOAT)[1:12]], [FLOAT]),
        "amount": ([str(DECIMAL)], [float(DECIMAL), int(DECIMAL * 100)]),
        "born": ([DAY.isoformat()], [days]),
        "at": ([DAY.isoformat()], [days * 86_400 * k for k in (1, 10**3, 10**6, 10**9)]),
        "g5": ([str(IN_BLOCK)], [IN_BLOCK]),
    }
    return {name: own for name, own in found.items() if name in table.columns}


def patterns(number):
    """A number as it may stand in a file, little-endian."""
    out = [np.array(number, dtype=f).tobytes() for f in ("<f8", "<f4")]
    if number == int(number):
        whole = int(number)
        out += [whole.to_bytes(8, "little", signed=True)] if abs(whole) < 2**63 else []
        out += [whole.to_bytes(4, "little", signed=True)] if abs(whole) < 2**31 else []
    return out


def arrays_of(state):
    """All arrays of a state."""
    if isinstance(state, np.ndarray):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, (list, tuple)) else ()
    return [a for part in parts for a in arrays_of(part)]


def found_in_file(path, table):
    """The columns whose secret is somewhere in the file."""
    content = path.read_bytes()
    arrays = [a for a in arrays_of(read_model_file(path)[1]) if a.dtype.kind in "iuf"]
    out = set()
    for name, (texts, numbers) in needles(table).items():
        in_bytes = any(t.encode() in content for t in texts)
        in_bytes |= any(p in content for n in numbers for p in patterns(n))
        in_arrays = any((a.astype(np.float64) == float(n)).any() for n in numbers for a in arrays)
        if in_bytes or in_arrays:
            out.add(name)
    return out


def found_in(rows, table):
    """The columns of a sample that hold their secret."""
    row = table.iloc[17]
    return {name for name in needles(table) if rows[name].isin([row[name]]).any()}


def check(model, table, tmp_path):
    model.fit(table).save(tmp_path / "m.synthgen")
    assert found_in_file(tmp_path / "m.synthgen", table) == set()
    rows = model.sample(N_SAMPLES, random_state=1)
    assert found_in(rows, table) == set()


@pytest.mark.parametrize("case", CASES)
def test_what_one_row_holds_is_in_no_file_and_no_sample(case, tmp_path):
    table = narrow()
    if "raw" in case:  # networks cannot hold such a number as it is
        table.loc[17, "real"] = 0.25
        table = table.drop(columns="real")
    check(CASES[case](), table, tmp_path)


@pytest.mark.parametrize("case", WIDE_CASES)
def test_what_one_row_of_a_wide_table_holds_is_in_no_file_and_no_sample(case, tmp_path):
    table = wide()
    model = WIDE_CASES[case]()
    check(model, table, tmp_path)
    assert model.encoder_.block_ is not None


@pytest.mark.parametrize("table", [narrow(), wide()], ids=["narrow", "wide"])
def test_the_same_search_finds_every_secret_of_a_memoriser(table, tmp_path):
    model = Bootstrap(**QUIET).fit(table)
    model.save(tmp_path / "m.synthgen")
    assert found_in_file(tmp_path / "m.synthgen", table) == set(needles(table))
    assert found_in(model.sample(N_SAMPLES, random_state=1), table) == set(needles(table))


def test_without_pooling_a_rare_level_is_kept(tmp_path):
    model = GaussianCopula(min_category_count=1, **QUIET).fit(narrow())
    model.save(tmp_path / "m.synthgen")
    assert found_in_file(tmp_path / "m.synthgen", narrow()) >= {"name", "category"}
