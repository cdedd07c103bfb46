"""SynthVAE itself: what it learns, its noise, its latent vectors, its parameters, wide tables."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from synthgen.exceptions import ConditionError, ParameterError
from synthgen.models.latent_model import AbstractLatentModel
from synthgen.models.persistence import load
from synthgen.models.vae import SynthVAE
from synthgen.rng import stream
from tests.common import encoder_checks
from tests.common.wide_tables import expression
from tests.models.test_every_synthesizer import quick_vae


@pytest.fixture(scope="module")
def related():
    """Two numbers and a class that go together, and one number that does not."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=2500)
    y = 2 * x + 0.5 * rng.normal(size=2500)
    group = np.where(x + 0.3 * rng.normal(size=2500) > 0.8, "high", "low")
    return pd.DataFrame({"x": x, "y": y, "group": group, "noise": rng.exponential(size=2500)})


@pytest.fixture(scope="module")
def learnt(related):
    return quick_vae(hidden_dims=(64, 64), max_steps=450, validate_every=150).fit(related)


@pytest.fixture(scope="module")
def plain(related):
    """The same without calibration."""
    return quick_vae(hidden_dims=(64, 64), max_steps=250, calibrate=False).fit(related)


def latent(n, width=8, seed=0):
    return stream(seed, "test").standard_normal((n, width), dtype=np.float32)


def test_it_learns_margins_and_dependence(related, learnt):
    synthetic = learnt.sample(4000, random_state=0)
    assert abs(synthetic["x"].corr(synthetic["y"]) - related["x"].corr(related["y"])) < 0.06
    assert abs(synthetic["x"].corr(synthetic["noise"])) < 0.1
    assert abs((synthetic["group"] == "high").mean() - (related["group"] == "high").mean()) < 0.03
    by_group = synthetic.groupby("group")["x"].mean()
    wanted = related.groupby("group")["x"].mean()
    assert (by_group - wanted).abs().max() < 0.25
    quantiles = [0.1, 0.5, 0.9]
    assert np.abs(synthetic["noise"].quantile(quantiles) - related["noise"].quantile(quantiles)).max() < 0.15


def test_its_matrix_model_has_latent_vectors(learnt):
    assert isinstance(learnt.model_, AbstractLatentModel)
    assert learnt.model_.latent_dim == 8 and learnt.model_.noise_prior == "normal"


def test_a_latent_vector_gives_the_same_row_wherever_it_stands(learnt):
    z = latent(1500)
    rows = learnt.model_.rows(z)
    np.testing.assert_array_equal(learnt.model_.rows(z[1400:1403]), rows[1400:1403])
    np.testing.assert_array_equal(learnt.model_.rows(z[::-1].copy()), rows[::-1])


def test_samples_are_the_rows_of_their_latent_vectors(learnt):
    z = learnt.model_.draw_latent(5, 2)
    np.testing.assert_array_equal(learnt.model_.rows(z), learnt.model_.generate_block(5, 2))


def test_the_decoders_noise_is_normal_with_the_spread_learnt(plain):
    """The same latent vectors with many keys: around the likeliest number, as wide as the column's spread."""
    model, z = plain.model_, latent(1024)
    middle = model.rows(z, likeliest=True)
    noise = np.stack([model.rows(z, key=k) - middle for k in range(1, 9)])
    spread = model.vae.likelihood.spread().numpy()
    for i, column in enumerate(model.heads.numeric.tolist()):
        standard = noise[:, :, column].ravel() / spread[i]
        assert stats.kstest(standard, "norm").pvalue > 1e-3


def test_the_likeliest_row_has_no_draws(learnt):
    z = latent(50)
    without = learnt.model_.rows(z, likeliest=True)
    np.testing.assert_array_equal(without, learnt.model_.rows(z, key=9, likeliest=True))
    with torch.no_grad():
        raw = learnt.model_.raw(torch.from_numpy(z), torch.zeros(50, 0)).numpy()
    for block in learnt.encoder_.layout_.one_hot:
        columns = slice(block.start, block.stop)
        np.testing.assert_array_equal(raw[:, columns].argmax(1), without[:, columns].argmax(1))


def test_another_key_gives_other_draws(learnt):
    z = latent(50)
    assert not np.array_equal(learnt.model_.rows(z, key=1), learnt.model_.rows(z, key=2))


def test_raw_outputs_can_be_differentiated(learnt):
    z = torch.from_numpy(latent(3)).requires_grad_()
    learnt.model_.raw(z, torch.zeros(3, 0)).sum().backward()
    assert torch.isfinite(z.grad).all() and z.grad.abs().sum() > 0


def test_calibration_brings_the_margins_of_what_is_sampled_to_the_real_ones(related, learnt, plain):
    def distance(model):
        matrix = model.encoder_.transform(related)
        rows = np.concatenate([model.model_.generate_block(3, b) for b in range(8)])
        numeric = [b.start for b in model.encoder_.layout_.numeric]
        return max(stats.wasserstein_distance(matrix[:, c], rows[:, c]) for c in numeric)

    assert distance(learnt) < 0.05
    assert distance(learnt) < distance(plain)


def test_the_encoders_means_are_near_the_latent_vectors_that_made_the_rows(related):
    """Two latent numbers that are seen almost without noise come back, up to a change of axes."""
    rng = np.random.default_rng(1)
    two = rng.normal(size=(2500, 2))
    table = pd.DataFrame({f"c{i}": two @ rng.normal(size=2) + 0.05 * rng.normal(size=2500) for i in range(5)})
    model = quick_vae(latent_dim=2, hidden_dims=(32,), max_steps=500).fit(table).model_
    z = latent(1000, 2)
    found = model.encode_mean(model.rows(z))
    assert found.shape == (1000, 2)
    assert min(np.corrcoef(z[:, i], found[:, i])[0, 1] for i in range(2)) > 0.9


def test_encoding_does_not_depend_on_the_rows_around(learnt, related):
    matrix = learnt.encoder_.transform(related)
    some = learnt.model_.encode_mean(matrix[1020:1030])
    np.testing.assert_allclose(learnt.model_.encode_mean(matrix)[1020:1030], some, atol=1e-5)
    assert learnt.model_.encode_mean(matrix[:0]).shape == (0, 8)


def test_rows_of_latent_vectors_are_the_sample(learnt):
    z = learnt.sample_latent(1100, random_state=4)
    pd.testing.assert_frame_equal(learnt.generate(z), learnt.sample(1100, random_state=4))


def test_the_network_that_was_learnt_is_the_way_back(learnt, related):
    matrix = learnt.encoder_.transform(related.head(50), ties="middle")
    np.testing.assert_allclose(
        learnt.encode(related.head(50), steps=0), learnt.model_.encode_mean(matrix), atol=1e-5
    )


def test_rows_are_reconstructed_from_their_latent_vectors(learnt, related):
    rebuilt = learnt.reconstruct(related.head(500))
    real = related.head(500)
    assert np.corrcoef(rebuilt["y"], real["y"])[0, 1] > 0.9
    assert (rebuilt["group"] == real["group"]).mean() > 0.9
    assert learnt.transform(real).shape == (500, 8)


def test_history_is_kept_as_data(learnt):
    assert list(learnt.history_.columns) == ["loss", "reconstruction", "kl"]
    assert len(learnt.history_) == 450 and learnt.history_.index[0] == 1
    assert learnt.history_["kl"].gt(0).all()
    assert learnt.validation_history_.index.tolist() == [150, 300, 450]
    assert learnt.stopped_ == "all steps done"


def test_history_latent_vectors_and_encodings_survive_the_file(learnt, related, tmp_path):
    learnt.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    pd.testing.assert_frame_equal(loaded.history_, learnt.history_)
    pd.testing.assert_frame_equal(loaded.validation_history_, learnt.validation_history_)
    np.testing.assert_array_equal(loaded.model_.rows(latent(20)), learnt.model_.rows(latent(20)))
    matrix = learnt.encoder_.transform(related.head(20))
    np.testing.assert_array_equal(loaded.model_.encode_mean(matrix), learnt.model_.encode_mean(matrix))


def test_nothing_to_learn_is_said(tmp_path):
    model = quick_vae().fit(pd.DataFrame({"one": [1.0] * 10}))
    assert model.stopped_.startswith("nothing to learn") and model.history_.empty
    model.save(tmp_path / "m.synthgen")
    pd.testing.assert_frame_equal(load(tmp_path / "m.synthgen").history_, model.history_)


def test_every_dtype_comes_back(awkward, mixed):
    for table in (awkward, mixed):
        synthetic = quick_vae(max_steps=5).fit(table).sample(100, random_state=0)
        for name in table.columns:
            encoder_checks.check_dtype(synthetic[name], table[name])


def test_missing_shares_are_kept(mixed):
    synthetic = quick_vae(max_steps=100).fit(mixed).sample(5000, random_state=0)
    assert (synthetic.isna().mean() - mixed.isna().mean()).abs().max() < 0.02


@pytest.fixture(scope="module")
def usual(diabetes):
    return quick_vae(detect_relations=False).fit(diabetes).sample(50, random_state=0)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_dims": [32, 16]},
        {"hidden_dims": ()},
        {"latent_dim": 4},
        {"beta": 0.1},
        {"batch_size": 32},
        {"learning_rate": 1e-4},
        {"ema_decay": 0.1},
        {"calibrate": False},
        {"max_steps": 5},
        {"max_steps": 10**6, "max_time": 0.1},
        {"conditional_on": ["sex"]},
        {"random_state": 1},
    ],
    ids=str,
)
def test_every_parameter_makes_a_difference(diabetes, usual, changes):
    changed = quick_vae(detect_relations=False, **changes).fit(diabetes).sample(50, random_state=0)
    assert len(changed) == 50
    assert not changed.equals(usual)


def test_held_out_rows_are_taken_only_where_there_are_enough(related):
    few = quick_vae(validation_fraction=0.05).fit(related)
    assert few.validation_history_.empty
    many = quick_vae(validation_fraction=0.2, validate_every=5).fit(related)
    assert many.validation_history_.index.tolist() == [5, 10, 15, 20]


def test_the_bits_do_not_depend_on_the_threads_around(diabetes):
    before = torch.get_num_threads()
    samples = []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            samples.append(
                quick_vae(max_steps=30, detect_relations=False).fit(diabetes).sample(1100, random_state=0)
            )
    finally:
        torch.set_num_threads(before)
    pd.testing.assert_frame_equal(*samples)


def test_a_missing_device_is_named(diabetes, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ParameterError, match="of SynthVAE is 'cuda', but this machine has none; use 'auto'"):
        quick_vae(device="cuda").fit(diabetes)


@pytest.fixture(scope="module")
def conditional(related):
    table = related.assign(rare=np.where(np.arange(len(related)) % 500 == 0, "rare", "common"))
    return quick_vae(hidden_dims=(64, 64), max_steps=300, conditional_on=["rare", "group"]).fit(table)


def test_conditional_columns_are_drawn_first_and_cost_nothing(conditional, monkeypatch):
    rows = conditional.sample(3000, random_state=0)
    assert abs((rows["rare"] == "rare").mean() - 1 / 500) < 0.003
    blocks = []
    generate = conditional.model_.generate_block
    monkeypatch.setattr(conditional.model_, "generate_block", lambda *a: blocks.append(a[1]) or generate(*a))
    rows = conditional.sample(200, conditions={"rare": "rare"}, random_state=0)
    assert (rows["rare"] == "rare").all() and set(blocks) == {0}


def test_what_is_made_follows_the_condition(conditional, related):
    for level in ("high", "low"):
        made = conditional.sample(2000, conditions={"group": level}, random_state=0)["x"].mean()
        assert abs(made - related.loc[related["group"] == level, "x"].mean()) < 0.25


def test_linear_networks_and_conditions_survive_the_file(diabetes, tmp_path):
    model = quick_vae(hidden_dims=(), conditional_on=["sex"]).fit(diabetes)
    model.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    wanted = {"conditions": {"sex": "female"}, "random_state": 0}
    pd.testing.assert_frame_equal(loaded.sample(50, **wanted), model.sample(50, **wanted))


def test_conditions_that_never_occurred_are_refused():
    table = pd.DataFrame({"a": ["x", "y"] * 50, "b": ["x", "y"] * 50, "z": np.arange(100) / 7})
    model = quick_vae(conditional_on=["a", "b"]).fit(table)
    with pytest.raises(ConditionError, match="No training row had a = 'x' and b = 'y'"):
        model.sample(5, conditions={"a": "x", "b": "y"})


@pytest.fixture(scope="module")
def wide():
    table = expression(300, 400)
    return table, SynthVAE(max_steps=300, random_state=0, verbose=0).fit(table)


def test_a_wide_table_is_learnt_by_its_common_factors(wide, tmp_path):
    table, model = wide
    assert model.encoder_.is_reduced and model.describe()["wide"]["n_columns"] == 400
    synthetic = model.sample(1000, random_state=0)
    assert (synthetic.dtypes == table.dtypes).all()
    model.save(tmp_path / "m.synthgen")
    again = load(tmp_path / "m.synthgen").sample(1000, random_state=0)
    pd.testing.assert_frame_equal(again, synthetic)


def test_columns_of_a_wide_table_go_together_as_in_the_real_one(wide):
    table, model = wide
    names = [f"g{i}" for i in range(40)]
    synthetic = model.sample(1000, random_state=0)
    real, made = (t[names].corr().to_numpy()[np.triu_indices(40, 1)] for t in (table, synthetic))
    assert np.corrcoef(real, made)[0, 1] > 0.9
    by_sex = [t.groupby("sex")[names].mean().diff().iloc[1].to_numpy() for t in (table, synthetic)]
    assert np.corrcoef(*by_sex)[0, 1] > 0.9


def test_a_wide_table_whose_covariates_are_many_or_none(tmp_path):
    table = expression(60, 300)
    for part in (table, table.drop(columns=["sex", "age"])):
        assert quick_vae().fit(part).sample(30, random_state=0).shape == (30, part.shape[1])
    assert quick_vae(reduce=0).fit(table).sample(30).shape == (30, 302)
    assert quick_vae(reduce=None).fit(table).sample(30).shape == (30, 302)
