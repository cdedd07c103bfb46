"""Relations and constraints on the command line."""

import json

import pandas as pd
import pytest

from tests.common.related import shop


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.parquet"
    shop(600).to_parquet(path)
    return path


def test_inspect_shows_what_holds_in_every_row(synthgen, orders):
    lines = synthgen("inspect", orders).out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("relation"))
    assert lines[start].split() == ["relation", "from", "rows", "why"] and lines[start - 1] == ""
    assert any(line.split()[:6] == ["total", "=", "price", "+", "tip", "detected"] for line in lines[start:])


def test_a_table_without_relations_has_no_such_list(synthgen, orders):
    shop(600)[["price", "noise"]].to_parquet(orders)
    assert not [line for line in synthgen("inspect", orders).out.splitlines() if line.startswith("relation")]


def test_a_relation_is_switched_off_and_another_added_in_the_schema(synthgen, orders, tmp_path):
    schema = json.loads(synthgen("inspect", orders, "--json").out)
    for relation in schema["relations"]:
        relation["enabled"] = relation["type"] != "Dependency"
    schema["relations"].append({"type": "Unique", "columns": ["noise"]})
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(schema))
    assert "switched off" in synthgen("inspect", orders, "--schema", path).out
    model, rows = tmp_path / "m.synthgen", tmp_path / "rows.parquet"
    done = synthgen("fit", orders, "-o", model, "--model", "independent-marginals", "--schema", path)
    assert done.code == 0, done.err
    assert "noise unique (declared)" in synthgen("inspect", model).out
    assert synthgen("sample", model, "-n", "400", "-o", rows, "--seed", "0").code == 0
    found = pd.read_parquet(rows)
    assert found["noise"].is_unique and ((found["price"] + found["tip"]).round(2) == found["total"]).all()
    assert found.groupby("zip", observed=True)["state"].nunique().max() > 1


def test_constraints_by_set(synthgen, orders, tmp_path):
    rules = 'constraints=[{type="Inequality", low="tip", high="total"}]'
    common = ("fit", orders, "-o", tmp_path / "m", "--model", "gaussian-copula", "--set")
    assert synthgen(*common, rules).code == 0
    assert "tip <= total (declared)" in synthgen("inspect", tmp_path / "m").out
    broken = synthgen(*common, rules.replace("tip", "noise").replace("total", "tip"), "--force")
    assert broken.code != 0 and "'noise <= tip' does not hold in the table" in broken.err
    unknown = synthgen(*common, 'constraints=[{type="Sum"}]', "--force")
    assert unknown.code != 0 and "`type` is one of Dependency" in unknown.err
