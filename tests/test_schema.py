"""Schemas: what they hold, refuse and read."""

import json

import pytest

from synthgen.exceptions import SchemaError
from synthgen.schema import KINDS, Column, Schema

SCHEMA = Schema(
    (
        Column("age", "integer", "int64", reason="whole numbers"),
        Column("sex", "categorical", "str", missing=True, levels=("f", "m")),
        Column("grade", "categorical", "category", levels=(3, 1), ordered=True, level_dtype="int64"),
        Column("id", "identifier", "str"),
    )
)


def test_json_round_trip():
    assert Schema.from_json(SCHEMA.to_json()) == SCHEMA


def test_replace_changes_one_column_and_drops_levels_of_the_old_kind():
    changed = SCHEMA.replace("sex", kind="identifier")
    assert changed["sex"].kind == "identifier"
    assert changed["sex"].levels is None
    assert changed["sex"].reason == "declared"
    assert changed["age"] == SCHEMA["age"]
    assert SCHEMA["sex"].kind == "categorical"


def of_column(**fields):
    return {"columns": [{"name": "x", "kind": "categorical", **fields}]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (of_column(levels=[["x"]]), r"The levels of column 'x' must be strings, .*Got \['x'\] \(list\)"),
        (of_column(levels=[None]), r"The levels of column 'x' must be .*Got None \(NoneType\)"),
        (of_column(levels="ab"), "The levels of column 'x' must be a list. Got 'ab'"),
        (of_column(missing="no"), "The missing of column 'x' must be true or false. Got 'no'"),
        (of_column(ordered=1), "The ordered of column 'x' must be true or false. Got 1"),
        (of_column(dtype=3), "The dtype of column 'x' must be a string. Got 3"),
        (of_column(dtype=None), "The dtype of column 'x' must be a string. Got None"),
        (of_column(level_dtype=[]), "The level_dtype of column 'x' must be a string"),
        (of_column(reason={}), "The reason of column 'x' must be a string"),
        (of_column(name=3), r"Column names must be strings. Got 3 \(int\)"),
        (of_column(name=["x"]), r"Column names must be strings. Got \['x'\] \(list\)"),
        (of_column(kind=["integer"]), r"kind of column 'x' must be one of .*Got \['integer'\]"),
        ({"columns": [3]}, "must be an object with `name` and `kind`. Got 3"),
        ({"columns": "x"}, "must have `columns`"),
        ({"columns": {"x": "id"}}, "must describe column 'x' by an object. Got 'id'"),
        ({"columns": {"x": {"sdtype": ["id"]}}}, r"The sdtype of column 'x' must be a string. Got \['id'\]"),
        ({"tables": {"t": [1]}}, r"must describe table 't' by an object. Got \[1\]"),
        ({"tables": 3}, "must describe one table. Got 3"),
        ({"columns": [{"name": "x", "kind": "integer", "a": 1, 3: 2}]}, "Column 'x' has the unknown field 3"),
    ],
)
def test_wrong_types_name_the_column_the_field_the_rule_and_the_value(data, message):
    with pytest.raises(SchemaError, match=message):
        Schema.from_dict(data)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"columns": ' + "1" * 5000 + "}"])
def test_json_that_python_cannot_hold_is_refused(text):
    with pytest.raises(SchemaError, match="not JSON"):
        Schema.from_json(text)


def test_levels_may_be_given_as_a_list():
    assert Column("x", "categorical", levels=["a", 1.5, True]).levels == ("a", 1.5, True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Column("x", "number"), r"kind of column 'x' must be one of .*Got 'number'"),
        (lambda: Column(3, "integer"), r"must be strings. Got 3 \(int\)"),
        (lambda: Column("x", "categorical", levels=("a", "a")), "must be distinct"),
        (lambda: Schema((Column("x", "integer"), Column("x", "integer"))), "Repeated: 'x'"),
        (lambda: Schema(({"name": "x", "kind": "integer"},)), "must be of type Column. Got {'name': 'x'"),
        (lambda: SCHEMA["nope"], "no column 'nope'. It has 'age', 'sex', 'grade', 'id'"),
        (lambda: SCHEMA.replace("age", colour="red"), "no field 'colour'"),
        (lambda: Schema.from_json("{"), "not JSON"),
        (lambda: Schema.from_json("[1]"), "must be a JSON object. Got list"),
        (lambda: Schema.from_json("{}"), "must have `columns`"),
        (lambda: Schema.from_json('{"columns": [{"name": "x"}]}'), "with `name` and `kind`"),
        (
            lambda: Schema.from_json('{"columns": [{"name": "x", "kind": "integer", "k": 1}]}'),
            "unknown field 'k'",
        ),
        (
            lambda: Schema.from_json('{"columns": [{"name": "x", "kind": "categorical", "levels": 1}]}'),
            "levels of column 'x' must be a list",
        ),
        (lambda: Schema.from_json('{"tables": {"a": {}, "b": {}}}'), "one table. Got 'a', 'b'"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(SchemaError, match=message):
        make()


def test_sdv_metadata_is_read():
    metadata = {
        "METADATA_SPEC_VERSION": "V1",
        "tables": {
            "guests": {
                "primary_key": "guest_email",
                "columns": {
                    "guest_email": {"sdtype": "email", "pii": True},
                    "has_rewards": {"sdtype": "boolean"},
                    "room_type": {"sdtype": "categorical"},
                    "amenities_fee": {"sdtype": "numerical", "computer_representation": "Float"},
                    "nights": {"sdtype": "numerical", "computer_representation": "Int64"},
                    "checkin_date": {"sdtype": "datetime", "datetime_format": "%d %b %Y"},
                    "billing_address": {"sdtype": "address", "pii": True},
                },
            }
        },
    }
    schema = Schema.from_json(json.dumps(metadata))
    assert {c.name: c.kind for c in schema} == {
        "guest_email": "identifier",
        "has_rewards": "boolean",
        "room_type": "categorical",
        "amenities_fee": "continuous",
        "nights": "integer",
        "checkin_date": "datetime",
        "billing_address": "identifier",
    }
    assert all("SDV" in c.reason for c in schema)


def test_every_kind_can_be_declared():
    assert [Column("x", kind).kind for kind in KINDS] == list(KINDS)


def test_a_mistyped_field_of_a_schema_is_refused():
    with pytest.raises(SchemaError, match="A schema has no field 'relation'; it has columns and relations"):
        Schema.from_dict({"columns": [], "relation": []})


def test_a_column_without_a_name_comes_back():
    schema = Schema((Column("", "integer"),))
    assert Schema.from_json(schema.to_json()) == schema
