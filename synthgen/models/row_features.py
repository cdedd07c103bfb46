"""Matrix rows as features for trees: one for each column that is learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthgen.encoders.base import AbstractColumnEncoder
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.plain import Plain, to_plain


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
        Encoded columns in the encoder's order, then the numbers that relations restore, in place of what was encoded for
        them. Columns that are not learnt are left out, and levels that others determine.
    """
    restored, standing = _restored_numbers(encoder)
    parts, is_level, start = [], [], 0
    for encoder_ in encoder.encoders_:
        width = sum(b.width for b in encoder_.blocks(start))
        if width and encoder_.column.name not in standing:
            parts.append(_encoded(matrix[:, start : start + width], encoder_))
            is_level.append(encoder_.column.levels is not None)
        start += width
    if restored:
        table = encoder.inverse_transform(matrix, columns=restored)
        parts += [_number(to_plain(table[name], encoder.schema_[name])) for name in restored]
        is_level += [False] * len(restored)
    values = np.column_stack(parts) if parts else np.zeros((len(matrix), 0))
    return RowFeatures(values, np.array(is_level, dtype=bool))


def _restored_numbers(encoder: TableEncoder) -> tuple[list[str], set[str]]:
    """The numbers that relations restore, and the encoded columns that stand for them."""
    restored: list[str] = []
    standing: set[str] = set()
    for step in encoder.plan_.steps:
        if all(encoder.schema_[t].levels is None for t in step.targets):
            restored += step.targets
            standing |= {step.own.name} if step.own is not None else set()
            standing |= set(step.targets) if step.keeps else set()
    return restored, standing


def _encoded(matrix: np.ndarray, encoder: AbstractColumnEncoder) -> np.ndarray:
    plain = encoder.inverse_transform(matrix, 0, 0)
    if isinstance(plain, list):  # strings made row by row say nothing
        return np.zeros(len(matrix))
    return _number(plain)


def _number(plain: Plain) -> np.ndarray:
    return np.where(plain.missing, np.nan, plain.values.astype(np.float64))
