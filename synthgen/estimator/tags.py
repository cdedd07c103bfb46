"""What estimators of tables tell scikit-learn of their input: numbers, strings, missing values."""

from __future__ import annotations

from typing import Any

import numpy as np


def with_table_tags(tags: Any, dtypes: list[type[np.generic]] | None = None) -> Any:
    """The tags of an estimator that takes tables of mixed columns, from scikit-learn 1.6 on.

    Parameters
    ----------
    tags : sklearn.utils.Tags
        Those of its base classes; changed in place.
    dtypes : list of numpy dtypes, optional
        Of input that `transform` gives back in the same dtype.

    Returns
    -------
    sklearn.utils.Tags
        The same object.

    Notes
    -----
    That categories are taken too is left unsaid: scikit-learn's checks would then round all their numbers.
    """
    tags.input_tags.allow_nan = True
    tags.input_tags.string = True
    if tags.transformer_tags is not None:
        tags.transformer_tags.preserves_dtype = [np.dtype(d).name for d in dtypes or []]
    return tags


def table_tags(dtypes: list[type[np.generic]] | None = None) -> dict[str, Any]:
    """The same as scikit-learn 1.5 reads them.

    Parameters
    ----------
    dtypes : list of numpy dtypes, optional
        See `with_table_tags`.

    Returns
    -------
    dict
        What `_more_tags` gives.
    """
    return {
        "allow_nan": True,
        "X_types": ["2darray", "string"],
        "preserves_dtype": [np.dtype(d).type for d in dtypes or []],
    }
