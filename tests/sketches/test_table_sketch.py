"""Sketches against what numpy and pandas say of the whole columns."""

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from synthgen.dtypes import dtype_token, family
from synthgen.exceptions import DataError
from synthgen.plain import to_plain
from synthgen.schema import Column
from synthgen.sketches import column_sketch
from synthgen.sketches.column_sketch import ColumnSketch
from synthgen.sketches.ranks import BUFFER, RankSketch
from synthgen.sketches.table_sketch import TableSketch
from synthgen.table.sources import open_source
from synthgen.table.write import write_table
from tests.common.tables import every_dtype

N = 300_000


def draws(kind):
    rng = np.random.default_rng(5)
    return {
        "normal": lambda: rng.normal(size=N),
        "skewed": lambda: rng.lognormal(sigma=3, size=N),
        "tied": lambda: np.where(rng.random(N) < 0.4, 0.0, np.round(rng.gamma(0.3, 5e4, size=N), 2)),
        "sorted": lambda: np.sort(rng.normal(size=N)),
        "reversed": lambda: np.sort(rng.normal(size=N))[::-1].copy(),
        "in waves": lambda: np.tile(np.arange(N // 2) * 1.0, 2),
        "large whole": lambda: rng.integers(2**62, 2**62 + 10**6, N),
        "unsigned": lambda: rng.integers(2**63, 2**64 - 1, N, dtype=np.uint64),
    }[kind]()


def blocks(frame, n=65_536):
    return [frame.iloc[i : i + n].reset_index(drop=True) for i in range(0, len(frame), n)]


def rank_distance(values, ordered, q):
    """How far q lies from the ranks that values have in a sorted column."""
    low, high = (np.searchsorted(ordered, values, side) / len(ordered) for side in ("left", "right"))
    return np.maximum(np.maximum(low - q, q - high), 0).max()


@pytest.mark.parametrize(
    "kind", ["normal", "skewed", "tied", "sorted", "reversed", "in waves", "large whole", "unsigned"]
)
def test_quantiles_and_shares_are_within_the_stated_bound(kind):
    x = draws(kind)
    sketch = TableSketch.of(blocks(pd.DataFrame({"x": x})))["x"]
    assert not sketch.is_exact
    assert 0 < sketch.rank_error < 2e-4
    ordered, q = np.sort(x), np.linspace(0, 1, 2001)
    assert rank_distance(sketch.quantiles(q), ordered, q) <= sketch.rank_error + 1 / N
    at = np.unique(np.concatenate([ordered[:100], ordered[:: N // 1000], ordered[-100:]]))
    true = np.searchsorted(ordered, at, "right") / N
    assert np.abs(sketch.cdf(at) - true).max() <= sketch.rank_error + 1e-12
    assert (sketch.minimum, sketch.maximum) == (ordered[0], ordered[-1])
    centre = int(ordered[0]) if ordered.dtype.kind in "iu" else 0.0
    shifted = (x - x.dtype.type(centre)).astype(float)
    assert sketch.sd == pytest.approx(shifted.std(), rel=1e-9)
    assert sketch.mean == pytest.approx(float(centre + shifted.mean()), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", ["tied", "normal"])
def test_distinct_and_frequent_values_are_within_the_stated_bounds(kind):
    x = draws(kind)
    sketch = TableSketch.of(blocks(pd.DataFrame({"x": x})))["x"]
    true = Counter(x.tolist())
    assert sketch.n_distinct == pytest.approx(len(true), rel=4 * sketch.distinct_error)
    found = {value: (least, most) for value, least, most in sketch.frequent()}
    assert all(least <= true[value] <= most for value, (least, most) in found.items())
    assert {value for value, n in true.items() if n > sketch.frequent_error} <= set(found)


def test_strings_of_too_many_levels(monkeypatch):
    monkeypatch.setattr(column_sketch, "MAX_EXACT", 1000)
    rng = np.random.default_rng(0)
    words = pd.Series([f"w{v}" for v in rng.zipf(1.3, 60_000)], dtype="str")
    sketch = TableSketch.of(blocks(words.to_frame("s"), 10_000))["s"]
    true = words.value_counts()
    assert sketch.counts is None
    assert sketch.n_distinct == pytest.approx(len(true), rel=4 * sketch.distinct_error)
    for value, least, most in sketch.frequent(50):
        assert least <= true[value] <= most
    assert sketch.frequent(1)[0][0] == true.index[0]


def test_every_dtype_is_counted_exactly():
    table = every_dtype(60)
    sketch = TableSketch.of(blocks(table, 7))
    for name in table:
        column, token = table[name], dtype_token(table[name])
        found = sketch[name]
        assert found.token == token or token == "object[str]"
        assert (found.n_rows, found.n_missing) == (60, int(column.isna().sum()))
        if family(token) in ("bool", "string", "category"):
            assert found.counts == dict(Counter(column.dropna().tolist()))
        else:
            values = to_plain(column, Column(name, "continuous", dtype=token)).values[
                ~column.isna().to_numpy()
            ]
            assert found.counts == dict(sorted(Counter(values.tolist()).items()))
            assert (
                found.quantiles([0, 0.3, 1]).tolist()
                == np.quantile(values, [0, 0.3, 1], method="inverted_cdf").tolist()
            )
        assert found.n_distinct == len(found.counts)
        assert (found.rank_error, found.distinct_error, found.frequent_error) == (0, 0, 0)


def test_numbers_are_the_same_wherever_blocks_end():
    frame = pd.DataFrame({"x": draws("normal"), "k": draws("tied")})
    states = [
        pickle.dumps([TableSketch.of(blocks(frame, n))[c].points() for c in frame])
        for n in (65_536, 10_007, N)
    ]
    assert states[0] == states[1] == states[2]


def test_looking_does_not_change_what_comes():
    frame = pd.DataFrame({"x": draws("skewed")})
    looked = TableSketch()
    for block in blocks(frame, 30_000):
        looked.update(block)["x"].quantiles([0.5])
    assert pickle.dumps(looked["x"].points()) == pickle.dumps(
        TableSketch.of(blocks(frame, 30_000))["x"].points()
    )


def facts(sketch):
    return [
        (
            c.token,
            c.n_rows,
            c.n_missing,
            c.n_distinct,
            c.mean,
            c.sd,
            c.frequent(),
            c.points()[0].tolist() if c.is_number else c.counts,
        )
        for c in (sketch[name] for name in sketch.names)
    ]


def test_sketches_that_were_sent_merge_to_the_same(monkeypatch):
    monkeypatch.setattr(column_sketch, "MAX_EXACT", 5000)
    frame = pd.DataFrame(
        {"x": draws("normal"), "k": draws("tied"), "s": pd.Series(draws("in waves")).astype("str")}
    )
    parts = [TableSketch.of(blocks(frame[i : i + 110_000], 40_000)) for i in range(0, N, 110_000)]
    here, there = TableSketch(), TableSketch()
    for part in parts:
        here.merge(part)
        there = pickle.loads(pickle.dumps(there)).merge(pickle.loads(pickle.dumps(part)))
    assert facts(here) == facts(there)
    whole = TableSketch.of(blocks(frame))
    for name in frame:
        assert here[name].n_distinct == pytest.approx(whole[name].n_distinct, rel=0.06)
        assert here[name].n_rows == N
    ordered, q = np.sort(frame["x"]), np.linspace(0, 1, 501)
    assert rank_distance(here["x"].quantiles(q), ordered, q) <= here["x"].rank_error + 1 / N


def test_merged_spans_of_few_values_are_the_whole():
    frame = every_dtype(200)
    parts = [TableSketch.of(frame[i : i + 67].reset_index(drop=True)) for i in range(0, 200, 67)]
    merged = TableSketch()
    for part in parts:
        merged.merge(part)
    whole = TableSketch.of(frame)
    assert {n: merged[n].counts for n in merged.names} == {n: whole[n].counts for n in whole.names}


def test_a_column_without_values_and_no_rows():
    sketch = TableSketch.of(pd.DataFrame({"x": [np.nan, np.nan], "s": pd.Series([None, None], dtype=object)}))
    assert sketch["x"].n_missing == sketch["s"].n_missing == 2
    assert np.isnan(sketch["x"].quantiles([0.5])).all()
    assert np.isnan(sketch["x"].mean)
    assert sketch["s"].counts == {}
    assert sketch["s"].n_distinct == 0


def test_categories_without_rows_are_known():
    column = pd.Series(pd.Categorical(["b", "a"], categories=["c", "b", "a"]))
    sketch = TableSketch.of(column.to_frame("c"))["c"]
    assert sketch.levels == ("c", "b", "a")
    assert sketch.counts == {"b": 1, "a": 1}


def test_python_numbers_beyond_63_bits_in_a_later_block():
    sketch = ColumnSketch("n")
    sketch.update(pd.Series([1, 2], dtype=object))
    sketch.update(pd.Series([2**64 - 1], dtype=object))
    assert sketch.counts == {1: 1, 2: 1, 2**64 - 1: 1}
    sketch = ColumnSketch("n")
    sketch.update(pd.Series([-1, 2], dtype=object))
    with pytest.raises(DataError, match="Column 'n' holds numbers that no 64-bit numbers hold together"):
        sketch.update(pd.Series([2**64 - 1], dtype=object))


def test_sketches_of_different_columns_are_not_merged():
    with pytest.raises(DataError, match="Sketches of different columns"):
        TableSketch.of(pd.DataFrame({"a": [1]})).merge(TableSketch.of(pd.DataFrame({"b": [1]})))
    with pytest.raises(DataError, match="Column 'a' is of dtype int64 in some rows and str in others"):
        TableSketch.of(pd.DataFrame({"a": [1]})).merge(
            TableSketch.of(pd.DataFrame({"a": pd.Series(["x"], dtype="str")}))
        )
    with pytest.raises(DataError, match="no column 'a'"):
        TableSketch(["a"]).update(pd.DataFrame({"b": [1]}))


def test_the_bound_of_ranks_is_the_sum_of_all_moves():
    sketch = RankSketch()
    for i in range(32):
        sketch.add(np.sort(np.random.default_rng(i).random(BUFFER)))
    # 32 buffers: 4 each; 31 joins, five levels of 16 pairs of weight 8, 8 of 16, ...
    assert sketch.rank_error * sketch.n == 32 * 4 + sum(16 // 2**h * 8 * 2**h for h in range(5))
    values, weights = sketch.points()
    assert weights.sum() == sketch.n == 32 * BUFFER
    assert (np.diff(values) >= 0).all()


def test_a_source_in_files_with_progress_and_some_columns(tmp_path):
    frame = every_dtype(90)[["int64", "str", "float64"]]
    write_table(frame, tmp_path / "t.parquet")
    seen = []
    sketch = TableSketch.of(open_source(tmp_path), columns=["str", "int64"], progress=seen.append)
    assert sketch.names == ("str", "int64")
    assert sum(seen) == sketch.n_rows == 90
    assert "float64" not in sketch


@pytest.mark.parametrize("n", [10, 70_000])
@pytest.mark.parametrize("turned", [False, True])
def test_whole_numbers_beyond_63_bits_in_one_part_only_merge(n, turned):
    rng = np.random.default_rng(0)
    small = pd.Series(rng.integers(0, 50, n), dtype=object)
    large = small.copy()
    large[3] = 2**63 + 5
    parts = [ColumnSketch("x"), ColumnSketch("x")]
    for sketch, values in zip(parts, (large, small) if turned else (small, large), strict=True):
        sketch.update(values)
    before = parts[1].counts
    parts[0].merge(parts[1])
    assert parts[0].counts == pd.concat([small, large]).value_counts().sort_index().to_dict()
    assert (parts[0].minimum, parts[0].maximum) == (0, 2**63 + 5)
    assert parts[0].quantiles([1.0]).tolist() == [2**63 + 5]
    assert parts[1].counts == before


def test_negative_numbers_and_such_beyond_63_bits_are_refused_in_a_merge():
    parts = [ColumnSketch("x"), ColumnSketch("x")]
    parts[0].update(pd.Series([-1] * 70_000, dtype=object))
    parts[1].update(pd.Series([2**63 + 5] * 70_000, dtype=object))
    with pytest.raises(DataError, match="no 64-bit numbers hold together"):
        parts[0].merge(parts[1])


def test_categories_of_merged_sketches_are_those_of_both():
    parts = [ColumnSketch("x"), ColumnSketch("x")]
    parts[0].update(pd.Series(pd.Categorical(["x", "y"], ["x", "y"])))
    parts[1].update(pd.Series(pd.Categorical(["z"], ["y", "z"])))
    parts[0].merge(parts[1])
    assert parts[0].levels == ("x", "y", "z")
    assert parts[0].counts == {"x": 1, "y": 1, "z": 1}
