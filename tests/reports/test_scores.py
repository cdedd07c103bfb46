import pytest

from synthgen.metrics.intervals import Estimate
from synthgen.reports.scores import WORDINGS, make_score


@pytest.mark.parametrize(
    ("name", "model", "ceiling", "floor", "position"),
    [
        ("pair_trends", 0.9, 1.0, 0.8, 0.5),
        ("c2st_auc", 0.6, 0.5, 0.9, 0.75),
        ("c2st_auc", 0.45, 0.5, 0.9, 1),
        ("c2st_auc", 0.95, 0.5, 0.9, 0),
        ("nearest_record_distance", 0.1, 0.2, 0.6, 0.75),  # nearer than held-out rows is no better
        ("column_shapes", 0.9, 0.99, 1.0, None),  # the floor is no worse: there is no way to go
        ("nearest_record_copies", 0.1, 0.0, 0.0, None),  # neither way is better
        ("pair_trends", None, 1.0, 0.8, None),
    ],
)
def test_the_place_between_floor_and_ceiling(name, model, ceiling, floor, position):
    score = make_score(name, Estimate(model), (Estimate(ceiling), Estimate(floor), None))
    assert score.position == (None if position is None else pytest.approx(position))


def test_no_place_between_baselines_that_their_intervals_do_not_tell_apart():
    def placed(half):
        ends = [Estimate(v, v - half, v + half) for v in (0.9, 0.89)]
        return make_score("pair_trends", Estimate(0.9), (*ends, None)).position

    assert placed(0.002) == pytest.approx(1) and placed(0.003) is None


def test_without_baselines_there_is_no_place():
    assert make_score("c2st_auc", Estimate(0.6)).position is None


def test_every_wording_says_which_way_is_better():
    assert {w.better for w in WORDINGS.values()} == {"higher", "lower", "near the ceiling", "near 0.5"}
    assert all(w.meaning.endswith(".") for w in WORDINGS.values())
