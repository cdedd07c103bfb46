"""Rules as users write them, and the expressions in formulas."""

import datetime

import numpy as np
import pytest

from synthgen import (
    Column,
    Dependency,
    FixedCombinations,
    Formula,
    Inequality,
    Range,
    Relation,
    Schema,
    Unique,
)
from synthgen.constraints.expression import parse_expression, quoted
from synthgen.exceptions import SchemaError

RULES = [
    Inequality("a", "b"),
    Inequality("a", "b", strict=True),
    Range("a", 0, None),
    Range("a", "2020-01-31", datetime.date(2021, 1, 1)),
    Range("a", None, datetime.timedelta(hours=1)),
    FixedCombinations(["a", "b"]),
    Formula("a", "b + 2 * (`c d` - 1.5) / -3"),
    Unique("a"),
    Unique(["a", "b"]),
    Dependency("a", "b"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.words())
def test_json_round_trip_in_a_schema(rule):
    relation = Relation(rule, "detected", False, 12, "because")
    schema = Schema((Column("a", "integer"),), (rule, relation))
    assert Schema.from_json(schema.to_json()) == schema
    assert [r.rule for r in schema.relations] == [rule, rule]
    assert schema.relations[0] == Relation(rule)


def test_a_schema_tells_no_relations_from_none_looked_for():
    none_looked_for = Schema((Column("a", "integer"),))
    none = none_looked_for.relate([])
    assert none_looked_for.relations is None and none.relations == ()
    assert Schema.from_json(none.to_json()) == none != none_looked_for
    assert Schema.from_json(none_looked_for.to_json()) == none_looked_for
    assert none.replace("a", kind="categorical").relations == ()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Inequality("a", "a"), "must name two or more different columns. Got 'a', 'a'"),
        (lambda: Inequality("a", 3), "must name columns by strings. Got 3"),
        (lambda: Inequality("a", "b", 1), "strict of a <= b must be true or false. Got 1"),
        (lambda: Range("a", 3, 1), "range of column 'a' must rise"),
        (lambda: Range("a", None, None), "must have one end or two of one kind"),
        (lambda: Range("a", 1, "2020"), "must have one end or two of one kind"),
        (lambda: Range("a", [1], 2), r"numbers or instants as ends. Got \[1\]"),
        (lambda: Range("a", float("nan"), 2), "numbers or instants as ends. Got nan"),
        (lambda: FixedCombinations("ab"), "must be a list of names. Got 'ab'"),
        (lambda: FixedCombinations(["a"]), "must name two or more different columns"),
        (lambda: Unique([]), "must name one or more different columns. Got none"),
        (lambda: Formula("a", "a + b"), "must not hold the column that it gives"),
        (lambda: Formula("a", "1 + 2"), "must name a column"),
        (lambda: Formula("a", ""), "must be a text of 1 to 2,000 characters"),
        (lambda: Formula("a", "b +"), "cannot be read"),
        (lambda: Relation("a < b"), "must hold a rule, such as Inequality. Got 'a < b'"),
        (lambda: Relation(Unique("a"), "guessed"), "must be one of declared, detected. Got 'guessed'"),
        (lambda: Relation(Unique("a"), enabled=1), "enabled of 'a unique' must be true or false"),
        (lambda: Relation(Unique("a"), support=-1), "support of 'a unique' must be a number of rows"),
        (lambda: Schema((), relations=("a < b",)), "must be rules, such as Inequality. Got 'a < b'"),
        (lambda: Schema((), relations=Unique("a")), "must be a list"),
        (
            lambda: Schema.from_dict({"columns": [], "relations": {}}),
            "`relations` of a schema must be a list",
        ),
        (lambda: Schema.from_dict({"columns": [], "relations": [3]}), "must be an object. Got 3"),
        (
            lambda: Schema.from_dict({"columns": [], "relations": [{"type": "Sum"}]}),
            "`type` is one of Dependency, FixedCombinations, Formula, Inequality, Range, Repeats, Unique",
        ),
        (
            lambda: Schema.from_dict({"columns": [], "relations": [{"type": "Unique"}]}),
            "Unique needs the field 'columns'",
        ),
        (
            lambda: Schema.from_dict(
                {"columns": [], "relations": [{"type": "Unique", "columns": ["a"], "x": 1}]}
            ),
            "Unique has no field 'x'; it has columns",
        ),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(SchemaError, match=message):
        make()


@pytest.mark.parametrize(
    "text",
    ["b ** 2", "b % 2", "b // 2", "f(b)", "b.real", "b[0]", "b if c else d", "b < c", "b and c", "lambda: b",
     "__import__('os')", "'a' + b", "True + b", "b; c", "1j * b", "1e999 * b", "(" * 900 + "b" + ")" * 900, "-" * 1500 + "b",
     "b := 3", "{b}", "*b", "f'{b}'", "not b", "~b"],
)  # fmt: skip
def test_nothing_but_arithmetic_is_read(text):
    with pytest.raises(SchemaError, match=r"cannot be read|must name a column"):
        parse_expression(text)


def test_expressions_are_evaluated_as_python_does():
    b, c, d = np.array([1.0, 4.0]), np.array([2.0, 0.5]), np.array([3.0, 3.0])
    columns = {"b": b, "c d": c, "d": d}
    found = parse_expression("-b + 2 * (`c d` - 1.5) / d - +d").evaluate(columns)
    assert np.array_equal(found, -b + 2 * (c - 1.5) / d - +d)


def test_names_come_in_order_once_and_quoted_where_they_must():
    assert parse_expression("b - `a b` + b * `lambda`").names == ("b", "a b", "lambda")
    for name in ("b", "a b", "lambda", "hours-per-week", "größe"):
        assert parse_expression(f"1 + {quoted(name)}").names == (name,)


def test_names_with_backquotes_are_doubled_and_read_back():
    for name in ("a`b", "`", "``", "a `b` c"):
        assert parse_expression(f"{quoted(name)} + y").names == (name, "y")


def test_what_python_would_take_for_a_comment_is_refused():
    with pytest.raises(SchemaError, match="'#' stands outside backquotes"):
        Formula("w", "x # y")
    assert parse_expression("`a#b` + y").names == ("a#b", "y")
