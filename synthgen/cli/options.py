"""Options and messages that the commands share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from synthgen.cli.boundary import Settings
from synthgen.exceptions import DataError, SchemaError, SynthgenError
from synthgen.files import STANDARD_STREAM, TABLE_FORMATS

Command = TypeVar("Command", bound=Callable[..., Any])

format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(TABLE_FORMATS),
    help="Format of the tables, whatever their suffixes say.",
)
force_option = click.option("--force", is_flag=True, help="Replace outputs that exist already.")
schema_option = click.option(
    "--schema",
    metavar="FILE",
    help="What the columns are: JSON from `synthgen inspect --json`, edited, or SDV metadata; columns left out "
    "are inferred.",
)


def common_options(command: Command) -> Command:
    """Add --quiet, --verbose and --debug to a command.

    Parameters
    ----------
    command : callable
        A function that click makes a command of.

    Returns
    -------
    callable
        The same function.
    """
    for name, short, setting, value, words in (
        ("--debug", None, "debug", True, "Show the traceback of an error."),
        ("--verbose", "-v", "verbosity", 2, "Say more."),
        ("--quiet", "-q", "verbosity", 0, "Say nothing but errors."),
    ):
        names = [name] if short is None else [name, short]
        command = click.option(
            *names,
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_setter(setting, value),
            help=words,
        )(command)
    return command


def note(text: str) -> None:
    """Tell the user something, on stderr, unless --quiet.

    Parameters
    ----------
    text : str
        One line.
    """
    if settings().verbosity > 0:
        click.echo(f"synthgen: {text}", err=True)


def settings() -> Settings:
    """The settings of the command that runs."""
    found = click.get_current_context().find_object(Settings)
    return Settings() if found is None else found


@contextlib.contextmanager
def about(path: str) -> Iterator[None]:
    """Name the file in errors about the table that came from it.

    Parameters
    ----------
    path : str
        The file.

    Yields
    ------
    None
        Inside, errors about data and schema gain the file's name.
    """
    try:
        yield
    except (DataError, SchemaError) as error:
        raise SynthgenError(f"{shown(path)}: {error}") from error


def shown(path: str, stream: str = "standard input") -> str:
    """A path for messages, without the keys of an address."""
    from synthgen.table.addresses import without_secrets

    return stream if path == STANDARD_STREAM else without_secrets(path)


def check_outputs(*paths: str | None, inputs: Iterable[str | None], force: bool) -> None:
    """Refuse at once what could not be written after the work is done, or would be written over what is read.

    Parameters
    ----------
    *paths : str or None
        Outputs; None is left out.
    inputs : iterable of str or None
        Files that the command reads.
    force : bool
        Whether existing files may be replaced.

    Raises
    ------
    FileError
        As `synthgen.files.check_writable`.
    UsageError
        If two outputs are one file, or an output is an input.
    """
    from synthgen.files import check_writable

    given = [p for p in paths if p is not None]
    if len(set(map(_place, given))) < len(given):
        raise click.UsageError(
            f"two outputs are one file, {shown(given[0], 'standard output')}; give each its own."
        )
    read = {_place(p): p for p in inputs if p is not None and p != STANDARD_STREAM}
    for path in given:
        if path != STANDARD_STREAM and (found := read.get(_place(path))) is not None:
            raise click.UsageError(
                f"the output {path} is the input {found}; give the output a name of its own."
            )
    for path in given:
        if path != STANDARD_STREAM:
            check_writable(path, overwrite=force)


def check_table_names(*paths: str, format_: str | None) -> None:
    """Refuse at once a table output whose name does not say its format.

    Parameters
    ----------
    *paths : str
        Outputs; ``-`` is left out.
    format_ : str or None
        What --format says.

    Raises
    ------
    TableFileError
        As `synthgen.table.formats.format_of_name`.
    """
    from synthgen.table.formats import format_of_name

    for path in paths:
        if path != STANDARD_STREAM:
            format_of_name(path, format_)


def check_inputs(*paths: str | None) -> None:
    """Refuse to read standard input twice.

    Parameters
    ----------
    *paths : str or None
        Inputs.

    Raises
    ------
    UsageError
        If ``-`` stands for more than one.
    """
    if list(paths).count(STANDARD_STREAM) > 1:
        raise click.UsageError("only one input can be `-`.")


def _place(path: str) -> str | Path:
    """Equal for two names of one file."""
    return path if path == STANDARD_STREAM else Path(path).resolve()


def _setter(name: str, value: Any) -> Callable[[click.Context, click.Parameter, bool], None]:
    def _set(context: click.Context, parameter: click.Parameter, given: bool) -> None:
        found = context.find_object(Settings)
        if given and found is not None:
            setattr(found, name, value)

    return _set
