"""`synthgen inspect`."""

from __future__ import annotations

import json
from collections import Counter
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
from synthgen.cli.tables import layout_options, read_input
from synthgen.files import STANDARD_STREAM

_MAX_WIDTH = 28
_MOST_ROWS = 200
"""Columns of a table that are shown one by one; of a wider one, those of a kind that few have."""
_FEW = 4  # values shown of those that a model keeps, ...
_MOST_STORED = 12  # ... and columns
_MOST_ALIKE = 20
_DROPPED = "Left out of what is known of the features, as they may be statistics of these rows: {}."


@click.command()
@click.argument("file")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON: of a table its schema, to edit and pass on with --schema.",
)
@schema_option
@layout_options
@format_option
@common_options
def inspect(
    file: str,
    as_json: bool,
    schema: str | None,
    layer: str | None,
    features_in_rows: bool,
    format_: str | None,
) -> None:
    """Show what FILE is: a table's columns as synthgen understands them, or what a model was trained on.

    Relations are what every row obeys, so that every sampled row will. To switch one off, give it "enabled": false in
    the schema; to add one, write it there: {"type": "Inequality", "low": "pickup", "high": "dropoff"}.

    \b
    Examples:
      synthgen inspect customers.parquet
      synthgen inspect customers.csv --json > schema.json    (then edit it, and: fit --schema schema.json)
      synthgen inspect customers.synthgen
    """
    check_inputs(file, schema)
    from synthgen.table.formats import is_table_name

    if file == STANDARD_STREAM or format_ is not None or is_table_name(file):
        found = read_input(file, format_, layer, features_in_rows)
        click.echo(_table_text(file, *found, schema, as_json))
    else:
        click.echo(_model_text(file, as_json))


def _table_text(file: str, found_in_file: Any, table: Any, schema: str | None, as_json: bool) -> str:
    from synthgen.table.infer import infer_schema
    from synthgen.table.read import read_schema

    declared = None if schema is None else read_schema(schema)
    with about(file):
        found = infer_schema(table, declared, detect_relations=True)
    if as_json:
        return found.to_json()
    missing = table.isna().mean()
    rows: list[tuple[str, ...]] = [("column", "kind", "dtype", "missing", "why")]
    rows += _rows(list(found), missing.to_numpy())
    head = f"{shown(file)}: {len(table):,} rows, {len(found):,} columns"
    if (annotation := getattr(found_in_file, "annotation", None)) is not None:
        n = len(annotation)
        head += f" ({len(found) - n:,} covariates, {n:,} features)"
    texts = [c.name for c in found if c.kind == "text"]
    dropped = [] if annotation is None else annotation.details.get("dropped", [])
    notes = [_DROPPED.format(", ".join(dropped))] if dropped else []
    notes += [f"Free text cannot be learnt: declare {n!r} categorical, or drop it." for n in texts]
    related = _relation_rows(found.relations or ())
    return "\n".join([head, "", *_aligned(rows), *related, *([""] if notes else []), *notes])


def _relation_rows(relations: Sequence[Any]) -> list[str]:
    """What holds in every row, under an empty line; nothing if there is nothing."""
    if not relations:
        return []
    rows: list[tuple[str, ...]] = [("relation", "from", "rows", "why")]
    for r in relations:
        support = "" if r.support is None else f"{r.support:,}"
        rows.append((r.rule.words(), r.source if r.enabled else "switched off", support, r.reason))
    return ["", *_aligned(rows)]


def _rows(columns: Sequence[Any], missing: Any) -> list[tuple[str, ...]]:
    """A row for each column; of a wide table, one for each kind that many columns have."""
    groups: dict[Any, list[int]] = {}
    for i, column in enumerate(columns):
        groups.setdefault((column.kind, column.dtype) if len(columns) > _MOST_ROWS else i, []).append(i)
    rows: list[tuple[str, ...]] = []
    for places in groups.values():
        if len(places) > _MOST_ALIKE:
            first, last = columns[places[0]], columns[places[-1]]
            why = f"{len(places):,} columns, {first.name} to {last.name}"
            rows.append((f"{first.name}, ...", first.kind, first.dtype, f"{missing[places].mean():.1%}", why))
        else:
            shown_one_by_one = [(columns[i], f"{missing[i]:.1%}") for i in places]
            rows += [(c.name, c.kind, c.dtype, share, c.reason) for c, share in shown_one_by_one]
    return rows


def _model_text(file: str, as_json: bool) -> str:
    from synthgen.cli.model_files import load_model, written_with

    model = load_model(file)
    from synthgen.models.stored import stored_values

    facts = model.describe() | written_with(file)
    stored = stored_values(model)
    if model.annotation_ is not None and (dropped := model.annotation_.details.get("dropped")):
        facts["left_out_of_var"] = dropped
    if as_json:
        facts["stored_values"] = stored
        return json.dumps(facts, indent=2, ensure_ascii=False, default=str)
    if len(facts["kinds"]) > _MOST_ROWS:
        facts["kinds"] = dict(Counter(facts["kinds"].values()))
    head = (
        f"{facts.pop('model')}, trained on {facts.pop('n_rows'):,} rows of {facts.pop('n_columns'):,} columns"
    )
    return "\n".join([f"{file}: {head}", "", *_outline(facts), "", *_stored(stored)])


def _stored(stored: dict[str, dict[str, Any]]) -> list[str]:
    """How many values are kept of each column, and the first of them; `--json` has all."""
    lines = ["stored values (all with --json):"]
    for title, parts in stored.items():
        lines.append(f"  {title}:")
        for name, kept in list(parts.items())[:_MOST_STORED]:
            own = kept if isinstance(kept, dict) else {"values": kept}
            lines.append(f"    {name}: {'; '.join(_counted(k, v) for k, v in own.items() if v) or 'nothing'}")
        if len(parts) > _MOST_STORED:
            lines.append(f"    ... and {len(parts) - _MOST_STORED:,} more")
    return lines


def _counted(what: str, values: Any) -> str:
    """Values of one sort: how many, and the first few."""
    if isinstance(values, dict) and what == "pooled":
        return f"{values['levels']:,} rare levels of {values['rows']:,} rows pooled ({values['how']})"
    if isinstance(values, dict):
        return "; ".join(_counted(f"{what}, {k}", v) for k, v in values.items())
    if isinstance(values, str):
        return f"{what}: {values}"
    few = ", ".join(str(v) for v in values[:_FEW])
    return f"{len(values):,} {what} ({few}{', ...' if len(values) > _FEW else ''})"


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
