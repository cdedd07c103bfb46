"""Studies of one set of samples, for the time's sake."""

import numpy as np
import pytest

from synthgen.studies import quality
from tests.studies.fakes import truth


@pytest.fixture
def quick(monkeypatch):
    """The classifier of one set of samples in place of the mean over five."""
    monkeypatch.setattr(quality, "MAX_BLOCK_ROWS", 1)


@pytest.fixture(scope="session")
def rows():
    return truth(900, np.random.default_rng(1))
