"""`synthgen inspect`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from synthgen.cli.options import (
    about,
    check_inputs,
    common_options,
    format_option,
    schema_option,
    shown,
)
from synthgen.files import STANDARD_STREAM

_MAX_WIDTH = 28


@click.command()
@click.argument("file")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON: of a table its schema, to edit and pass on with --schema.",
)
@schema_option
@format_option
@common_options
def inspect(file: str, as_json: bool, schema: str | None, format_: str | None) -> None:
    """Show what FILE is: a table's columns as synthgen understands them, or what a model was trained on.

    \b
    Examples:
      synthgen inspect customers.parquet
      synthgen inspect customers.csv --json > schema.json    (then edit it, and: fit --schema schema.json)
      synthgen inspect customers.synthgen
    """
    check_inputs(file, schema)
    from synthgen.table.formats import is_table_name

    if file == STANDARD_STREAM or format_ is not None or is_table_name(file):
        click.echo(_table_text(file, schema, format_, as_json))
    else:
        click.echo(_model_text(file, as_json))


def _table_text(file: str, schema: str | None, format_: str | None, as_json: bool) -> str:
    from synthgen.table.infer import infer_schema
    from synthgen.table.read import read_schema, read_table

    table = read_table(file, format=format_)
    declared = None if schema is None else read_schema(schema)
    with about(file):
        found = infer_schema(table, declared)
    if as_json:
        return found.to_json()
    missing = table.isna().mean()
    rows = [("column", "kind", "dtype", "missing", "why")]
    rows += [(c.name, c.kind, c.dtype, f"{missing[c.name]:.1%}", c.reason) for c in found]
    head = f"{shown(file)}: {len(table):,} rows, {len(found):,} columns"
    texts = [c.name for c in found if c.kind == "text"]
    notes = [f"Free text cannot be learnt: declare {n!r} categorical, or drop it." for n in texts]
    return "\n".join([head, "", *_aligned(rows), *([""] if notes else []), *notes])


def _model_text(file: str, as_json: bool) -> str:
    from synthgen.cli.model_files import load_model, written_with

    facts = load_model(file).describe() | written_with(file)
    if as_json:
        return json.dumps(facts, indent=2, ensure_ascii=False, default=str)
    head = (
        f"{facts.pop('model')}, trained on {facts.pop('n_rows'):,} rows of {facts.pop('n_columns'):,} columns"
    )
    return "\n".join([f"{file}: {head}", "", *_outline(facts)])


def _outline(facts: dict[str, Any], indent: str = "") -> list[str]:
    """Nested plain data as indented lines."""
    lines = []
    for name, value in facts.items():
        label = f"{indent}{str(name).replace('_', ' ') if not indent else name}:"
        if isinstance(value, dict):
            lines += [label, *_outline(value, indent + "  ")]
        elif isinstance(value, (list, tuple)) and any(isinstance(v, str) and " " in v for v in value):
            lines += [label, *(f"{indent}  - {v}" for v in value)]
        else:
            lines.append(f"{label} {_plain(value)}")
    return lines


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "none" if value is None else str(value)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of a text table, all columns but the last padded to their width."""
    widths = [min(max(len(row[i]) for row in rows), _MAX_WIDTH) for i in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(f"{cell:<{w}}" for cell, w in zip(row[:-1], widths, strict=True)), row[-1]])
        for row in rows
    ]
