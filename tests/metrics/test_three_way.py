import itertools

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics import three_way as module
from synthgen.metrics.baselines import independent_columns
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.three_way import ThreeWay, three_way
from synthgen.reports.plain import from_plain_data, to_plain_data
from synthgen.rng import stream


def test_the_score_by_hand(coded):
    rows = list(itertools.product("ab", "cd", "ef"))
    real = pd.DataFrame(rows * 2, columns=["x", "y", "z"])
    other = pd.DataFrame([("a", "c", "e")] * 2 + rows[1:7], columns=["x", "y", "z"])
    result = three_way(*coded(real=real, other=other).values(), 0)
    assert result.score.value == pytest.approx(7 / 8)
    assert (result.n_triples, result.n_possible, result.n_real, result.n_other) == (1, 1, 16, 8)
    assert result.worst[0].columns == ("x", "y", "z") and result.worst[0].score == result.score.value


def test_numbers_are_cut_at_the_real_quintiles_and_missing_is_a_cell(coded):
    real = pd.DataFrame({"x": [*range(1, 11), None]})
    other = pd.DataFrame({"x": [0, 2, 2.5, 4, 4.1, 99, None]})
    tables = coded(real=real, other=other)
    real_cells, other_cells, n_cells = module._cells(tables["real"].columns[0], tables["other"].columns[0])
    assert real_cells.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 0]
    assert other_cells.tolist() == [1, 1, 2, 2, 3, 5, 0]
    assert n_cells == 6


def test_tied_numbers_keep_to_one_cell(coded):
    tables = coded(
        real=pd.DataFrame({"x": [0.0] * 70 + list(range(1, 31))}), other=pd.DataFrame({"x": [-1.0, 0, 1, 50]})
    )
    cells = module._cells(tables["real"].columns[0], tables["other"].columns[0])
    assert len(set(cells[0][:70])) == 1 and cells[1].tolist() == [1, 1, 2, 3]


def test_rare_and_new_levels_share_a_cell(coded):
    levels = [f"l{i:02d}" for i in range(14) for _ in range(20 - i)]
    tables = coded(
        real=pd.DataFrame({"x": levels}), other=pd.DataFrame({"x": ["l00", "l08", "l09", "l13", "new", None]})
    )
    other = module._cells(tables["real"].columns[0], tables["other"].columns[0])[1]
    assert other.tolist() == [1, 9, 10, 10, 10, 0]


def test_what_only_three_columns_show_is_seen():
    draw = stream(0, "test.parity")
    tables = []
    for linked in (True, False):
        x, y, z = draw.integers(0, 2, (3, 4_000))
        columns = (x, y, (x + y) % 2 if linked else z)
        tables.append(
            CodedTable(
                tuple(
                    CodedColumn(n, "boolean", v, (False, True)) for n, v in zip("xyz", columns, strict=True)
                ),
                4_000,
            )
        )
    assert three_way(*tables, 0).score.value == pytest.approx(0.5, abs=0.03)


def test_the_floor_scores_below_fresh_rows_and_both_below_one(people, coded):
    tables = coded(real=people(2_000, 0), fresh=people(2_000, 1))
    floor = independent_columns(tables["real"], 2_000, stream(0, "test.floor"))
    ceiling, low = (three_way(tables["real"], t, 0).score for t in (tables["fresh"], floor))
    assert low.high < ceiling.low < ceiling.high < 1
    assert three_way(tables["real"], tables["real"], 0).score.value == pytest.approx(1)


def test_the_interval_is_as_wide_as_a_bootstrap_s(people, coded):
    other = people(300, 2)
    other["height"] = other["height"].to_numpy()[stream(0, "test.shuffle").permutation(300)]
    names = ["height", "tall", "group"]
    tables = coded(real=people(400, 1)[names], other=other[names])
    real, other = tables["real"], tables["other"]
    interval = three_way(real, other, 0).score
    draw = stream(5, "test.bootstrap")
    resampled = [
        three_way(
            real.take(draw.integers(400, size=400)), other.take(draw.integers(300, size=300)), 0
        ).score.value
        for _ in range(150)
    ]
    expected = 2 * 1.96 * np.std(resampled)
    assert 0.75 < (interval.high - interval.low) / expected < 1.6


@pytest.mark.parametrize("n_columns", [14, 40, 500, 42_000])
def test_the_choice_of_triples_depends_on_the_seed_and_the_number_of_columns(n_columns):
    triples = [module._triples(n_columns, stream(seed, "test.triples")) for seed in (0, 0, 1)]
    assert triples[0] == triples[1] != triples[2]
    assert len(set(triples[0])) == module.MAX_TRIPLES
    assert all(0 <= i < j < k < n_columns for i, j, k in triples[0])


def test_the_worst_triples_come_first(people, coded):
    other = people(1_000, 1)
    other["group"] = other["group"].to_numpy()[::-1].copy()
    other["tall"] = ~other["tall"]
    result = three_way(*coded(real=people(1_000, 0), other=other).values(), 0)
    assert result.n_triples == result.n_possible == 20 == len(result.worst)
    assert all("tall" in t.columns for t in result.worst[:10])
    scores = [t.score for t in result.worst]
    assert scores == sorted(scores)
    assert result.score.value == pytest.approx(np.mean(scores))
    assert from_plain_data(ThreeWay, to_plain_data(result)) == result


def test_large_tables_are_judged_by_some_of_their_rows(monkeypatch, people, coded):
    monkeypatch.setattr(module, "MAX_ROWS", 300)
    tables = coded(real=people(400, 0), other=people(200, 1))
    result = three_way(tables["real"], tables["other"], 0)
    assert (result.n_real, result.n_other) == (300, 200)
    assert result == three_way(tables["real"], tables["other"], 0)


@pytest.mark.parametrize("frame", [
    pd.DataFrame({"x": [1.0, 2.0]}),
    pd.DataFrame({"x": [1.0, 2.0], "y": ["a", None]}),
])  # fmt: skip
def test_fewer_than_three_columns_have_no_score(coded, frame):
    result = three_way(*coded(real=frame, other=frame).values(), 0)
    assert result.score.value is None and result.worst == () and result.n_possible == 0


def test_columns_without_values_and_huge_values_are_cells_like_others(coded):
    frame = pd.DataFrame(
        {"x": [np.nan] * 10, "y": [1.0] * 10, "z": np.linspace(-1e300, 1e300, 10), "g": [None] * 10}
    )
    result = three_way(*coded(real=frame, other=frame[:4].assign(x=1.0)).values(), 0)
    assert 0 <= result.score.value < 1
