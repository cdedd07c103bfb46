"""Rows of latent vectors and of walks between them, many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthgen.exceptions import DataError, ParameterError
from synthgen.models.latent import AbstractLatentSynthesizer
from synthgen.models.latent_model import AbstractLatentModel
from synthgen.models.latent_paths import path
from synthgen.rng import derived_seed

MAX_CELLS = 30_000_000
"""Of the rows of one kind, over all columns that have to be decoded: of wide tables fewer rows are taken."""
MAX_SLOW_ROWS = 330
"""Rows with the likeliest choices, where a block of columns has to be undone row by row."""


class LatentRows:
    """What a study draws from a model.

    Parameters
    ----------
    model : AbstractLatentSynthesizer
        Fitted.
    seed : int
        Of everything that is drawn.

    Raises
    ------
    ParameterError
        If the model is of a class without a latent space.
    DataError
        If its table had nothing to learn.

    Notes
    -----
    The rows are those of the generator alone: neither chosen among several (`SynthGAN`'s ``refine``) nor dropped where they
    break a rule, since a row of a walk cannot be another row. They are distributed as those of `generate`. They need not
    equal them: of wide tables, what common factors leave over is drawn for many rows at once, which takes a hundredth of
    the time.
    """

    def __init__(self, model: object, seed: int) -> None:
        self.synthesizer = _checked(model)
        self.latent = _latent_model(self.synthesizer)
        self.seed = seed

    @property
    def is_slow(self) -> bool:
        """Whether rows with the likeliest choices are undone one by one, so that the rest of all is the same."""
        block = self.synthesizer.encoder_.block_
        return block is not None and block.is_noisy

    def most_rows(self, n_columns: int) -> int:
        """Rows of one kind that may be taken, at least 1, where so many columns are wanted; a block is decoded as a whole."""
        return max(
            MAX_CELLS
            // (n_columns if self.synthesizer.encoder_.block_ is None else len(self.synthesizer.schema_)),
            1,
        )

    def vectors(self, n: int, purpose: str) -> np.ndarray:
        """Random latent vectors, shape (n, Z)."""
        return self.synthesizer.sample_latent(n, random_state=derived_seed(self.seed, purpose))

    def samples(self, n: int, purpose: str, columns: Sequence[str]) -> pd.DataFrame:
        """Rows of random latent vectors, with some of the columns, shape (n, len(columns))."""
        z = self.vectors(n, purpose)
        return self._table(z, self.latent.draw_conditions(z, 0), columns, purpose, is_likeliest=False)

    def walks(
        self,
        starts: np.ndarray,
        ends: np.ndarray,
        steps: int,
        method: str,
        columns: Sequence[str],
        *,
        is_likeliest: bool,
    ) -> pd.DataFrame:
        """Rows along paths.

        Parameters
        ----------
        starts, ends : ndarray of float32, shape (P, Z)
            Latent vectors.
        steps : int
            Rows of each path, ends included.
        method : {"slerp", "linear"}
            See `synthgen.models.latent_paths.path`.
        columns : sequence of str
            That are wanted.
        is_likeliest : bool
            The likeliest choices, as `interpolate` gives them; else they are drawn, as in samples.

        Returns
        -------
        pandas.DataFrame, shape (P * steps, len(columns))
            The first path's rows, then the second's, ...; under the conditions of its start all the way.
        """
        paths = [path(a, b, steps, method) for a, b in zip(starts, ends, strict=True)]
        conditions = np.repeat(self.latent.draw_conditions(starts, 0), steps, axis=0)
        purpose = f"latent study walks {method}"
        return self._table(np.concatenate(paths), conditions, columns, purpose, is_likeliest=is_likeliest)

    def likeliest(self, z: np.ndarray, columns: Sequence[str]) -> pd.DataFrame:
        """Rows of vectors that differ in little, under the conditions of the first, shape (M, len(columns))."""
        conditions = np.repeat(self.latent.draw_conditions(z[:1], 0), len(z), axis=0)
        return self._table(z, conditions, columns, "", is_likeliest=True)

    def _table(
        self, z: np.ndarray, cond: np.ndarray, columns: Sequence[str], purpose: str, *, is_likeliest: bool
    ) -> pd.DataFrame:
        matrix = self.latent.rows(z, cond, likeliest=is_likeliest)
        encoder = self.synthesizer.encoder_
        if is_likeliest and self.is_slow and len(matrix):  # the same rest in every row
            rows = [encoder.inverse_transform(matrix[[i]], columns=list(columns)) for i in range(len(matrix))]
            return pd.concat(rows, ignore_index=True)[list(columns)]
        seed = 0 if is_likeliest else derived_seed(self.seed, purpose)
        return encoder.inverse_transform(matrix, seed=seed, columns=list(columns))[list(columns)]


def _checked(model: object) -> AbstractLatentSynthesizer:
    if not isinstance(model, AbstractLatentSynthesizer):
        raise ParameterError(
            f"The model is a {type(model).__name__}, which has no latent space; SynthGAN and SynthVAE have one."
        )
    return model


def _latent_model(model: AbstractLatentSynthesizer) -> AbstractLatentModel:
    model.sample_latent(0)  # says so if it is not fitted, or had nothing to learn
    found = model.model_
    if not isinstance(found, AbstractLatentModel):
        raise DataError("This model has no latent space.")
    return found
