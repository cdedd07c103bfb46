"""`stored_values` lists all that a model's file holds of the table's values."""

import json

import numpy as np
import pandas as pd
import pytest

from synthgen import Dependency, FixedCombinations, Formula, Inequality, Repeats
from synthgen.cli.inspect import _model_text
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.model_file import read_model_file
from synthgen.models.stored import stored_values
from synthgen.models.synthgan import SynthGAN
from synthgen.table.infer import infer_schema
from tests.common.related import shop
from tests.common.tables import every_dtype
from tests.models.test_secrets import narrow, wide

SHORT = {"hidden_dims": (16,), "latent_dim": 8, "max_steps": 5, "random_state": 0, "verbose": 0}
QUIET = {"random_state": 0, "verbose": 0}
RULES = [FixedCombinations(("grade", "number")), Dependency("city", "state"), Formula("total", "price + tip"),
         Inequality("ordered", "delivered"), Repeats("price", "tip")]  # fmt: skip
CASES = {
    "every dtype": lambda: GaussianCopula(detect_relations=False, **QUIET).fit(every_dtype(60)),
    "relations": lambda: GaussianCopula(conditional_on=("city",), **QUIET).fit(shop(400)),
    "declared rules": lambda: IndependentMarginals(constraints=RULES, **QUIET).fit(shop(800)),
    "conditional": lambda: SynthGAN(conditional_on=("name", "category"), **SHORT).fit(narrow()),
    "min-max": lambda: SynthGAN(numeric_encoding="min-max", detect_relations=False, **SHORT).fit(narrow()),
    "wide": lambda: GaussianCopula(**QUIET).fit(wide()),
    "given schema": lambda: GaussianCopula(schema=infer_schema(narrow()), **QUIET).fit(narrow()),
    "identifiers": lambda: GaussianCopula(**QUIET).fit(
        pd.DataFrame({"id": [f"P-{i:04d}" for i in range(90)], "number": np.arange(90) * 7 % 1000 + 5000, "x": np.arange(90) % 4})
    ),
}  # fmt: skip
KEPT_ARRAYS = ("atoms", "low", "high", "ends", "keys", "values", "knots", "levels", "value", "common")


def walk(value, path=()):
    """Every leaf of plain data, with the keys on the way to it."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from walk(part, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for i, part in enumerate(value):
            yield from walk(part, (*path, i))
    else:
        yield path, value


@pytest.fixture(params=CASES, scope="module")
def written(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "m.synthgen"
    CASES[request.param]().save(path)
    return path


def test_every_string_of_the_file_is_listed(written):
    shown = json.loads(_model_text(str(written), True))
    names = {str(v) for _, v in walk(shown)} | {str(k) for path, _ in walk(shown) for k in path}
    state = read_model_file(written)[1]
    columns = state["encoder"]["schema"]["columns"]
    # what the columns are, not what they hold
    named = {c[field] for c in columns for field in ("dtype", "level_dtype", "reason") if c.get(field)}
    structure = {
        "affine",
        "calendar",
        "lookup",
        "combinations",
        "gap",
        "formula",
        "repeat",
        "declared",
        "detected",
    }
    structure |= {r["type"] for r in state["encoder"]["schema"].get("relations", [])}
    expressions = {
        r[k]
        for r in state["encoder"]["schema"].get("relations", [])
        for k in ("expression", "reason")
        if k in r
    }
    parts = walk({k: state[k] for k in ("parameters", "encoder", "model", "extra")})
    strings = [
        v for path, v in parts if isinstance(v, str) and v and path[-1] != "stopped"
    ]  # why training ended
    assert len(strings) > 5
    for text in strings:
        assert text in names | named | structure | expressions, text
    keys = {k for path, _ in walk(state["encoder"]["encoders"]) for k in path if isinstance(k, str)}
    shapes = {k for k in keys if "\\" in k or set(k) <= set("9aAhH")}
    assert shapes <= names


def test_every_number_that_is_kept_of_a_column_is_listed(written):
    shown = json.loads(_model_text(str(written), True))["stored_values"]
    state = read_model_file(written)[1]["encoder"]
    listed = np.array([float(v) for _, v in walk(shown) if isinstance(v, (int, float))])
    columns = [
        c
        for c in state["schema"]["columns"]
        if c["kind"] in ("integer", "continuous") and "object" not in c["dtype"]
    ]
    n_checked = 0
    for encoder in state["encoders"]:
        if encoder.get("encoder") == "calendar" or encoder.get("decimals") or "shares" in encoder:
            continue  # days, multiples and codes of what is listed
        for name in KEPT_ARRAYS:
            values = encoder.get(name)
            values = np.array([values]) if isinstance(values, float) else values
            if (
                isinstance(values, np.ndarray)
                and values.dtype.kind in "iuf"
                and _is_plain(encoder, state, columns)
            ):
                assert np.isin(values.astype(float), listed).all(), name
                n_checked += len(values)
    if (block := state["block"]) is not None:
        assert np.isin(block["smooth"]["knots"].astype(float), listed).all()
        n_checked += block["smooth"]["knots"].size
    assert n_checked or state["relations"]["steps"] or not columns


def _is_plain(encoder, state, columns):
    """Whether a state's numbers are the column's own: not ticks of instants."""
    place = next(i for i, e in enumerate(state["encoders"]) if e is encoder)
    inside = set(state["block"]["names"]) if state["block"] is not None else set()
    if state["relations"]["steps"]:
        return False
    own = [c for c in state["schema"]["columns"] if c["name"] not in inside][place]
    return own in columns and not own["dtype"].lower().startswith(
        ("timedelta", "duration", "float16", "float32")  # shown as the dtype has them
    )


def test_pooled_levels_and_conditions_are_listed_without_their_names():
    stored = stored_values(SynthGAN(conditional_on=("name", "category"), **SHORT).fit(narrow()))
    assert stored["columns"]["name"]["levels"] == ["Anna", "Bert", "Cleo", "Dora"]
    assert stored["columns"]["name"]["pooled"] == {"levels": 1, "rows": 1, "how": "drawn"}
    assert set(stored["conditions"]) == {"name", "category"}
    assert len(stored["conditions"]["name"]) == len(stored["conditions"]["category"]) >= 12


def test_a_memoriser_says_that_all_rows_are_stored():
    stored = stored_values(Bootstrap(**QUIET).fit(narrow()))
    assert set(stored["columns"]) == set(narrow().columns)
    assert {v for c in stored["columns"].values() for v in c.values()} == {"all 240"}


def test_the_text_is_short_and_says_how_many_there_are(tmp_path):
    CASES["wide"]().save(tmp_path / "m.synthgen")
    text = _model_text(str(tmp_path / "m.synthgen"), False)
    assert "stored values (all with --json):" in text
    assert "name: 4 levels (Anna, Bert, Cleo, Dora); 1 rare levels of 1 rows pooled (drawn)" in text
    assert max(map(len, text.splitlines())) < 1000 and len(text.splitlines()) < 350
    assert "    ... and " in text


def test_privacy_notes_say_what_was_pooled():
    notes = " ".join(GaussianCopula(**QUIET).fit(narrow()).describe()["privacy"])
    assert "Levels of fewer than 5 rows are not kept:" in notes and "name (1 levels, 1 rows: drawn)" in notes
