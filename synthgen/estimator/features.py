"""How many columns an estimator was fitted on, and their names, as scikit-learn has it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from synthgen.exceptions import DataError

_SHOWN = 5
"""Names in one message, as in scikit-learn's."""


def remember_features(estimator: Any, names: pd.Index, *, are_given: bool) -> None:
    """Set `n_features_in_`, and `feature_names_in_` where the names came from the user.

    Parameters
    ----------
    estimator : object
        That is being fitted.
    names : pandas.Index, shape (n_features,)
        The columns of X.
    are_given : bool
        False for the names that arrays get here.
    """
    estimator.n_features_in_ = len(names)
    if are_given:
        estimator.feature_names_in_ = np.array(names, dtype=object)
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_


def check_features(estimator: Any, found: pd.Index, own: list[str], *, are_given: bool) -> None:
    """Hold the columns of a later X to those of `fit`, in scikit-learn's words.

    Parameters
    ----------
    estimator : object
        Fitted.
    found : pandas.Index
        The columns of X.
    own : list of str, shape (n_features,)
        The columns in `fit`, by whatever name.
    are_given : bool
        Whether X came with names.

    Raises
    ------
    DataError
        If their number, names or order differ.

    Warns
    -----
    UserWarning
        If only one of the two had names.
    """
    kind = type(estimator).__name__
    had_names = hasattr(estimator, "feature_names_in_")
    if are_given and had_names:
        _check_names(own, list(found))
    elif had_names:
        _warn(f"X does not have valid feature names, but {kind} was fitted with feature names")
    elif are_given and list(found) != own:
        _warn(f"X has feature names, but {kind} was fitted without feature names")
    if len(found) != len(own):
        raise DataError(f"X has {len(found)} features, but {kind} is expecting {len(own)} features as input.")


def check_input_features(estimator: Any, input_features: Any) -> None:
    """Hold the names that `get_feature_names_out` is given to those of `fit`.

    Parameters
    ----------
    estimator : object
        Fitted.
    input_features : array-like of str, shape (n_features,), or None
        Names of X's columns.

    Raises
    ------
    DataError
        If they are others, or not as many.
    """
    if input_features is None:
        return
    names = np.asarray(input_features, dtype=object)
    own = getattr(estimator, "feature_names_in_", None)
    if own is not None and not np.array_equal(own, names):
        raise DataError("input_features is not equal to feature_names_in_")
    if len(names) != estimator.n_features_in_:
        raise DataError(
            f"input_features should have length equal to number of features ({estimator.n_features_in_}), "
            f"got {len(names)}"
        )


def _check_names(own: list[str], found: list[str]) -> None:
    if own == found:
        return
    message = "The feature names should match those that were passed during fit.\n"
    unseen, missing = sorted(set(found) - set(own), key=str), sorted(set(own) - set(found), key=str)
    if unseen:
        message += "Feature names unseen at fit time:\n" + _listed(unseen)
    if missing:
        message += "Feature names seen at fit time, yet now missing:\n" + _listed(missing)
    if not unseen and not missing:
        message += "Feature names must be in the same order as they were in fit.\n"
    raise DataError(message)


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= _SHOWN else [*names[:_SHOWN], "..."]
    return "".join(f"- {name}\n" for name in shown)


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)
