"""The judge that a training asks now and then: how well do generated rows pass for validation rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synthgen.layout import MatrixLayout
from synthgen.models.gan_model import GanModel
from synthgen.models.validation_score import compact, detection_auc
from synthgen.networks.generator import AbstractGenerator
from synthgen.rng import ROWS_PER_BLOCK, derived_seed


def validator(
    validation: np.ndarray,
    layout: MatrixLayout,
    model_of: Callable[[AbstractGenerator], GanModel],
    seed: int,
) -> Callable[[AbstractGenerator, int], float]:
    """A function that scores a generator on validation rows; lower is better.

    Parameters
    ----------
    validation : ndarray of float32, shape (V, F)
        The rows that training never sees.
    layout : MatrixLayout
        What the columns are.
    model_of : callable
        From a generator to its matrix model.
    seed : int
        Of the generated rows and the trees.

    Returns
    -------
    callable
        Generator, steps done -> AUC of trees that tell as many generated rows from the validation rows.
    """
    real = compact(validation, layout)
    own_seed = derived_seed(seed, "validation")

    def validate(generator: AbstractGenerator, step: int) -> float:
        model = model_of(generator)
        n_blocks = -(-len(real) // ROWS_PER_BLOCK)
        fake = np.concatenate([model.generate_block(own_seed, b) for b in range(n_blocks)])[: len(real)]
        return detection_auc(real, compact(fake, layout), own_seed % 2**32)

    return validate
