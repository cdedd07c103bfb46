"""Names of features, and of samples."""

from __future__ import annotations

import pandas as pd

from synthgen.exceptions import DataError


def check_feature_names(names: pd.Index, way_out: str = "rename or drop one") -> None:
    """Refuse features whose names cannot be column names.

    Parameters
    ----------
    names : pandas.Index
        Names of features.
    way_out : str
        What can be done about repeated names.

    Raises
    ------
    DataError
        If a name repeats or is no string, or there is none.
    """
    if len(names) == 0:
        raise DataError("There are no features; at least one is needed.")
    if not_strings := [n for n in names if not isinstance(n, str)]:
        raise DataError(
            f"Names of features must be strings. Got {not_strings[0]!r} ({type(not_strings[0]).__name__})."
        )
    if not names.is_unique:
        repeated = names[names.duplicated()].unique()
        some = ", ".join(map(repr, repeated[:8]))
        more = f" and {len(repeated) - 8:,} more" if len(repeated) > 8 else ""
        raise DataError(f"Names of features must be distinct. Repeated: {some}{more}; {way_out}.")


def sample_names(n: int, synthetic: bool) -> list[str]:
    """Names for samples: those of real ones are never kept.

    Parameters
    ----------
    n : int
        How many.
    synthetic : bool
        Whether they are a model's.

    Returns
    -------
    list of str, length n
        ``syn1``, ``syn2``, ... or ``row1``, ``row2``, ...
    """
    return [f"{'syn' if synthetic else 'row'}{i + 1}" for i in range(n)]
