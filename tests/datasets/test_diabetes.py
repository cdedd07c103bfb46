"""The demo's table is the real one, in its own units and types."""

import os
import subprocess
import sys
from pathlib import Path

from sklearn.datasets import load_diabetes

from synthgen.table.infer import infer_schema
from synthgen.table.read import read_table

FOLDER = Path(__file__).parents[2] / "datasets" / "diabetes"


def build(output):
    subprocess.run(
        [sys.executable, FOLDER / "build.py", output], check=True, capture_output=True, env=dict(os.environ)
    )
    return read_table(output)


def test_the_table_is_scikit_learns(tmp_path):
    table = build(tmp_path / "d.parquet")
    source = load_diabetes(as_frame=True, scaled=False).frame
    assert table.shape == (442, 11)
    assert list(table) == [*source.columns[:-1], "progression"]
    for name in source.columns[:-1].drop("sex"):
        assert (table[name] == source[name]).all()
    assert (table["progression"] == source["target"]).all()
    assert (table["sex"].map({"female": 1, "male": 2}).astype(int) == source["sex"]).all()


def test_kinds(tmp_path):
    kinds = {c.name: c.kind for c in infer_schema(build(tmp_path / "d.parquet"))}
    wanted = {
        "age": "integer",
        "sex": "categorical",
        "bmi": "continuous",
        "s6": "integer",
        "progression": "integer",
    }
    assert {name: kinds[name] for name in wanted} == wanted


def test_the_card_names_every_column_and_says_what_the_names_of_the_sexes_rest_on(tmp_path):
    card = (FOLDER / "card.md").read_text(encoding="utf-8")
    table = build(tmp_path / "d.parquet")
    assert all(f"| {name} |" in card for name in table.columns)
    assert "Licence" in card
    means = table.groupby("sex", observed=True)["s3"].mean()
    assert f"means {means['male']:.1f} and {means['female']:.1f}" in card
