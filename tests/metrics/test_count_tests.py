import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact

from synthgen.metrics.count_tests import two_by_two_p


def test_missing_shares_are_tested_by_fisher_and_by_yates_where_there_are_many():
    hits = np.array([3, 300]), np.array([17, 420])
    misses = np.array([97, 700]), np.array([83, 580])
    p_values = two_by_two_p(hits[0], misses[0], hits[1], misses[1])
    tables = [[[hits[0][j], misses[0][j]], [hits[1][j], misses[1][j]]] for j in (0, 1)]
    assert p_values[0] == pytest.approx(fisher_exact(tables[0])[1])
    assert p_values[1] == pytest.approx(chi2_contingency(tables[1]).pvalue)
