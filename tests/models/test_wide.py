"""Wide tables through every model: the common checks, and what comes back of each kind of value."""

import inspect

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from synthgen.exceptions import ConditionError, ParameterError
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.gaussian_model import GaussianModel
from synthgen.models.independent import IndependentMarginals
from synthgen.models.persistence import load
from synthgen.models.score_contest import Contest
from synthgen.models.score_gan import ScoreGanModel, _earliest_of_the_best
from synthgen.models.synthgan import SynthGAN
from tests.common.synthesizer_checks import CHECKS
from tests.common.wide_tables import counts, dosages, expression

QUICK = {"random_state": 0, "verbose": 0}
GAN = {**QUICK, "hidden_dims": (16,), "max_steps": 20}
FACTORIES = {
    "SynthGAN, linear": lambda **c: SynthGAN(**{**GAN, **c}),
    "SynthGAN, gan": lambda **c: SynthGAN(**{**GAN, "wide_model": "gan", **c}),
    "GaussianCopula": lambda **c: GaussianCopula(**{**QUICK, **c}),
    "IndependentMarginals": lambda **c: IndependentMarginals(**{**QUICK, **c}),
}


@pytest.fixture(scope="module")
def wide():
    return expression(60, 210)


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("name", FACTORIES)
def test_common_checks_on_a_wide_table(name, check, wide, tmp_path):
    extra = {"tmp_path": tmp_path} if "tmp_path" in inspect.signature(check).parameters else {}
    check(FACTORIES[name], wide, **extra)


@pytest.mark.parametrize("name", FACTORIES)
def test_the_block_is_one_encoder(name, wide):
    encoder = FACTORIES[name]().fit(wide).encoder_
    assert [e.column.name for e in encoder.encoders_] == ["sex", "age"]
    assert encoder.block_.names == [f"g{i}" for i in range(210)]
    assert encoder.layout_.width < 30


def test_below_150_rows_the_linear_model_is_fitted_and_said_to_be(wide):
    model = SynthGAN(**GAN).fit(wide)
    assert isinstance(model.model_, GaussianModel)
    assert model.winner_ == "linear"
    assert model.contest_ is None
    assert "fewer than 150 rows" in model.stopped_
    assert model.describe()["wide"]["winner"] == "linear"


def test_the_gan_is_fitted_where_it_is_asked_for(wide):
    model = SynthGAN(**GAN, wide_model="gan").fit(wide)
    assert isinstance(model.model_, ScoreGanModel)
    assert model.winner_ == "gan"
    assert len(model.history_) == 20


def test_above_150_rows_validation_rows_decide(tmp_path):
    table = expression(240, 210)
    model = SynthGAN(**GAN).fit(table)
    assert model.contest_.n_rows == 60
    assert model.winner_ == model.contest_.winner
    model.save(tmp_path / "m.synthgen")
    assert load(tmp_path / "m.synthgen").contest_ == model.contest_


def test_the_gan_wins_where_the_scores_are_far_from_normal():
    """Two factors on a ring: no linear model has a hole in the middle."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 800)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * 3
    genes = ring @ rng.standard_normal((2, 300)) + 0.3 * rng.standard_normal((800, 300))
    table = pd.DataFrame(genes.astype(np.float32), columns=[f"g{i}" for i in range(300)])
    model = SynthGAN(**QUICK, reduce=2).fit(table)
    assert model.winner_ == "gan"
    scores = model.encoder_.transform(model.sample(500, random_state=0))
    radius = np.linalg.norm(scores / scores.std(axis=0), axis=1)
    linear = SynthGAN(**QUICK, reduce=2, wide_model="linear").fit(table)
    other = linear.encoder_.transform(linear.sample(500, random_state=0))
    spread = np.linalg.norm(other / other.std(axis=0), axis=1).std()
    assert radius.std() < 0.8 * spread


def test_means_spread_and_correlations_come_back():
    table, fresh = expression(300, 400), expression(1000, 400, seed=1)
    model = GaussianCopula(**QUICK).fit(table)
    genes = table.columns[2:]
    synthetic = model.sample(1000, random_state=0)[genes]
    assert synthetic.mean().to_numpy() == pytest.approx(table[genes].mean().to_numpy(), abs=0.35)
    assert (synthetic.std() / table[genes].std()).median() == pytest.approx(1.0, abs=0.05)
    upper = np.triu_indices(400, 1)
    found, true = (np.corrcoef(t.to_numpy().T)[upper] for t in (synthetic, fresh[genes]))
    assert np.corrcoef(found, true)[0, 1] > 0.95


def test_covariates_go_with_the_genes():
    table = expression(200, 300)
    rows = GaussianCopula(**QUICK).fit(table).sample(2000, random_state=0)
    for name in ("g1", "g5", "g20"):
        real, found = (t.groupby("sex")[name].mean().diff().iloc[-1] for t in (table, rows))
        assert found == pytest.approx(real, abs=0.5)


def test_counts_stay_counts():
    table = counts(120, 250)
    rows = SynthGAN(**GAN).fit(table).sample(400, random_state=0)
    genes = table.columns[1:]
    assert (rows.dtypes == table.dtypes).all()
    assert (rows[genes] >= 0).all().all()
    assert (rows["c0"] == 0).all()
    log = [np.log1p(t[genes].mean().to_numpy()) for t in (table, rows)]
    assert np.corrcoef(*log)[0, 1] > 0.99
    zeros = [(t[genes] == 0).mean().to_numpy() for t in (table, rows)]
    assert np.abs(zeros[0] - zeros[1]).max() < 0.15
    size = [np.log(t[genes].sum(axis=1)) for t in (table, rows)]
    assert size[1].std() == pytest.approx(size[0].std(), rel=0.35)


def test_dosages_keep_their_levels_frequencies_and_gaps():
    table = dosages(150, 300)
    rows = GaussianCopula(**QUICK).fit(table).sample(1500, random_state=0)
    variants = table.columns[1:]
    assert set(np.unique(rows[variants].stack().dropna())) <= {0.0, 1.0, 2.0}
    frequency = [t[variants].mean().to_numpy() for t in (table, rows)]
    assert np.corrcoef(*frequency)[0, 1] > 0.99
    assert rows[variants].isna().mean().mean() == pytest.approx(
        table[variants].isna().mean().mean(), abs=0.005
    )


def test_shares_stay_between_zero_and_one():
    genes = 1 / (1 + np.exp(-2 * expression(80, 220).iloc[:, 2:]))
    rows = GaussianCopula(**QUICK).fit(genes).sample(300, random_state=0)
    assert rows.min().min() >= 0 and rows.max().max() <= 1


@pytest.mark.parametrize("dtype", ["int8", "uint8", "Int8", "Float32", "bool", "int64", "float64"])
def test_every_numeric_dtype_comes_back(dtype):
    values = (np.random.default_rng(0).random((40, 200)) < 0.4).astype("int8")
    table = pd.DataFrame(values, columns=[f"v{i}" for i in range(200)]).astype(dtype)
    if dtype in ("Int8", "Float32"):
        table.iloc[3:9, 5] = None
    rows = GaussianCopula(**QUICK).fit(table).sample(30)
    assert (rows.dtypes == table.dtypes).all()
    assert set(np.unique(rows.iloc[:, 7].dropna().astype(int))) <= {0, 1}


def test_columns_of_several_dtypes_make_one_block():
    table = dosages(60, 250).drop(columns="population")
    whole = table.columns[::2]
    table[whole] = table[whole].fillna(0).astype("int8")
    model = GaussianCopula(**QUICK).fit(table)
    assert len(model.encoder_.block_.names) == 250
    assert_frame_equal(model.sample(5).iloc[:0], table.iloc[:0].reset_index(drop=True))


def test_one_negative_column_does_not_unbind_the_others():
    table = counts(100, 220).drop(columns="class").astype("float32")
    table["c7"] = np.random.default_rng(0).standard_normal(100).astype("float32")
    rows = GaussianCopula(**QUICK).fit(table).sample(1000, random_state=0)
    assert rows.drop(columns="c7").min().min() >= 0
    assert rows["c7"].min() < 0


def test_a_range_of_a_covariate_with_gaps_can_be_asked_for():
    table = expression(100, 210)
    table["bmi"] = np.random.default_rng(1).normal(25, 4, 100)
    table.loc[::5, "bmi"] = np.nan
    model = GaussianCopula(**QUICK).fit(table)
    assert model.sample(50, conditions={"bmi": (20, 22)})["bmi"].between(20, 22).all()
    assert model.sample(50, conditions={"bmi": None})["bmi"].isna().all()


def test_numbers_in_object_columns_stay_beside_the_block():
    table = expression(30, 210)
    table["note"] = pd.Series(np.random.default_rng(2).standard_normal(30), dtype=object)
    rows = GaussianCopula(**QUICK).fit(table).sample(10)
    assert (rows.dtypes == table.dtypes).all()


@pytest.mark.parametrize("dtype", ["uint8", "UInt8", "Int16", "uint8[pyarrow]"])
def test_small_whole_number_dtypes_do_not_wrap_around(dtype):
    rng = np.random.default_rng(3)
    values = np.clip(rng.normal(230, 20, (80, 210)), 0, 255).astype("uint8")
    table = pd.DataFrame(values, columns=[f"v{i}" for i in range(210)]).astype(dtype)
    rows = GaussianCopula(**QUICK).fit(table).sample(2000, random_state=0)
    assert (rows.dtypes == table.dtypes).all()
    assert rows.min().min() > 100


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_dependence_survives_gaps(gaps):
    table = expression(300, 250)
    genes = table.columns[2:]
    real = np.corrcoef(table[genes].to_numpy().T)
    table[genes] = table[genes].mask(np.random.default_rng(4).random((300, 250)) < gaps)
    rows = GaussianCopula(**QUICK).fit(table).sample(2000, random_state=0)[genes]
    upper = np.triu_indices(250, 1)
    slope = np.polyfit(real[upper], rows.corr().to_numpy()[upper], 1)[0]
    assert slope == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("name", FACTORIES)
def test_rows_do_not_depend_on_their_number_where_values_are_missing(name):
    model = FACTORIES[name]().fit(dosages(60, 210))
    assert_frame_equal(model.sample(10, random_state=1), model.sample(1100, random_state=1).head(10))


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_block_of_nothing_comes_back(value):
    table = pd.DataFrame(np.full((40, 300), value), columns=[f"g{i}" for i in range(300)])
    rows = SynthGAN(**GAN).fit(table.assign(sex=["f", "m"] * 20)).sample(30)
    assert_frame_equal(rows[table.columns], table.head(30))


def test_gene_means_and_zeros_keep_in_counts_of_uneven_depth():
    rng = np.random.default_rng(5)
    depth = np.exp(0.5 * rng.standard_normal(400))
    rate = np.exp(rng.uniform(-2, 5, 300))
    table = pd.DataFrame(
        rng.poisson(depth[:, None] * rate).astype("int32"), columns=[f"c{i}" for i in range(300)]
    )
    model = GaussianCopula(**QUICK).fit(table)
    rows = model.sample(4000, random_state=0)
    assert (rows.mean() / table.mean()).median() == pytest.approx(1.0, abs=0.04)
    assert (rows == 0).mean().mean() == pytest.approx((table == 0).mean().mean(), abs=0.01)
    scores = model.encoder_.transform(table)
    assert scores.mean(axis=0) == pytest.approx(0.0, abs=0.05)


def test_profiles_of_covariates_are_not_those_of_the_rows():
    table = expression(200, 210)
    rng = np.random.default_rng(6)
    for i in range(8):
        table[f"code{i}"] = rng.choice(["a", "b", "c", "d"], 200)
    names = ["sex", *(f"code{i}" for i in range(8))]
    model = GaussianCopula(**QUICK).fit(table)
    found = set(map(tuple, model.sample(2000, random_state=0)[names].to_numpy()))
    assert len(found & set(map(tuple, table[names].to_numpy()))) < 0.05 * len(found)
    assert (model.sample(20, conditions={"code3": "b"})["code3"] == "b").all()
    assert "Combinations of covariates" in " ".join(model.describe()["privacy"])


def test_time_is_shared_between_contest_and_winner(monkeypatch):
    spent = []
    monkeypatch.setattr(
        "synthgen.models.score_gan._train", lambda *a: spent.append(a[2].config.max_time) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        SynthGAN(**{**GAN, "max_steps": None}, max_time=10).fit(expression(200, 210))
    assert spent == [5.0]


def test_of_contests_that_were_won_the_first_as_good_as_the_best_is_kept():
    def contest(gain, error, step):
        return Contest(gain, error, 100, step)

    lost, won = contest(0.01, 0.04, 600), contest(0.06, 0.055, 900)
    assert _earliest_of_the_best([lost, won]) is won
    early = contest(0.30, 0.1, 600)
    assert _earliest_of_the_best([early, contest(0.35, 0.1, 900)]) is early


@pytest.mark.parametrize("reduce", [0, 1, 5, 59, 500])
def test_the_number_of_factors_can_be_given(reduce, wide):
    encoder = GaussianCopula(**QUICK, reduce=reduce).fit(wide).encoder_
    assert encoder.block_.n_scores == min(reduce, 59)


def test_presets_bound_the_factors():
    table = expression(160, 400, n_factors=40)
    most = {
        p: GaussianCopula(**QUICK, preset=p).fit(table).encoder_.block_.n_scores
        for p in ("fidelity", "default", "strict")
    }
    assert most == {"fidelity": 20, "default": 10, "strict": 5}


def test_without_reduction_the_gan_makes_every_column(wide):
    model = SynthGAN(**GAN, reduce=None).fit(wide)
    assert model.encoder_.layout_.width >= 210
    rows = model.sample(40)
    assert (rows.dtypes == wide.dtypes).all()
    assert model.winner_ == "gan"


def test_a_column_of_the_block_cannot_be_asked_for_unless_it_is_a_covariate(wide):
    with pytest.raises(ConditionError, match=r"'g3' is one of a block.*covariates=\['g3'\]"):
        GaussianCopula(**QUICK).fit(wide).sample(5, conditions={"g3": (0, 1)})
    rows = GaussianCopula(**QUICK, covariates=["g3"]).fit(wide).sample(20, conditions={"g3": (0, 1)})
    assert rows["g3"].between(0, 1).all()


def test_unknown_covariates_are_named(wide):
    with pytest.raises(
        ParameterError, match=r"names column 'nope'.*It has 'sex', 'age', 'g0'.* and 204 more"
    ):
        GaussianCopula(**QUICK, covariates=["nope"]).fit(wide)


@pytest.mark.parametrize("n", [4, 5, 9])
def test_a_handful_of_rows_is_enough_to_run(n):
    rows = SynthGAN(**GAN).fit(expression(n, 250)).sample(10)
    assert rows.shape == (10, 252) and rows.notna().all().all()


def test_columns_of_missing_values_zeros_and_constants_come_back():
    table = expression(30, 250)
    table["g0"], table["g1"], table["g2"] = np.float32(np.nan), np.float32(0), np.float32(-2.5)
    table.loc[5:, "g3"] = np.nan
    rows = GaussianCopula(**QUICK).fit(table).sample(200, random_state=0)
    assert rows["g0"].isna().all() and (rows["g1"] == 0).all() and (rows["g2"] == -2.5).all()
    assert rows["g3"].isna().mean() == pytest.approx(25 / 30, abs=0.1)


def haplotypes(n, p, seed=0):
    """0/1 columns v0, v1, ...: each repeats the one before it nine times in ten."""
    rng = np.random.default_rng(seed)
    values = (rng.random((n, p)) < np.random.default_rng(81).uniform(0.1, 0.9, p)).astype("int8")
    for j in range(1, p):
        if j % 10:
            values[:, j] = np.where(rng.random(n) < 0.9, values[:, j - 1], values[:, j])
    return pd.DataFrame(values, columns=[f"v{i}" for i in range(p)])


def test_neighbouring_variants_are_linked_and_frequencies_kept(tmp_path):
    table = haplotypes(300, 210)
    model = SynthGAN(**QUICK, wide_model="linear").fit(table)
    rows = model.sample(1500, random_state=0)
    assert np.abs(rows.mean() - table.mean()).max() < 0.06
    real, found = (np.corrcoef(t.to_numpy().T) for t in (table, rows))
    near = np.arange(209)
    near = near[(near + 1) % 10 != 0]
    assert np.abs(real - found)[near, near + 1].mean() < 0.06
    upper = np.triu_indices(210, 1)
    assert np.corrcoef(real[upper], found[upper])[0, 1] > 0.9
    model.save(tmp_path / "m.synthgen")
    assert_frame_equal(load(tmp_path / "m.synthgen").sample(200, random_state=0), rows.head(200))
