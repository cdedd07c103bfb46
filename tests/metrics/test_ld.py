import numpy as np

from synthgen.metrics.jackknife import Resampled
from synthgen.metrics.ld import MAX_VARIANTS, RUN, chosen_variants, decay, distance_bins


def test_few_variants_are_all_taken():
    assert chosen_variants(MAX_VARIANTS, 0).tolist() == list(range(MAX_VARIANTS))


def test_of_many_variants_runs_of_neighbours_are_taken():
    found = chosen_variants(36_901, 0)
    assert len(found) == MAX_VARIANTS == len(np.unique(found)) and found.max() < 36_901
    runs = found.reshape(-1, RUN)
    assert (np.diff(runs, axis=1) == 1).all() and (np.diff(runs[:, 0]) >= RUN).all()
    assert chosen_variants(36_901, 1).tolist() != found.tolist()
    assert len(chosen_variants(MAX_VARIANTS + 1, 0)) == MAX_VARIANTS


def test_distances_double_from_bin_to_bin():
    bins, ends = distance_bins(np.arange(6))
    assert ends == ((1, 1), (2, 3), (4, 5))
    first, second = np.triu_indices(6, 1)
    for i, (low, high) in enumerate(ends):
        assert set((second - first)[bins == i].tolist()) == set(range(low, high + 1))


def test_pairs_of_different_runs_have_no_distance():
    found = chosen_variants(5_000, 0)
    bins, ends = distance_bins(found)
    first, second = np.triu_indices(len(found), 1)
    same_run = first // RUN == second // RUN
    assert (bins[same_run] >= 0).all() and ends[-1][1] == RUN - 1
    assert (found[second] - found[first])[bins >= 0].max() == RUN - 1


def test_decay_is_the_mean_of_each_bin():
    bins, ends = distance_bins(np.arange(5))
    first, second = np.triu_indices(5, 1)
    squared = 1.0 / (second - first)
    found = decay(Resampled(squared, squared[None]), bins, len(ends))
    expected = [np.mean(squared[bins == i]) for i in range(len(ends))]
    np.testing.assert_allclose(found, expected)


def test_one_variant_has_no_pairs():
    bins, ends = distance_bins(np.arange(1))
    assert len(bins) == 0 and ends == ()
