"""Matrix rows as features for trees: one for each column that is learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.encoders.base import AbstractColumnEncoder
from synthgen.encoders.table_encoder import TableEncoder


@dataclass(frozen=True)
class RowFeatures:
    """One number for each row and learnt column.

    Parameters
    ----------
    values : ndarray of float64, shape (N, n_features)
        Numbers as they are, levels as codes, instants as ticks; NaN for missing.
    is_level : ndarray of bool, shape (n_features,)
        Which features are codes.
    """

    values: np.ndarray
    is_level: np.ndarray


def row_features(matrix: np.ndarray, encoder: TableEncoder) -> RowFeatures:
    """What trees see of matrix rows.

    Decoded values, not scores: a score's place inside a tie is noise.

    Parameters
    ----------
    matrix : ndarray of float32, shape (N, F)
        Hard rows.
    encoder : TableEncoder
        Knows what they mean. Its block of many columns, if it has one, is left out.

    Returns
    -------
    RowFeatures
        In the order of the encoder's columns; columns that are not learnt are left out.
    """
    parts, is_level, start = [], [], 0
    for encoder_ in encoder.encoders_:
        width = sum(b.width for b in encoder_.blocks(start))
        if width:
            parts.append(_feature(matrix[:, start : start + width], encoder_))
            is_level.append(encoder_.column.levels is not None)
        start += width
    values = np.column_stack(parts) if parts else np.zeros((len(matrix), 0))
    return RowFeatures(values, np.array(is_level, dtype=bool))


def _feature(matrix: np.ndarray, encoder: AbstractColumnEncoder) -> np.ndarray:
    plain = encoder.inverse_transform(matrix, 0, 0)
    if isinstance(plain, list):  # strings made row by row say nothing
        return np.zeros(len(matrix))
    return np.where(plain.missing, np.nan, plain.values.astype(np.float64))
