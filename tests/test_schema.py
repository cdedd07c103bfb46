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


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Column("x", "number"), r"kind of column 'x' must be one of .*Got 'number'"),
        (lambda: Column(3, "integer"), r"must be strings. Got 3 \(int\)"),
        (lambda: Column("x", "categorical", levels=("a", "a")), "must be distinct"),
        (lambda: Schema((Column("x", "integer"), Column("x", "integer"))), "Repeated: 'x'"),
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
