"""`synthgen inspect`: what a table or a model is."""

import io
import json
import sys

import pandas as pd
import pytest

from synthgen.schema import Schema
from synthgen.table.infer import infer_schema
from synthgen.table.read import read_table
from synthgen.table.write import write_table


def test_a_table(synthgen, data):
    done = synthgen("inspect", data)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"{data}: 120 rows, 14 columns"
    assert lines[2].split() == ["column", "kind", "dtype", "missing", "why"]
    rows = {line.split()[0]: line for line in lines[3:]}
    for column in infer_schema(read_table(data)):
        assert rows[column.name].endswith(column.reason)
        assert column.kind in rows[column.name]
    assert rows["age"].split()[3] == "0.0%"


def test_json_is_the_schema(synthgen, data):
    assert Schema.from_json(synthgen("inspect", data, "--json").out) == infer_schema(
        read_table(data), detect_relations=True
    )


def test_a_schema_can_be_tried_out(synthgen, data, tmp_path):
    (tmp_path / "s.json").write_text('{"columns": [{"name": "age", "kind": "continuous"}]}')
    found = Schema.from_json(synthgen("inspect", data, "--json", "--schema", tmp_path / "s.json").out)
    assert (found["age"].kind, found["age"].reason) == ("continuous", "declared")


def test_free_text_is_pointed_out(synthgen, tmp_path):
    words = [f"the patient reports a mild pain in the left knee since day {i}" for i in range(30)]
    write_table(pd.DataFrame({"note": words, "x": range(30)}), tmp_path / "t.csv")
    done = synthgen("inspect", tmp_path / "t.csv")
    assert done.out.splitlines()[-1] == "Free text cannot be learnt: declare 'note' categorical, or drop it."


def test_a_column_that_cannot_be_learnt(synthgen, tmp_path):
    write_table(pd.DataFrame({"x": [1.0, float("inf")]}), tmp_path / "t.csv")
    assert synthgen("inspect", tmp_path / "t.csv").error.startswith(
        f"{tmp_path}/t.csv: Column 'x' holds infinities"
    )


def test_standard_input(synthgen, monkeypatch):
    class Fake:
        buffer = io.BytesIO(b"a,b\n1,x\n2,y\n")

    monkeypatch.setattr(sys, "stdin", Fake)
    assert synthgen("inspect", "-").out.startswith("standard input: 2 rows, 2 columns\n")


def test_a_model(synthgen, model_file):
    done = synthgen("inspect", model_file)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"{model_file}: SynthGAN, trained on 120 rows of 14 columns"
    assert "  max_steps: 3" in lines
    assert "  age: integer" in lines
    assert "privacy:" in lines
    assert any("differential privacy" in line for line in lines)
    assert any(line.startswith("  synthgen: ") for line in lines)


def test_a_model_as_json(synthgen, model_file):
    facts = json.loads(synthgen("inspect", model_file, "--json").out)
    assert (facts["n_rows"], facts["n_columns"]) == (120, 14)
    assert facts["file_bytes"] == model_file.stat().st_size


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,b\n1,2\n"])
def test_a_file_that_is_neither(synthgen, tmp_path, content):
    (tmp_path / "thing").write_bytes(content)
    assert synthgen("inspect", tmp_path / "thing").error.startswith(
        f"{tmp_path}/thing: is not a synthgen model file"
    )
