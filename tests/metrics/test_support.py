import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import support
from synthgen.metrics.baselines import bootstrap, permuted_columns
from synthgen.metrics.support import copies, nearest_distances, share_closer_to_real
from synthgen.rng import stream


@pytest.fixture
def tables(people, coded):
    return coded(real=people(400, 1), holdout=people(400, 2), fresh=people(400, 3))


def test_copies_are_at_distance_nought_and_counted(tables):
    copied = bootstrap(tables["real"], 300, stream(0, "test"))
    distances = nearest_distances(copied, tables["real"], 0)
    assert distances.to_real[-1] < 1e-6 and distances.median.value < 1e-6
    assert copies(copied, tables["real"]).value == 1
    assert copies(tables["fresh"], tables["real"]).value == 0


def test_a_share_of_copies_is_found(people, coded):
    real = people(200, 1)
    synthetic = pd.concat([people(190, 2), real.iloc[:10]], ignore_index=True)
    tables = coded(real=real, synthetic=synthetic)
    found = copies(tables["synthetic"], tables["real"])
    assert found.value == pytest.approx(0.05) and found.low < 0.05 < found.high


def test_a_row_is_not_its_own_copy(people, coded):
    real = people(100, 1)
    table = coded(real=pd.concat([real, real.iloc[:4]], ignore_index=True))["real"]
    assert copies(table, table, itself=True).value == pytest.approx(8 / 104)


def test_shuffled_rows_lie_further_away_than_fresh_ones(tables):
    fresh = nearest_distances(tables["fresh"], tables["real"], 0)
    floor = permuted_columns(tables["real"], 400, stream(0, "test"))
    assert nearest_distances(floor, tables["real"], 0).median.low > fresh.median.high
    assert fresh.to_real[0] > 0 and all(np.diff(fresh.to_real) >= 0) and fresh.to_real[-1] <= 1


def test_a_row_is_not_its_own_neighbour(tables):
    real = tables["real"]
    own = nearest_distances(real, real, 0, itself=True)
    fresh = nearest_distances(tables["fresh"], real, 0)
    assert own.to_real[0] > 0 and own.median.value == pytest.approx(fresh.median.value, rel=0.25)


def test_fresh_rows_are_as_near_to_held_out_rows_as_to_real_ones(tables):
    share = share_closer_to_real(tables["fresh"], tables["real"], tables["holdout"], 0)
    assert share.low < 0.5 < share.high


def test_copies_are_nearer_to_the_real_rows(tables):
    copied = bootstrap(tables["real"], 400, stream(0, "test"))
    assert share_closer_to_real(copied, tables["real"], tables["holdout"], 0).low > 0.95


def test_ties_count_one_half(tables):
    real = tables["real"]
    assert share_closer_to_real(tables["fresh"], real, real, 0).value == pytest.approx(0.5)


def test_rows_are_capped(tables, monkeypatch):
    monkeypatch.setattr(support, "MAX_ROWS", 50)
    monkeypatch.setattr(support, "MAX_REFERENCE", 250)
    found = nearest_distances(tables["fresh"], tables["real"], 0)
    assert (found.n_rows, found.n_reference) == (50, 250)
