"""The common checks on every synthesizer."""

import inspect

import pytest

from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.synthgan import SynthGAN
from synthgen.models.vae import SynthVAE
from tests.common.synthesizer_checks import CHECKS


def quick_gan(**changes):
    defaults = {"hidden_dims": (16,), "latent_dim": 8, "max_steps": 20, "random_state": 0, "verbose": 0}
    return SynthGAN(**{**defaults, **changes})


def quick_vae(**changes):
    defaults = {"hidden_dims": (16,), "latent_dim": 8, "max_steps": 20, "random_state": 0, "verbose": 0}
    return SynthVAE(**{**defaults, **changes})


def seeded(make):
    return lambda **changes: make(**{"random_state": 0, "verbose": 0, **changes})


FACTORIES = {
    "SynthGAN": quick_gan,
    "SynthVAE": quick_vae,
    "GaussianCopula": seeded(GaussianCopula),
    "IndependentMarginals": seeded(IndependentMarginals),
    "Bootstrap": seeded(Bootstrap),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("name", FACTORIES)
def test_common_checks(name, check, diabetes, tmp_path):
    extra = {"tmp_path": tmp_path} if "tmp_path" in inspect.signature(check).parameters else {}
    check(FACTORIES[name], diabetes, **extra)
