"""`evaluate` of tables in files: margins of all rows, the rest of a sample, and the report says which is which."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from synthgen.engines.engine import LocalEngine
from synthgen.exceptions import DataError, ParameterError, TableFileError
from synthgen.reports import file_tables
from synthgen.reports.report import Report
from synthgen.reports.summary import evaluate
from synthgen.sketches import column_sketch
from synthgen.table.sources import open_source
from synthgen.table.write import write_table
from tests.common.s3_server import s3_server  # noqa: F401

N = 2400
FAST = ["columns", "pairs"]
PARTS = ["columns", "membership", "nearest"]


def people(seed, n=N, shift=0.0):
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefgh"))[np.minimum(rng.geometric(0.4, n), 8) - 1]
    return pd.DataFrame(
        {
            "x": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n) + shift),
            "k": pd.array(rng.integers(0, 40, n), dtype="Int64"),
            "s": pd.Series(letters, dtype="str").where(rng.random(n) > 0.05),
            "b": rng.random(n) < 0.3,
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s"),
            "c": pd.Categorical(np.array(list("uvw"))[rng.integers(0, 3, n)]),
            "one": 1,
        }
    )


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Three tables in memory, and in folders of four files each."""
    folder = tmp_path_factory.mktemp("tables")
    frames = {"real": people(0), "synthetic": people(1, shift=0.3), "holdout": people(2)}
    for which, frame in frames.items():
        (folder / which).mkdir()
        for i in range(4):
            part = frame.iloc[i * 600 : (i + 1) * 600].reset_index(drop=True)
            write_table(part, folder / which / f"{i}.parquet")
    return frames, {which: folder / which for which in frames}


@pytest.fixture
def small_tasks(monkeypatch):
    """So many rows for a task that each table takes four."""
    monkeypatch.setattr(file_tables, "ROWS_PER_TASK", 600)


def same_margins(found, expected, rel=1e-9):
    assert found.columns == expected.columns
    for a, b in zip(found.column_checks, expected.column_checks, strict=True):
        for field in dataclasses.fields(a):
            got, wanted = getattr(a, field.name), getattr(b, field.name)
            if isinstance(wanted, float):
                assert got == pytest.approx(wanted, rel=rel, abs=1e-12), (a.name, field.name)
            else:
                assert got == wanted, (a.name, field.name)


@pytest.mark.parametrize("with_holdout", [False, True])
def test_margins_of_all_rows_are_those_of_the_table_in_memory(tables, small_tasks, with_holdout):
    frames, folders = tables
    which = ["real", "synthetic", "holdout"][: 2 + with_holdout]
    expected = evaluate(*(frames[w] for w in which), metrics=FAST)
    found = evaluate(*(folders[w] for w in which), metrics=FAST)
    same_margins(found, expected)
    assert found.scores == expected.scores
    assert found.column_ceilings == expected.column_ceilings
    assert found.n_rows == expected.n_rows
    assert expected.coverage is None


def test_margins_are_of_all_rows_however_few_are_sampled(tables, small_tasks):
    frames, folders = tables
    expected = evaluate(frames["real"], frames["synthetic"], metrics=FAST)
    found = evaluate(folders["real"], folders["synthetic"], metrics=FAST, sample_rows=200)
    assert [c.score.value for c in found.columns] == [c.score.value for c in expected.columns]
    assert [c.missing_real for c in found.columns] == [c.missing_real for c in expected.columns]
    for a, b in zip(found.column_checks, expected.column_checks, strict=True):
        for name in (
            "n_real",
            "n_other",
            "level_coverage",
            "lost_levels",
            "n_lost_levels",
            "inflated_levels",
            "n_new_levels",
        ):
            assert getattr(a, name) == getattr(b, name)
        for name in ("wasserstein", "mean_shift", "sd_ratio", "range_coverage", "outside_range"):
            wanted = getattr(b, name)
            assert getattr(a, name) == (None if wanted is None else pytest.approx(wanted, rel=1e-7))
    assert found.scores["column_shapes"].value == expected.scores["column_shapes"].value
    assert found.scores["pair_trends"].value != expected.scores["pair_trends"].value
    assert found.coverage.margins == {"real": N, "synthetic": N}
    assert found.coverage.sampled == {"real": 200, "synthetic": 200}


def test_many_values_are_within_the_bound_that_is_stated(tables, small_tasks, monkeypatch):
    frames, folders = tables
    monkeypatch.setattr(column_sketch, "MAX_EXACT", 500)
    monkeypatch.setattr("synthgen.sketches.ranks.BUFFER", 256)
    monkeypatch.setattr("synthgen.sketches.column_sketch.BUFFER", 256)
    expected = evaluate(frames["real"], frames["synthetic"], metrics=["columns"])
    found = evaluate(folders["real"], folders["synthetic"], metrics=["columns"])
    stated = {c.name: c.rank_error for c in found.coverage.approximate}
    assert set(stated) == {"x", "day"}
    assert found.coverage.n_exact == 5
    for a, b in zip(found.columns, expected.columns, strict=True):
        assert abs(a.score.value - b.score.value) <= 2 * stated.get(a.name, 0.0)
        assert a.score.low <= b.score.value <= a.score.high
    assert "cumulative shares of 2 are off by" in " ".join(found.notes)


def test_the_coverage_is_in_the_text_the_page_and_the_json(tables):
    _, folders = tables
    report = evaluate(folders["real"], folders["synthetic"], metrics=FAST, sample_rows=500)
    line = "Margins: all 2,400 rows of each; the rest: 500 random rows of each."
    assert line in report.summary()
    assert line in report.to_html()
    assert line in report.to_json()
    assert Report.from_json(report.to_json()) == report
    assert any("Exact copies were sought among the random rows only" in note for note in report.notes)


def test_files_lists_sources_and_tables_in_memory_go_together(tables):
    frames, folders = tables
    expected = evaluate(folders["real"], folders["synthetic"], metrics=["columns"]).columns
    given = (
        sorted(folders["real"].iterdir()),
        open_source(folders["real"]),
        frames["real"],
        f"{folders['real']}/*.parquet",
    )
    for real in given:
        assert evaluate(real, folders["synthetic"], metrics=["columns"]).columns == expected
    assert evaluate(folders["real"], frames["synthetic"], metrics=["columns"]).columns == expected


def test_parts_run_on_a_sample_with_held_out_rows(tables):
    _, folders = tables
    report = evaluate(
        folders["real"], folders["synthetic"], folders["holdout"], target="b", sample_rows=300, metrics=PARTS
    )
    assert report.skipped == ()
    assert report.membership["synthetic"].n_members <= 300
    assert {"column_shapes", "membership_auc"} <= set(report.scores)
    assert report.n_rows == dict.fromkeys(("real", "synthetic", "holdout"), N)


class Backwards(LocalEngine):
    """Tasks that end in the reverse order, as workers may."""

    def map(self, function, items, **kwargs):
        done = list(super().map(function, items))
        yield from reversed(done)


def test_the_order_in_which_tasks_end_does_not_matter(tables, small_tasks):
    _, folders = tables
    sources = {"real": open_source(folders["real"])}
    results = [
        file_tables.sketch_and_sample(sources, 100, 3, engine) for engine in (LocalEngine(), Backwards())
    ]
    (a, rows_a), (b, rows_b) = results
    pd.testing.assert_frame_equal(rows_a["real"], rows_b["real"])
    for name in a["real"].names:
        one, other = a["real"][name], b["real"][name]
        assert list((one.counts or {}).items()) == list((other.counts or {}).items())
        assert (one.mean, one.sd) == (other.mean, other.sd) or not one.is_number


@pytest.mark.cluster
def test_ray_gives_the_same_report(tables, monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(file_tables, "ROWS_PER_TASK", 1200)
    _, folders = tables
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    try:
        remote = evaluate(folders["real"], folders["synthetic"], metrics=FAST, engine="ray", sample_rows=500)
    finally:
        ray.shutdown()
    assert (
        remote.to_json()
        == evaluate(folders["real"], folders["synthetic"], metrics=FAST, sample_rows=500).to_json()
    )


def test_tables_behind_an_address(tables, s3_server):  # noqa: F811
    _, folders = tables
    s3_server.make_bucket("evaluated")
    for which in ("real", "synthetic"):
        for path in folders[which].iterdir():
            s3_server.upload(path, f"evaluated/{which}/{path.name}")
    addresses = [s3_server.address(f"evaluated/{which}") for which in ("real", "synthetic")]
    found = evaluate(*addresses, metrics=["columns"])
    assert found.columns == evaluate(folders["real"], folders["synthetic"], metrics=["columns"]).columns


def test_bad_tables_are_refused_before_all_rows_are_read(tables, tmp_path, monkeypatch):
    frames, folders = tables

    def never(*_args, **_kwargs):
        raise AssertionError("read all rows")

    monkeypatch.setattr("synthgen.reports.summary.sketch_and_sample", never)
    write_table(frames["synthetic"].drop(columns="x"), tmp_path / "lacks.parquet")
    write_table(frames["synthetic"].astype({"x": "str"}), tmp_path / "other.parquet")
    write_table(frames["synthetic"][:5].reset_index(drop=True), tmp_path / "short.parquet")
    for name, words in (
        ("lacks", "The synthetic table lacks column 'x', which the real table has"),
        ("other", "Column 'x' holds numbers .* in the real table but strings"),
        ("short", "The synthetic table has 5 rows; evaluate needs at least 10"),
    ):
        with pytest.raises(DataError, match=words):
            evaluate(folders["real"], tmp_path / f"{name}.parquet")
    with pytest.raises(TableFileError, match="no such file or folder"):
        evaluate(folders["real"], tmp_path / "gone")
    with pytest.raises(DataError, match="The synthetic table cannot be evaluated"):
        evaluate(folders["real"], 3)
    with pytest.raises(ParameterError, match="`sample_rows` parameter of evaluate"):
        evaluate(folders["real"], folders["synthetic"], sample_rows=5)
    with pytest.raises(ParameterError, match="needs engine='ray'"):
        evaluate(folders["real"], folders["synthetic"], workers=2)


def test_infinities_far_from_the_first_rows_are_refused(tables, tmp_path):
    frames, folders = tables
    frame = frames["synthetic"].copy()
    frame.loc[2000, "x"] = np.inf
    write_table(frame, tmp_path / "s.parquet")
    with pytest.raises(DataError, match="Column 'x' of the synthetic table holds infinities"):
        evaluate(folders["real"], tmp_path / "s.parquet", sample_rows=10, metrics=["columns"])
