"""The judge that a training asks now and then: how well do generated rows pass for validation rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synthgen.layout import MatrixLayout
from synthgen.models.condition_table import condition_table
from synthgen.models.gan_model import GanModel
from synthgen.models.validation_score import compact, detection_auc
from synthgen.networks.generator import AbstractGenerator
from synthgen.rng import ROWS_PER_BLOCK, derived_seed


def validator(
    validation: np.ndarray,
    matrix: np.ndarray,
    layout: MatrixLayout,
    cond_columns: list[int],
    device: str,
    seed: int,
) -> Callable[[AbstractGenerator, int], float]:
    """A function that scores a generator on validation rows; lower is better.

    Parameters
    ----------
    validation, matrix : ndarray of float32, shapes (V, F) and (N, F)
        The rows that training never sees, and all rows, whose conditions are drawn.
    layout : MatrixLayout
        What the columns are.
    cond_columns : list of int
        Matrix columns that are given to the generator.
    device : str
        Where it runs.
    seed : int
        Of the generated rows and the trees.

    Returns
    -------
    callable
        Generator, steps done -> AUC of trees that tell as many generated rows from the validation rows.
    """
    real = compact(validation, layout)
    conditions = condition_table(matrix, cond_columns)
    own_seed = derived_seed(seed, "validation")

    def validate(generator: AbstractGenerator, step: int) -> float:
        model = GanModel(generator, layout, cond_columns, conditions, device)
        n_blocks = -(-len(real) // ROWS_PER_BLOCK)
        fake = np.concatenate([model.generate_block(own_seed, b) for b in range(n_blocks)])[: len(real)]
        return detection_auc(real, compact(fake, layout), own_seed % 2**32)

    return validate
