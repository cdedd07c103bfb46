"""scikit-learn's own checks of estimators, and those that synthgen's do not pass, each with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

EXCEPTIONS: dict[str, dict[str, str]] = {}
"""By class and check, why it is not passed. The page docs/how-to/scikit-learn.md says the same."""


def each_check(estimators: list[Any]) -> pytest.MarkDecorator:
    """`parametrize_with_checks`, whose checks are a list: some versions give an iterator, which pytest deprecates."""
    found = parametrize_with_checks(estimators)
    names, checks = found.args
    return pytest.mark.parametrize(names, list(checks), **found.kwargs)


def run_check(estimator: Any, check: Any) -> None:
    """Run one of scikit-learn's checks; a listed exception must fail, so that the list keeps true."""
    name = getattr(check, "func", check).__name__
    if name in EXCEPTIONS.get(type(estimator).__name__, {}):
        with pytest.raises((AssertionError, ValueError, TypeError)):
            check(estimator)
    else:
        check(estimator)
