"""Several seeds, of which the best is kept."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from synthgen.engines import ray_cluster
from synthgen.exceptions import DataError, ParameterError, SynthgenError
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.independent import IndependentMarginals
from synthgen.models.table_score import score_noise
from synthgen.models.vae import SynthVAE
from synthgen.rng import stream
from synthgen.studies.restarts import best_of_seeds


def tiny(**changes):
    return SynthVAE(**{"hidden_dims": (8,), "latent_dim": 4, "max_steps": 10, "verbose": 0, **changes})


@pytest.fixture(scope="module")
def small(diabetes):
    return diabetes[["age", "sex", "bmi", "bp"]].head(200)


def test_the_best_by_rows_kept_aside_is_kept(small):
    found = best_of_seeds(tiny(), small, [5, 1, 2], validation_fraction=0.25, verbose=0)
    order = stream(0, "studies.restarts").permutation(200)
    aside, learnt = np.sort(order[:50]), np.sort(order[50:])
    assert found.table["seed"].tolist() == [5, 1, 2]
    assert (found.n_fitted, found.n_validation, found.noise) == (150, 50, score_noise(50))
    for seed, score in zip(found.table["seed"], found.table["score"], strict=True):
        alone = tiny(random_state=seed).fit(small.iloc[learnt].reset_index(drop=True))
        assert alone.score(small.iloc[aside].reset_index(drop=True)) == score
        if seed == found.seed:
            assert_frame_equal(found.model.sample(30, random_state=0), alone.sample(30, random_state=0))
    assert found.table["score"].max() == found.table.set_index("seed")["score"][found.seed]


@pytest.mark.cluster
def test_ray_keeps_the_same_model(small):
    pytest.importorskip("ray")
    one = best_of_seeds(tiny(), small, 2, verbose=0)
    with ray_cluster.ray_cluster(None, 2):
        many = best_of_seeds(tiny(), small, 2, engine="ray", workers=2, verbose=0)
    assert_frame_equal(many.table.drop(columns="fit_seconds"), one.table.drop(columns="fit_seconds"))
    assert_frame_equal(many.model.sample(30, random_state=0), one.model.sample(30, random_state=0))


def test_what_cannot_be_is_refused(small):
    with pytest.raises(
        ParameterError, match=r"`seeds` parameter of best_of_seeds must be an int in \[1, inf\)"
    ):
        best_of_seeds(Bootstrap(), small, 0)
    with pytest.raises(ParameterError, match=r"must be one of synthgen's models"):
        best_of_seeds("GAN", small)
    with pytest.raises(DataError, match=r"Of 10 rows 2 would be kept aside"):
        best_of_seeds(Bootstrap(), small.head(10))
    with pytest.raises(SynthgenError, match=r"The fit of IndependentMarginals with seed 3 failed: "):
        best_of_seeds(IndependentMarginals(), pd.DataFrame({"z": [1 + 2j] * 40}), [3], verbose=0)
