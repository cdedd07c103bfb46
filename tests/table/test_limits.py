"""Small files that stand for more than memory holds are refused by name; damage inside does not end the process."""

import gzip
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthgen.exceptions import TableFileError
from synthgen.table import limits
from synthgen.table.read import read_table
from synthgen.table.write import write_table


@pytest.fixture(autouse=True)
def small_machine(monkeypatch):
    """Eight million bytes of memory, of which a table may take half."""
    monkeypatch.delenv(limits.VARIABLE, raising=False)
    monkeypatch.setattr(limits, "_memory", lambda: 8 * 2**20)
    monkeypatch.setattr(limits, "UNSUSPICIOUS", 2**20)


def refusal(path):
    with pytest.raises(TableFileError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.tsv.gz", "t.gct.gz"])
def test_a_bomb_of_text(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"x\n" + b"1\n" * 10**6))
    assert path.stat().st_size < 10_000
    assert "unpacks to more than 200 times its" in refusal(path)


def test_a_bomb_of_genotypes(tmp_path):
    pytest.importorskip("cyvcf2")
    path = tmp_path / "t.vcf.gz"
    path.write_bytes(gzip.compress(b"##fileformat=VCFv4.2\n" + b"##x=" + b"y" * 3 * 10**6 + b"\n"))
    assert "unpacks to more than 200 times its" in refusal(path)


def test_text_that_is_merely_large(tmp_path):
    path = tmp_path / "t.csv.gz"
    rng = np.random.default_rng(0)
    path.write_bytes(
        gzip.compress(b"x\n" + b"\n".join(b"%d" % v for v in rng.integers(0, 10**9, 500_000)), 1)
    )
    assert "would take 0.0 GiB of memory" in refusal(path)


def test_a_parquet_file_of_one_value(tmp_path):
    path = tmp_path / "t.parquet"
    column = pa.array(np.zeros(10**6))
    pq.write_table(pa.table({"x": column, "y": column}), path)
    assert path.stat().st_size < 50_000
    assert "would take 0.0 GiB of memory, and at most 0.0 GiB may be taken" in refusal(path)


def test_an_h5ad_file_of_zeros(tmp_path):
    anndata, h5py = pytest.importorskip("anndata"), pytest.importorskip("h5py")
    from synthgen.table.annotated import AnnotatedTable, Annotation
    from synthgen.table.write import write_annotated

    names = pd.Index(["a", "b"])
    frame = pd.DataFrame(np.zeros((4, 2)), columns=names)
    path = tmp_path / "t.h5ad"
    write_annotated(AnnotatedTable(frame, Annotation(pd.DataFrame(index=names), "anndata", {})), path)
    read_table(path)
    with h5py.File(path, "r+") as file:
        del file["X"]
        file.create_dataset("X", shape=(10**5, 10**4), dtype="f4", chunks=(100, 100), compression="gzip")
    assert anndata is not None
    assert "would take 3.7 GiB of memory" in refusal(path)


@pytest.mark.parametrize("shape", [(-(10**6), 10**6), (10**6, -(10**6)), (-(10**6), -(10**6))])
def test_a_negative_shape_makes_up_for_no_other_array(shape, tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "t.h5ad"
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "layers/huge", shape=(10**5, 10**4), dtype="f4", chunks=(100, 100), compression="gzip"
        )
        file.create_group("obsp/sparse").attrs["shape"] = shape
    with pytest.raises(
        TableFileError, match=f"^{path}: has a matrix of the shape {shape[0]:,} x {shape[1]:,}"
    ):
        limits.check_hdf5(path, h5py)


def test_the_way_out(tmp_path, monkeypatch):
    table = pd.DataFrame({"x": np.zeros(10**6, dtype=np.int64)})
    text, parquet = tmp_path / "t.csv.gz", tmp_path / "t.parquet"
    text.write_bytes(gzip.compress(b"x\n" + b"0\n" * 10**6))
    write_table(table, parquet)
    monkeypatch.setenv(limits.VARIABLE, str(10**9))
    assert len(read_table(text)) == len(read_table(parquet)) == 10**6
    monkeypatch.setenv(limits.VARIABLE, "1e9")
    with pytest.raises(TableFileError, match="must be a number of bytes"):
        read_table(parquet)


def test_plain_tables_pass(tmp_path):
    table = pd.DataFrame({"x": np.arange(1000), "y": ["a", "b"] * 500})
    for name in ("t.csv.gz", "t.parquet", "t.arrow"):
        write_table(table, tmp_path / name)
        assert len(read_table(tmp_path / name)) == 1000


def test_offsets_that_lead_elsewhere_are_refused(tmp_path):
    """Arrow files carry no checksum, and compute functions believe the offsets of strings."""
    strings = pa.array(["one", "two", "three"] * 10)
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, pa.schema([("s", pa.string())])) as writer:
        writer.write_table(pa.table({"s": strings}))
    content = sink.getvalue()
    offsets = np.frombuffer(strings.buffers()[1], np.int32)[:31].tobytes()
    at = content.index(offsets)
    path = tmp_path / "t.arrow"
    for bad in (2**31 - 1, -5):
        path.write_bytes(content[: at + 8] + np.int32(bad).tobytes() + content[at + 12 :])
        assert "is damaged, and cannot be read as Arrow" in refusal(path)


def test_values_that_spreadsheets_take_for_formulas_stay_as_they_are(tmp_path):
    table = pd.DataFrame({"=1+1": ["=cmd()", "+1x", "-2y", "@z", "\tt"], "@n": [-1, 2, -3, 4, 5]})
    write_table(table, tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv").astype(object).equals(table.astype(object))
