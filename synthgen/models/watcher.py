"""What is watched while training, measured on hard rows of the averaged generator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from synthgen.layout import MatrixLayout
from synthgen.models.gan_model import GanModel
from synthgen.models.latent_model import to_device
from synthgen.networks.generator import AbstractGenerator
from synthgen.rng import ROWS_PER_BLOCK, derived_seed
from synthgen.training.collapse import Watch
from synthgen.training.steps import Players

BLOCKS = 4
"""Of generated rows, for each evaluation; fewer for wide matrices."""
MAX_CELLS = 8_000_000


def watcher(
    training: np.ndarray,
    validation: np.ndarray,
    layout: MatrixLayout,
    model_of: Callable[[AbstractGenerator], GanModel],
    seed: int,
) -> Callable[[AbstractGenerator, Players], dict[str, float]]:
    """A function that measures a generator and its discriminator.

    Parameters
    ----------
    training, validation : ndarray of float32, shapes (N, F) and (V, F)
        The rows that are trained on, and those that are not; V may be 0.
    layout : MatrixLayout
        What the columns are.
    model_of : callable
        From a generator to its matrix model.
    seed : int
        Of the rows compared.

    Returns
    -------
    callable
        Averaged generator, players -> measures by name; see `synthgen.training.collapse`.
    """
    watch = Watch.of(training, validation, layout, derived_seed(seed, "watch"))
    n_blocks = int(np.clip(MAX_CELLS // (layout.width * ROWS_PER_BLOCK), 1, BLOCKS))
    own_seed = derived_seed(seed, "watched rows")

    def measure(generator: AbstractGenerator, players: Players) -> dict[str, float]:
        model = model_of(generator)
        fake = np.concatenate([model.generate_block(own_seed, b) for b in range(n_blocks)])
        # pairs (row, vector) are judged where an encoder is learnt: then nothing is said of the discriminator
        is_plain = players.generator.encoder is None
        return watch.measure(fake, _scorer(players, model.device) if is_plain else None)

    return measure


def _scorer(players: Players, device: str) -> Callable[[np.ndarray], np.ndarray]:
    """The discriminator's scores of rows, each judged with the rows after it where it judges several together."""

    @torch.no_grad()
    def score(rows: np.ndarray) -> np.ndarray:
        pac = players.discriminator.pac
        whole = rows[: len(rows) // pac * pac] if len(rows) >= pac else np.resize(rows, (pac, rows.shape[1]))
        players.discriminator.eval()
        scores = players.discriminator(to_device(whole, device)).cpu().numpy()
        players.discriminator.train()
        return np.asarray(scores)

    return score
