"""Synthesizers keep scikit-learn's contract."""

import pytest

from synthgen.models import inference
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.latent import AbstractLatentSynthesizer
from synthgen.models.synthgan import SynthGAN
from synthgen.models.vae import SynthVAE
from tests.common.estimator_checks import each_check, run_check


@pytest.fixture(autouse=True)
def short_inference(monkeypatch):
    """The encoder behind `transform` is learnt in a few steps, and its guesses improved by a few."""
    monkeypatch.setattr(inference, "TRAINING_STEPS", 3)
    monkeypatch.setattr(inference, "PAIR_BLOCKS", 2)
    monkeypatch.setitem(AbstractLatentSynthesizer.encode.__kwdefaults__, "steps", 3)


TINY = {"hidden_dims": (4,), "latent_dim": 2, "max_steps": 3, "verbose": 0}
ESTIMATORS = [
    SynthGAN(**TINY),
    SynthVAE(**TINY),
    GaussianCopula(verbose=0),
    IndependentMarginals(verbose=0),
    Bootstrap(verbose=0),
]


@each_check(ESTIMATORS)
def test_scikit_learns_own_checks(estimator, check):
    run_check(estimator, check)
