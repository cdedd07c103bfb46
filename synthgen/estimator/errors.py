"""The error of an estimator that is not fitted, as synthgen and scikit-learn both know it."""

from __future__ import annotations

from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from synthgen.exceptions import NotFittedError


class UnfittedError(NotFittedError, SklearnNotFittedError):
    """A method that needs `fit` was called before it; scikit-learn's tools catch it as their own."""
