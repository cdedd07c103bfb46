"""A state comes back as it was given; a file that is anything else is refused before memory is taken for it."""

import contextlib
import hashlib
import json
import os
import tracemalloc

import numpy as np
import pytest
from safetensors import safe_open

from synthgen import archive
from synthgen.archive import read_archive, write_archive
from synthgen.exceptions import FileError, ModelFileError

VERSIONS = {"synthgen": "9.9"}
STATE = {
    "numbers": np.arange(6.0).reshape(2, 3),
    "list": [1, "two", None, {"deep": np.array([True, False])}],
    "pair": (np.int64(3), np.zeros((0, 4), np.float32)),
    "scalar": np.array(2.5),
}


def write(path, state=STATE, **header):
    write_archive(path, "test", {"format_version": 3, "versions": VERSIONS, **header}, state)
    return path


def read(path, **options):
    return read_archive(path, "test", **{"newest": 3, "oldest": 2, **options})


def same(a, b):
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b) and a.shape == b.shape
        )
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize(
    "state",
    [
        STATE,
        {},
        {"@array": 1},
        {"@tuple": [1], "x": {"@array": np.ones(2), "@dict": 3}},
        {"a/b": np.ones(1), "a": {"b": np.zeros(1)}, "~0": np.ones(3)},
        {"half of a surrogate pair": "\ud800", "\udfff": np.ones(2)},
        {"big endian": {"x": 1.0}, "Ω": "数", "nan": float("inf")},
    ],
    ids=range(7),
)
def test_a_state_comes_back_and_gives_the_same_bytes(state, tmp_path):
    path = write(tmp_path / "a", state, more={"x": 1})
    header, back = read(path)
    assert header == {"format_version": 3, "versions": VERSIONS, "more": {"x": 1}}
    assert same(state, back)
    again = write(tmp_path / "b", back, more={"x": 1})
    assert again.read_bytes() == path.read_bytes()


def test_arrays_are_writable_and_of_this_machine(tmp_path):
    state = {"x": np.arange(4, dtype=">i4"), "y": np.arange(8.0)[::2], "z": np.asfortranarray(np.eye(3, 2))}
    back = read(write(tmp_path / "a", state))[1]
    for name, array in back.items():
        assert np.array_equal(array, state[name])
        assert array.flags.writeable
        assert array.flags.c_contiguous
        assert array.dtype.isnative


def test_what_is_no_number_cannot_be_written(tmp_path):
    for bad in (np.array(["a"]), np.array([1j]), np.array([None])):
        with pytest.raises(TypeError, match="state/x: arrays of"):
            write(tmp_path / "a", {"x": bad})
    assert not list(tmp_path.iterdir())


def test_the_file_is_safetensors(tmp_path):
    with safe_open(write(tmp_path / "a"), framework="np") as file:
        assert set(file.keys()) == {"state/numbers", "state/list/3/deep", "state/pair/1", "state/scalar"}
        assert list(file.metadata()) == ["test"]


# --- files that somebody made -------------------------------------------------------------------------------------


def forge(path, *, tensors=None, data=b"", header=None, sign=True, outer=None):
    """A file of that kind, rightly signed where its arrays can be read at all."""
    header = {"format_version": 3, "versions": VERSIONS, "state": {}} if header is None else header
    text = header if isinstance(header, str) else json.dumps(header)
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors or {}):
        entry = tensors[name]
        begin, end = entry["data_offsets"]
        dtype = archive._DTYPES.get(entry["dtype"])
        digest.update(f"{name} {dtype} {tuple(entry['shape'])}".encode())
        digest.update(data[begin:end])
    envelope = {"sha256": digest.hexdigest() if sign else "0" * 64, "header": text}
    whole = outer or json.dumps({"__metadata__": {"test": json.dumps(envelope)}, **(tensors or {})})
    path.write_bytes(len(whole.encode()).to_bytes(8, "little") + whole.encode() + data)
    return path


def tensor(shape, begin, end, dtype="F64"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def with_arrays(*names):
    refs = {n.removeprefix("state/"): {"@array": n} for n in names}
    return {"format_version": 3, "versions": VERSIONS, "state": refs}


def test_the_forger_can_make_a_right_file(tmp_path):
    path = forge(
        tmp_path / "a",
        tensors={"state/x": tensor([2], 0, 16)},
        data=np.ones(2).tobytes(),
        header=with_arrays("state/x"),
    )
    assert read(path)[1]["x"].tolist() == [1, 1]


X = with_arrays("state/x")
MANY = {f"state/{i}": tensor([0], 0, 0) for i in range(3)}
FORGED = {
    "more bytes than the file has": ({"tensors": {"state/x": tensor([10**9], 0, 8 * 10**9)}, "header": X}, "is cut short"),
    "a shape unlike its bytes": ({"tensors": {"state/x": tensor([10**9], 0, 8)}, "data": bytes(8), "header": X}, "the place of its array"),
    "a negative size": ({"tensors": {"state/x": tensor([-1], 0, 8)}, "data": bytes(8), "header": X}, "the place of its array"),
    "a size that is a truth value": ({"tensors": {"state/x": tensor([True], 0, 8)}, "data": bytes(8), "header": X}, "the place"),
    "a size with a fraction": ({"tensors": {"state/x": tensor([1.0], 0, 8)}, "data": bytes(8), "header": X}, "the place"),
    "an empty array of a huge shape": ({"tensors": {"state/x": tensor([0, 2**60], 0, 0)}, "header": X}, "the place"),
    "too many axes": ({"tensors": {"state/x": tensor([1] * 40, 0, 8)}, "data": bytes(8), "header": X}, "the place"),
    "an unknown dtype": ({"tensors": {"state/x": tensor([1], 0, 8, "C64")}, "data": bytes(8), "header": X}, "the place"),
    "arrays that overlap": (
        {"tensors": {"state/x": tensor([1], 0, 8), "state/y": tensor([1], 0, 8)}, "data": bytes(8), "header": X}, "the place"),
    "a gap": ({"tensors": {"state/x": tensor([1], 8, 16)}, "data": bytes(16), "header": X}, "the place of its array"),
    "bytes after the end": ({"tensors": {"state/x": tensor([1], 0, 8)}, "data": bytes(9), "header": X}, "1 bytes after its end"),
    "truth values of 2": ({"tensors": {"state/x": tensor([1], 0, 1, "BOOL")}, "data": b"\2", "header": X}, "truth values"),
    "an array that is not there": ({"header": X}, "its arrays are not those"),
    "an array that nothing names": ({"tensors": {"state/x": tensor([1], 0, 8)}, "data": bytes(8)}, "its arrays are not those"),
    "an array in another place": (
        {"tensors": {"state/x": tensor([1], 0, 8)}, "data": bytes(8), "header": {**X, "state": {"y": {"@array": "state/x"}}}},
        "its arrays are not those"),
    "a reference to a list": ({"header": {**X, "state": {"x": {"@array": []}}}}, "its arrays are not those"),
    "a tuple of nothing": ({"header": {**X, "state": {"x": {"@tuple": None}}}}, "its arrays are not those"),
    "a dict of a list": ({"header": {**X, "state": {"x": {"@dict": []}}}}, "its arrays are not those"),
    "a state that is a list": ({"header": {**X, "state": []}}, "its arrays are not those"),
    "no version": ({"header": {"versions": {}, "state": {}}}, "lacks the format version"),
    "a version that is text": ({"header": {**X, "format_version": "3"}}, "lacks the format version"),
    "versions that are a list": ({"header": {**X, "versions": []}}, "lacks the versions"),
    "a key twice": ({"header": '{"format_version": 3, "format_version": 3}'}, "a key stands twice"),
    "a number of 5,000 digits": ({"header": '{"format_version": ' + "1" * 5000 + "}"}, "is damaged"),
    "lists in lists": ({"header": '{"a":' + "[" * 90_000 + "]" * 90_000 + "}"}, "nested too deeply"),
    "lists in lists that JSON still reads": (
        {"header": {**X, "state": {"x": json.loads("[" * 200 + "]" * 200)}}}, "its arrays are not those"),
    "no checksum": ({"outer": '{"__metadata__": {"test": "{}"}}'}, "lacks the checksum"),
    "metadata of another kind": ({"outer": '{"__metadata__": {"other": "{}"}}'}, "not a synthgen model file"),
    "no metadata": ({"outer": '{"__metadata__": 3}'}, "not a synthgen model file"),
    "not text": ({"outer": '{"__metadata__": {"test": "{\ud83d"}}'.encode(errors="replace").decode()}, "is damaged"),
    "a wrong checksum": ({"sign": False}, "its checksum differs"),
    "a wrong checksum of what is no JSON": ({"header": "[" * 90_000, "sign": False}, "its checksum differs"),
    "many values in few bytes": ({"header": {**X, "state": {"x": [[]] * 200_000}}}, "more than 100,0[0-9][0-9] values"),
    "many values that nothing signs": ({"outer": '{"x": [' + "[]," * 200_000 + "[]]}"}, "more than 100,0[0-9][0-9] values"),
    "UTF-16": ({"outer": '{\0"\0'}, "is damaged"),
    "a string without end": ({"outer": '{"' + '\\"' * 300_000}, "is damaged"),
    "a string that ends in half an escape": ({"outer": '{"x\\'}, "is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_file_is_refused(case, tmp_path):
    how, message = FORGED[case]
    with pytest.raises(ModelFileError, match=f"^{tmp_path / 'a'}: .*{message}"):
        read(forge(tmp_path / "a", **how))


def test_too_much_is_refused(tmp_path, monkeypatch):
    path = forge(tmp_path / "a", tensors=MANY, header=with_arrays(*MANY))
    size = path.stat().st_size
    for name, limit, message in [
        ("MAX_BYTES", size - 1, f"has {size} bytes; a model file has at most {size - 1}"),
        ("MAX_HEADER_BYTES", 100, "at most 100 are read"),
        ("MAX_VALUES", 10, "more than 10 values"),
        ("MAX_ARRAYS", 2, "declares 3 arrays, at most 2 are read"),
    ]:
        with monkeypatch.context() as patched:
            patched.setattr(archive, name, limit)
            with pytest.raises(ModelFileError, match=message):
                read(path)
    assert set(read(path)[1]) == {"0", "1", "2"}


def nested(depth):
    """A list in a list, and so on, an array in the last."""
    return [nested(depth - 1)] if depth else np.ones(1)


def lists(n):
    return [[] for _ in range(n)]


LIMITS = {  # the limit, its value, the largest state that is read, one that is not, words of the error
    "MAX_DEPTH": (60, {"x": nested(59)}, {"x": nested(60)}, "values in 60 others; nest the schema"),
    "MAX_ARRAYS": (
        3, {"x": [np.ones(1)] * 3}, {"x": [np.ones(1)] * 4}, "at most 3 arrays; it has 4; fit fewer columns"),
    "MAX_VALUES": (
        200, {"x": lists(95)}, {"x": lists(150)}, "at most 200 values beside its arrays; it has 30[0-9]; drop columns of many"),
    "FEW_VALUES": (
        200, {"x": lists(95)}, {"x": lists(150)}, "at most 200 values beside its arrays; it has 30[0-9]; drop columns of many"),
    "MAX_HEADER_BYTES": (
        1000, {"x": "y" * 100}, {"x": "y" * 1200}, "at most 1,000 bytes of names and levels; it has 1,[0-9]+; drop columns"),
    "MAX_BYTES": (2000, {"x": np.ones(8)}, {"x": np.ones(300)}, "at most 2,000 bytes; it has 2,[0-9]+; fit fewer rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_written_can_be_read_and_what_could_not_is_not_written(name, tmp_path, monkeypatch):
    limit, largest, beyond, words = LIMITS[name]
    monkeypatch.setattr(archive, name, 10**6)
    write(tmp_path / "unlimited", beyond)
    monkeypatch.setattr(archive, name, limit)
    assert same(read(write(tmp_path / "a", largest))[1], largest)
    with pytest.raises(FileError, match=f"^{tmp_path / 'b'}: cannot be written: a file that can be.*{words}"):
        write(tmp_path / "b", beyond)
    assert not (tmp_path / "b").exists()
    with pytest.raises(ModelFileError):
        read(tmp_path / "unlimited")


def test_marks_within_strings_are_no_values(tmp_path):
    state = {"levels": ["[1, 2, 3, {" * 20_000, '"",[],\\', "\\"]}
    assert same(read(write(tmp_path / "a", state))[1], state)


def test_a_newer_file_is_told_before_its_arrays_are_looked_at(tmp_path):
    header = {"format_version": 4, "versions": {"synthgen": "9.9"}, "state": {"x": {"@array": "state/x"}}}
    tensors = {"state/x": tensor([1], 0, 8, "C64")}
    with pytest.raises(ModelFileError, match=r"version 4, written by synthgen 9\.9"):
        read(forge(tmp_path / "a", tensors=tensors, data=bytes(8), header=header))


def test_versions_decide(tmp_path):
    path = write(tmp_path / "a")
    with pytest.raises(
        ModelFileError, match=r"version 3, written by synthgen 9\.9; this is .* up to 2\. Update"
    ):
        read(path, newest=2)
    with pytest.raises(ModelFileError, match=r"version 3, from before the first release"):
        read(path, newest=5, oldest=4)


def test_the_kind_and_the_error_are_the_callers(tmp_path):
    class CheckpointError(FileError):
        pass

    options = {"newest": 3, "oldest": 3, "what": "checkpoint", "error": CheckpointError}
    with pytest.raises(CheckpointError, match="but not a synthgen checkpoint"):
        read_archive(write(tmp_path / "a"), "checkpoint", **options)
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        read_archive(tmp_path / "none", "checkpoint", **options)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="cannot be read: Is a directory"):
        read(tmp_path)
    with pytest.raises(ModelFileError, match="pipe: is a pipe; a synthgen model file is read from a file"):
        read(tmp_path / "pipe")


def test_reading_takes_little_more_than_the_file(tmp_path):
    path = write(tmp_path / "a", {"x": np.ones(2**20)})
    tracemalloc.start()
    read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 2**23 < peak < 1.2 * 2**23


def peak_of_reading(path):
    """The most bytes, whether it is read or refused."""
    tracemalloc.start()
    with contextlib.suppress(ModelFileError):
        read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


DENSE = {"lists": "[]", "dicts": "{}", "a key each": '{"a":0}', "lists in lists": "[[]]", "numbers": "1e5", "wide letters": '"😀"',
         "wide keys": '{"aé":0}', "tuples": '{"@tuple":[]}'}  # fmt: skip


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("unit", DENSE)
@pytest.mark.parametrize("where", ["signed", "unsigned", "outer"])
def test_json_of_many_small_values_takes_no_flood_of_memory(where, unit, padded, tmp_path):
    text = DENSE[unit]
    n_marks = 1 + sum(text.count(mark) for mark in "[{,")
    text = text.ljust(archive.BYTES_OF_VALUE * n_marks if padded else 0)
    body = "[" + ",".join([text] * (110_000 // n_marks)) + "]"
    header = '{"format_version": 3, "versions": {}, "state": {"x": ' + body + "}}"
    how = (
        {"outer": '{"x": ' + body + "}"}
        if where == "outer"
        else {"header": header, "sign": where == "signed"}
    )
    path = forge(tmp_path / "a", **how)
    assert peak_of_reading(path) < (8 if where == "unsigned" else 16) * path.stat().st_size


def test_what_nothing_signs_is_not_parsed(tmp_path):
    header = '{"format_version": 3, "versions": {}, "state": {"x": [' + "[]," * 1_000_000 + "[]]}}"
    path = forge(tmp_path / "a", header=header, sign=False)
    with pytest.raises(ModelFileError, match="its checksum differs"):
        read(path)
    assert peak_of_reading(path) < 4 * path.stat().st_size
