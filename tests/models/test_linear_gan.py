"""The linear GAN: what a linear and a quadratic discriminator can find of one normal column."""

import numpy as np
import pandas as pd
import pytest

from synthgen import SynthGAN

MEAN, SD = 3.0, 2.0


@pytest.fixture(scope="module")
def column():
    x = np.random.default_rng(0).standard_normal(1000)
    return pd.DataFrame({"x": MEAN + SD * (x - x.mean()) / x.std()})


def fitted(column, **changes):
    """G(z) = w z + b on the numbers as they are: nothing but the game can find mean and spread."""
    model = SynthGAN(
        hidden_dims=(),
        latent_dim=1,
        numeric_encoding="raw",
        calibrate=False,
        refine=None,
        watch=False,
        loss=changes.pop("loss", "non-saturating"),
        learning_rate=0.01,
        batch_size=256,
        max_steps=1500,
        ema_decay=0.99,
        random_state=0,
        verbose=0,
        **changes,
    )
    return model.fit(column)


def weight_and_bias(model):
    zero, one = model.generate([[0.0], [1.0]])["x"]
    return one - zero, zero


def test_a_linear_discriminator_finds_the_mean_alone(column):
    weight, bias = weight_and_bias(fitted(column))
    assert bias == pytest.approx(MEAN, abs=0.1)
    assert abs(weight) < 0.5 * SD


@pytest.mark.parametrize("loss", ["non-saturating", "minimax", "relativistic"])
def test_a_quadratic_discriminator_finds_the_standard_deviation_too(column, loss):
    weight, bias = weight_and_bias(fitted(column, quadratic=True, loss=loss))
    assert bias == pytest.approx(MEAN, abs=0.15)
    assert abs(weight) == pytest.approx(SD, abs=0.15)


def test_the_linear_gan_is_linear(column):
    rows = fitted(column).generate(np.array([[-1.0], [0.0], [1.0], [2.0]]))["x"].to_numpy()
    np.testing.assert_allclose(np.diff(rows), np.diff(rows)[0], rtol=1e-4, atol=1e-5)
