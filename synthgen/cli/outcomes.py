"""What `evaluate`, `compare` and `learning-curve` print and write."""

from __future__ import annotations

from typing import Any

import click

from synthgen.cli.options import note, settings, shown
from synthgen.files import STANDARD_STREAM, write_to_stdout


def check_page(output: str | None) -> None:
    """Refuse at once a page whose name is not that of one.

    Parameters
    ----------
    output : str or None
        Where the page goes, if anywhere.

    Raises
    ------
    UsageError
        If the name does not end in ``.html``.
    """
    if output not in (None, STANDARD_STREAM) and not output.lower().endswith((".html", ".htm")):
        raise click.UsageError(
            f"-o writes a page: its name must end in .html. Got {output!r}; --json writes the numbers."
        )


def write_outcome(found: Any, name: str, output: str | None, json_output: str | None, *, force: bool) -> None:
    """Print the summary, on stderr if stdout is taken, and write the page and the numbers.

    Parameters
    ----------
    found : Report, Comparison or LearningCurve
        With `summary`, `to_html` and `to_json`.
    name : str
        What messages call it.
    output, json_output : str or None
        Where page and numbers go, if anywhere.
    force : bool
        Whether existing files may be replaced.
    """
    from synthgen.reports.render import write

    taken = STANDARD_STREAM in (output, json_output)
    if settings().verbosity > 0:
        click.echo(found.summary(), err=taken)
    for path, text in ((output, found.to_html), (json_output, found.to_json)):
        if path == STANDARD_STREAM:
            write_to_stdout(f"{text()}\n".encode())
        elif path is not None:
            write(path, text(), overwrite=force)
            note(f"the {name} is in {shown(path)}")
