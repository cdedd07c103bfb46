"""`synthgen compare`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from synthgen.cli.options import (
    about,
    check_inputs,
    check_outputs,
    common_options,
    force_option,
    shown,
)
from synthgen.cli.outcomes import write_outcome
from synthgen.exceptions import FileError
from synthgen.files import STANDARD_STREAM


@click.command()
@click.argument("reports", nargs=-1, metavar="REPORT.json REPORT.json ...")
@click.option("-o", "--output", metavar="PAGE.html", help="Where the page goes.")
@click.option("--json", "json_output", metavar="COMPARISON.json", help="Where the numbers go.")
@force_option
@common_options
def compare(reports: tuple[str, ...], output: str | None, json_output: str | None, force: bool) -> None:
    """Set several reports side by side: two or more files that `synthgen evaluate --json` wrote.

    The summary is printed; -o writes a page. A report is called best in a score only where its interval lies
    apart from all the others'.

    \b
    Examples:
      synthgen compare gan.json copula.json -o page.html
      synthgen compare runs/1/report.json runs/2/report.json runs/3/report.json --json comparison.json
    """
    _check(reports)
    check_inputs(*reports)
    check_outputs(output, json_output, inputs=reports, force=force)
    from synthgen.reports import compare as side_by_side

    names = side_by_side.report_names([_absolute(path) for path in reports])
    found = {name: _read(path) for name, path in zip(names, reports, strict=True)}
    write_outcome(side_by_side.compare(found), "comparison", output, json_output, force=force)


def _check(reports: Sequence[str]) -> None:
    if len(reports) < 2:
        raise click.UsageError(f"compare needs two reports at least. Got {len(reports)}.")
    places = Counter(_absolute(path) for path in reports if path != STANDARD_STREAM)
    for path in reports:
        if places[_absolute(path)] > 1:
            raise click.UsageError(f"the report {path} is given more than once.")


def _absolute(path: str) -> str:
    return "standard input.json" if path == STANDARD_STREAM else str(Path(path).resolve())


def _read(path: str) -> dict[str, Any]:
    """A report as plain data."""
    from synthgen.reports.report import Report

    try:
        content = sys.stdin.buffer.read() if path == STANDARD_STREAM else Path(path).read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file.") from error
    except UnicodeDecodeError as error:
        raise FileError(
            f"{shown(path)}: is not a report in JSON, but a binary file or text that is not UTF-8."
        ) from error
    with about(path):
        return Report.from_json(text).to_dict()
