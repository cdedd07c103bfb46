"""Latent space: vectors to rows, rows to vectors, walks; the same on every model that has one."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from synthgen import SynthGAN, SynthVAE, load
from synthgen.exceptions import ConditionError, DataError, NotFittedError, ParameterError
from synthgen.models import inference
from synthgen.models.latent_paths import path
from synthgen.rng import hashed_uniform

QUICK = {"hidden_dims": (16,), "max_steps": 30, "random_state": 0, "verbose": 0}
MAKERS = {
    "GAN": lambda **k: SynthGAN(latent_dim=4, **QUICK, **k),
    "uniform": lambda **k: SynthGAN(latent_dim=4, noise_prior="uniform", **QUICK, **k),
    "adversarial inference": lambda **k: SynthGAN(latent_dim=4, inference="adversarial", **QUICK, **k),
    "linear": lambda **k: SynthGAN(latent_dim=4, **{**QUICK, "hidden_dims": ()}, **k),
    "goodfellow2014": lambda **k: SynthGAN(preset="goodfellow2014", latent_dim=4, **QUICK, **k),
    "VAE": lambda **k: SynthVAE(latent_dim=4, **QUICK, **k),
}


@pytest.fixture(autouse=True, scope="module")
def short_learning_of_encoders():
    """A few steps, but for the one test that asks how good they are."""
    usual, inference.TRAINING_STEPS = inference.TRAINING_STEPS, 60
    yield usual
    inference.TRAINING_STEPS = usual


@pytest.fixture(scope="module")
def wine():
    table = load_wine(as_frame=True).frame
    return table.assign(
        target=table["target"].astype("category"), strong=np.where(table["alcohol"] > 13, "yes", "no")
    )


@pytest.fixture(scope="module", params=MAKERS)
def fitted(request, wine):
    return MAKERS[request.param]().fit(wine)


@pytest.fixture(scope="module")
def conditional(wine):
    return MAKERS["GAN"](conditional_on=["target"]).fit(wine)


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((160, 3))
    table = pd.DataFrame(scores @ rng.standard_normal((3, 300)) + rng.standard_normal((160, 300)))
    table.columns = [f"g{i}" for i in range(300)]
    return table.assign(kind=np.where(scores[:, 0] > 0, "a", "b"))


@pytest.fixture(scope="module", params=["gan", "linear"])
def fitted_wide(request, wide):
    return SynthGAN(wide_model=request.param, reduce=3, max_steps=30, random_state=0, verbose=0).fit(wide)


def test_a_sample_is_the_rows_of_its_latent_vectors(fitted):
    drawn = fitted.sample(1100, random_state=5)
    pd.testing.assert_frame_equal(drawn, fitted.generate(fitted.sample_latent(1100, random_state=5)))


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_the_number_of_threads_changes_nothing(wine, n_threads):
    model = SynthGAN(max_steps=10, random_state=0, verbose=0).fit(wine)
    drawn = model.sample(300, random_state=5)
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        made = model.generate(model.sample_latent(300, random_state=5))
    finally:
        torch.set_num_threads(before)
    pd.testing.assert_frame_equal(drawn, made)


def test_vectors_of_a_uniform_prior_stay_in_its_box(wine):
    model = MAKERS["uniform"]().fit(wine)
    for steps in (0, 1, 30):
        assert np.abs(model.encode(wine, steps=steps)).max() <= np.sqrt(3) + 1e-6
    assert np.abs(model.traverse(0)["alcohol"]).notna().all()


def test_every_step_of_the_descent_counts(wine):
    model = MAKERS["GAN"]().fit(wine)
    guess, one = (model.encode(wine, steps=n) for n in (0, 1))
    assert (guess != one).any(axis=1).mean() > 0.5


def test_what_a_network_says_of_its_conditions_does_not_matter(conditional, wine):
    """Those outputs are never trained: any bias there must leave the codes alone."""
    z = conditional.encode(wine[:20], steps=20)
    last = conditional.model_.generator.body[-1]
    columns = conditional.model_.cond_columns
    with torch.no_grad():
        last.bias[columns] += 5.0
        last.weight[columns] *= -3.0
    np.testing.assert_array_equal(conditional.encode(wine[:20], steps=20), z)


def test_a_loaded_encoder_goes_where_the_model_is(wine, tmp_path, monkeypatch):
    model = MAKERS["GAN"]().fit(wine)
    model.encode(wine[:1])
    model.save(tmp_path / "m.synthgen")
    loaded, moved = load(tmp_path / "m.synthgen"), []
    plain = loaded._inference.to
    monkeypatch.setattr(loaded._inference, "to", lambda device: moved.append(device) or plain(device))
    loaded.encode(wine[:1])
    assert moved == [loaded.model_.device]


def test_a_row_depends_on_its_own_vector_alone(fitted):
    z = fitted.sample_latent(1300, random_state=1)
    rows = fitted.generate(z)
    order = np.random.default_rng(0).permutation(1300)
    pd.testing.assert_frame_equal(fitted.generate(z[order]), rows.iloc[order].reset_index(drop=True))
    pd.testing.assert_frame_equal(fitted.generate(z[:3]), rows[:3])
    pd.testing.assert_frame_equal(fitted.generate(z[7]), rows[7:8].reset_index(drop=True))


def test_another_seed_draws_other_choices_for_the_same_vectors(conditional):
    z = conditional.sample_latent(200, random_state=1)
    one, other = conditional.generate(z), conditional.generate(z, random_state=1)
    assert (one["strong"] != other["strong"]).any()
    likeliest = conditional.generate(z, {"target": 0}, choices="likeliest")
    again = conditional.generate(z, {"target": 0}, choices="likeliest", random_state=1)
    pd.testing.assert_frame_equal(likeliest, again)


def test_a_file_keeps_the_latent_space(fitted, wine, tmp_path):
    z = fitted.encode(wine[:5], steps=3)
    fitted.save(tmp_path / "m.synthgen")
    loaded = load(tmp_path / "m.synthgen")
    np.testing.assert_array_equal(loaded.encode(wine[:5], steps=3), z)
    pd.testing.assert_frame_equal(loaded.generate(z), fitted.generate(z))


def test_a_second_fit_forgets_the_encoder_of_the_first(wine):
    model = MAKERS["GAN"]().fit(wine)
    model.encode(wine[:3])
    fresh = MAKERS["GAN"]().fit(wine[["hue", "ash"]])
    again = model.fit(wine[["hue", "ash"]])
    np.testing.assert_array_equal(again.encode(wine[:3], steps=2), fresh.encode(wine[:3], steps=2))


def test_a_row_is_encoded_by_itself(fitted, wine):
    z = fitted.encode(wine[:9], steps=5)
    np.testing.assert_array_equal(fitted.encode(wine[4:5], steps=5)[0], z[4])


def test_steps_bring_the_reconstruction_nearer(fitted, wine):
    _, guess = fitted.encode(wine, steps=0, return_error=True)
    _, better = fitted.encode(wine, steps=150, return_error=True)
    assert guess.shape == (len(wine),)
    assert better.mean() < guess.mean()


def test_reconstructions_are_the_rows_of_the_codes(fitted, wine):
    z = fitted.encode(wine, steps=5)
    pd.testing.assert_frame_equal(fitted.reconstruct(wine, steps=5), fitted.generate(z, choices="likeliest"))


def test_a_path_ends_where_it_should(fitted):
    a, b = fitted.sample_latent(2, random_state=0)
    for method in ("slerp", "linear"):
        walk = fitted.interpolate(a, b, 7, method=method)
        assert len(walk) == 7
        ends = fitted.generate(np.stack([a, b]), choices="likeliest")
        pd.testing.assert_frame_equal(walk.iloc[[0, 6]].reset_index(drop=True), ends)


def test_a_path_between_rows_encodes_them(fitted, wine):
    walk = fitted.interpolate(wine[:1], wine[1:2], 3)
    ends = fitted.reconstruct(wine[:2])
    pd.testing.assert_frame_equal(walk.iloc[[0, 2]].reset_index(drop=True), ends)


def test_one_number_changes_in_a_traversal(fitted):
    z = fitted.sample_latent(1, random_state=0)[0]
    rows = fitted.traverse(2, [-1.0, float(z[2]), 1.0], z=z)
    pd.testing.assert_frame_equal(rows[1:2].reset_index(drop=True), fitted.generate(z, choices="likeliest"))
    assert len(fitted.traverse(0)) == 9


def test_small_steps_of_a_vector_make_small_steps_of_a_row(fitted, wine):
    a, b = fitted.sample_latent(2, random_state=3)
    largest = {n: fitted.interpolate(a, b, n)["flavanoids"].diff().abs().max() for n in (10, 400)}
    assert 0 < largest[400] < largest[10] / 2


def test_latent_vectors_are_features_for_a_pipeline(fitted, wine):
    z = fitted.transform(wine)
    assert z.shape == (len(wine), len(fitted.get_feature_names_out()))
    pipeline = make_pipeline(MAKERS["GAN"](), LogisticRegression(max_iter=2000))
    pipeline.fit(wine.drop(columns="target"), wine["target"])
    assert set(pipeline.predict(wine.drop(columns="target"))) <= {0, 1, 2}


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_priors_have_mean_0_and_variance_1(prior, wine):
    z = SynthGAN(latent_dim=8, noise_prior=prior, **QUICK).fit(wine).sample_latent(20_000, random_state=0)
    assert abs(z.mean()) < 0.01
    assert z.var() == pytest.approx(1, abs=0.02)
    assert (np.abs(z).max() <= np.sqrt(3) + 1e-6) == (prior == "uniform")


def test_the_same_vector_gives_a_row_of_another_class(conditional):
    z = conditional.sample_latent(300, random_state=0)
    by_class = [conditional.generate(z, {"target": level}) for level in range(3)]
    assert [set(rows["target"]) for rows in by_class] == [{0}, {1}, {2}]
    assert not by_class[0].drop(columns="target").equals(by_class[1].drop(columns="target"))
    frame = pd.DataFrame({"target": np.arange(300) % 3})
    mixed = conditional.generate(z, frame)
    assert mixed["target"].tolist() == frame["target"].tolist()
    pd.testing.assert_frame_equal(mixed[1::3], by_class[1][1::3])


def test_only_the_models_own_conditions_can_be_given(conditional):
    z = conditional.sample_latent(2, random_state=0)
    with pytest.raises(ConditionError, match=r"not conditional on column 'strong'.*`conditional_on`"):
        conditional.generate(z, {"strong": "yes"})
    with pytest.raises(ConditionError, match="no level 7"):
        conditional.generate(z, {"target": 7})
    with pytest.raises(ConditionError, match="one row for each of the 2"):
        conditional.generate(z, pd.DataFrame({"target": [0]}))


def test_bad_vectors_are_refused(conditional):
    for bad, words in (
        (np.zeros((2, 5)), r"shape \(n, 4\). Got \(2, 5\)"),
        ([[np.nan] * 4], "finite"),
        (["a", "b"], "numbers"),
    ):
        with pytest.raises(DataError, match=words):
            conditional.generate(bad)
    with pytest.raises(ParameterError, match=r"`dim` parameter of traverse must be an int in \[0, 4\)"):
        conditional.traverse(4)
    with pytest.raises(ParameterError, match="`method` parameter of interpolate"):
        conditional.interpolate(np.zeros(4), np.ones(4), method="cubic")
    with pytest.raises(ParameterError, match="`choices` parameter of generate"):
        conditional.generate(np.zeros(4), choices="best")
    with pytest.raises(DataError, match=r"must be one row\. Got 2"):
        conditional.interpolate(conditional.sample(2), np.zeros(4))
    with pytest.raises(DataError, match=r"one latent vector is needed. Got 0"):
        conditional.interpolate(np.zeros((0, 4)), np.zeros(4))
    with pytest.raises(DataError, match=r"one latent vector is needed. Got 5"):
        conditional.traverse(0, z=np.zeros((5, 4)))
    for bad in ([np.nan], "abc"):
        with pytest.raises(DataError, match="finite numbers"):
            conditional.traverse(0, bad)
    with pytest.raises(NotFittedError):
        SynthGAN().sample_latent(1)


def test_instants_that_arrow_stores_are_instants_too():
    table = pd.DataFrame({"when": pd.date_range("2020", periods=60, freq="31h"), "x": np.arange(60) % 7})
    model = SynthGAN(latent_dim=4, **QUICK).fit(table)
    stored = table.astype({"when": f"timestamp[{table['when'].dt.unit}][pyarrow]"})
    np.testing.assert_array_equal(model.encode(stored, steps=2), model.encode(table, steps=2))


def test_reconstructions_keep_the_index(conditional, wine):
    assert conditional.reconstruct(wine[10:12], steps=1).index.tolist() == [10, 11]


def test_no_vectors_give_no_rows(fitted, wine):
    assert fitted.generate(fitted.sample_latent(0)).dtypes.equals(wine.dtypes)
    with pytest.raises(DataError, match="empty"):
        fitted.encode(wine[:0])


def test_a_table_without_anything_to_learn_has_no_latent_space():
    model = SynthGAN(**QUICK).fit(pd.DataFrame({"x": [1, 1, 1, 1]}))
    with pytest.raises(DataError, match="no latent space"):
        model.sample_latent(1)


def test_an_injective_generator_gives_its_vectors_back(short_learning_of_encoders, monkeypatch):
    """Four numbers of a noise vector of two: where the generator is injective, so is the encoding."""
    monkeypatch.setattr(inference, "TRAINING_STEPS", short_learning_of_encoders)
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((500, 2)) @ rng.standard_normal((2, 4))
    table = pd.DataFrame(numbers, columns=list("abcd"))
    model = SynthGAN(latent_dim=2, watch=False, **{**QUICK, "max_steps": 300}).fit(table)
    z = model.sample_latent(400, random_state=1)
    back = model.encode(model.generate(z))
    assert 1 - np.square(back - z).sum() / np.square(z - z.mean(0)).sum() > 0.9


def test_wide_rows_depend_on_their_own_vectors_alone(fitted_wide, wide):
    z = fitted_wide.sample_latent(1030, random_state=0)
    order = np.random.default_rng(0).permutation(1030)
    matrix = fitted_wide.model_.rows(z)
    np.testing.assert_array_equal(fitted_wide.model_.rows(z[order]), matrix[order])
    z = z[:6]
    rows = fitted_wide.generate(z)
    pd.testing.assert_frame_equal(fitted_wide.generate(z[::-1])[::-1].reset_index(drop=True), rows)
    assert rows.dtypes.equals(wide.dtypes)
    assert fitted_wide.generate(z, {"kind": "b"})["kind"].tolist() == ["b"] * 6


def test_wide_walks_hold_what_factors_leave_over(fitted_wide):
    z = fitted_wide.sample_latent(1, random_state=0)
    same = fitted_wide.generate(np.repeat(z, 3, axis=0), {"kind": "a"}, choices="likeliest")
    assert (same.nunique() == 1).all()


def test_wide_rows_with_a_number_of_their_own_keep_it_apart(wide):
    table = wide.assign(person=[f"P-{i:04d}" for i in range(len(wide))])
    model = SynthGAN(reduce=3, max_steps=30, random_state=0, verbose=0).fit(table)
    z = model.sample_latent(5, random_state=0)
    for choices in ("drawn", "likeliest"):
        assert model.generate(z, choices=choices)["person"].nunique() == 5


def test_wide_scores_are_encoded_and_rebuilt(fitted_wide, wide):
    z, error = fitted_wide.encode(wide[:20], return_error=True)
    assert z.shape[0] == 20
    assert error.max() < 0.05
    back = fitted_wide.reconstruct(wide[:20])
    r = np.corrcoef(back["g0"], wide["g0"][:20])[0, 1]
    assert r > 0.4


@pytest.mark.parametrize("steps", [2, 5])
def test_great_circles_by_an_independent_formula(steps):
    a, b = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    angles = np.linspace(0, np.pi / 2, steps)
    expected = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(steps)])
    np.testing.assert_allclose(path(a, b, steps, "slerp"), expected, atol=1e-6)


def test_paths_between_parallel_or_zero_vectors_are_straight():
    for a, b in ((np.ones(3), 2 * np.ones(3)), (np.ones(3), -np.ones(3)), (np.zeros(3), np.ones(3))):
        np.testing.assert_allclose(path(a, b, 3, "slerp"), path(a, b, 3, "linear"), atol=1e-6)


def test_hashed_numbers_are_uniform_independent_and_a_function_of_their_row():
    rows = np.random.default_rng(0).standard_normal((4000, 3)).astype(np.float32)
    uniform = hashed_uniform(rows, 5, "test")
    np.testing.assert_array_equal(hashed_uniform(rows[10:12], 5, "test"), uniform[10:12])
    assert 0 < uniform.min() <= uniform.max() < 1
    assert np.abs(np.sort(uniform, axis=0) - (np.arange(4000)[:, None] + 0.5) / 4000).max() < 0.03
    assert np.abs(np.corrcoef(np.hstack([uniform, rows]).T) - np.eye(8)).max() < 0.06
    assert (hashed_uniform(rows, 5, "other") != uniform).mean() > 0.99
    assert (hashed_uniform(rows, 5, "test", key=1) != uniform).mean() > 0.99
    nearby = rows.copy()
    nearby[:, 2] = np.nextafter(nearby[:, 2], np.float32(9))
    assert abs(np.corrcoef(hashed_uniform(nearby, 1, "test")[:, 0], uniform[:, 0])[0, 1]) < 0.06
