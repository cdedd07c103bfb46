"""What all commands share: help, one-line errors, exit codes, signals."""

import os
import signal
import subprocess
import sys
import warnings

import click
import pytest

import synthgen.table.read
from synthgen.cli.main import cli
from synthgen.version import __version__

COMMANDS = ("split", "fit", "sample", "evaluate", "compare", "inspect")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_the_commands_and_exit_codes(synthgen, arguments):
    done = synthgen(*arguments)
    assert (done.code, done.err) == (0, "")
    assert all(f"\n  {name} " in done.out for name in COMMANDS)
    assert "130  interrupted" in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_examples_and_explains_its_options(synthgen, command):
    done = synthgen(command, "--help")
    assert done.code == 0
    assert f"\n  Examples:\n    synthgen {command} " in done.out
    assert all(p.help for p in cli.commands[command].params if isinstance(p, click.Option))


def test_version(synthgen):
    assert synthgen("--version").out == f"synthgen {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tarin"], "No such command 'tarin'."),
        (["fit"], "Missing argument 'DATA...'. See `synthgen fit --help`."),
        (["fit", "x.csv"], "Missing option '-o' / '--output'. See `synthgen fit --help`."),
        (["fit", "x.csv", "-o", "m", "--steps", "1"], "No such option"),
        (["fit", "x.csv", "-o", "m", "--max-steps", "many"], "Invalid value for '--max-steps'"),
        (["sample", "m", "-o", "x.csv"], "Missing option '-n' / '--rows'."),
        (["split", "x.csv", "-o", "a.csv", "--holdout", "a.csv"], "two outputs are one file, a.csv"),
        (["split", "x.csv", "-o", "a.csv", "--holdout", "./a.csv"], "two outputs are one file, a.csv"),
        (["split", "x.csv", "-o", "-", "--holdout", "-"], "two outputs are one file, standard output"),
        (["evaluate", "-", "-"], "only one input can be `-`."),
    ],
)
def test_wrong_usage_is_one_line(synthgen, arguments, message):
    assert synthgen(*arguments).error.startswith(message)


def test_debug_adds_the_traceback(synthgen, tmp_path):
    done = synthgen("inspect", tmp_path / "no.parquet", "--debug")
    assert done.code == 2
    assert done.err.startswith("Traceback (most recent call last):")
    assert done.err.splitlines()[-1] == f"synthgen: error: {tmp_path}/no.parquet: no such file."


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "synthgen: interrupted; nothing was left half-written"),
        (
            ZeroDivisionError("two\nlines"),
            70,
            "synthgen: internal error: ZeroDivisionError: two lines (--debug",
        ),
        (MemoryError(), 70, "synthgen: error: out of memory"),
        (OSError(5, "Input/output error", "x.csv"), 2, "synthgen: error: x.csv: Input/output error."),
    ],
)
def test_whatever_happens_is_one_line(synthgen, monkeypatch, error, code, line):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(synthgen_read(), "read_annotated", fail)
    done = synthgen("inspect", "x.csv")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(line)
    assert done.err.count("\n") == 1


def test_warnings_are_one_line_and_silent_when_quiet(synthgen, monkeypatch, data):
    read = synthgen_read().read_annotated

    def warn(*arguments, **kwargs):
        warnings.warn("mind\nthe gap", UserWarning, stacklevel=1)
        return read(*arguments, **kwargs)

    monkeypatch.setattr(synthgen_read(), "read_annotated", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert synthgen("inspect", data).err == "synthgen: warning: mind the gap\n"
        assert synthgen("inspect", data, "-q").err == ""
    assert warnings.showwarning.__module__ != "synthgen.cli.boundary"


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_signals_leave_nothing_half_written(tmp_path, data, names_in, number, code, word):
    """The signal comes while the model is being written."""
    script = """
import sys, time
from synthgen.cli.main import run
from synthgen.files import atomic_write
from synthgen.models.synthgan import SynthGAN

def save(self, path, overwrite=True):
    with atomic_write(path, overwrite=overwrite) as temporary:
        temporary.write_text("half")
        print("writing", flush=True)
        time.sleep(60)

SynthGAN.fit = lambda self, table, **more: self
SynthGAN.save = save
sys.exit(run(sys.argv[1:]))
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, "fit", data, "-o", tmp_path / "model.synthgen"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout.readline() == "writing\n"
        assert len(names_in(tmp_path)) == 2
        child.send_signal(number)
        _, err = child.communicate()
    assert child.returncode == code
    assert err == f"synthgen: {word}; nothing was left half-written\n"
    assert names_in(tmp_path) == ["data.parquet"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_error(model_file, unbuffered):
    """Without a buffer a write may take a part and say so, which must not pass for the whole."""
    with subprocess.Popen(
        [sys.executable, "-m", "synthgen", "sample", model_file, "-n", "20000", "-o", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    ) as child:
        assert child.stdout.readline().startswith(b'"age"')
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 141


def synthgen_read():
    return synthgen.table.read


@pytest.mark.parametrize(
    "arguments",
    [
        "fit data.parquet -o data.parquet",
        "fit data.parquet -o here/data.parquet",
        "fit data.parquet -o link.parquet",
        "fit data.parquet -o s.json --schema s.json",
        "fit data.parquet -o c.toml --config c.toml",
        "split data.parquet -o a.csv --holdout data.parquet",
        "sample m.synthgen -n 3 -o m.synthgen --format csv",
        "evaluate data.parquet data.parquet -o data.parquet",
        "evaluate data.parquet data.parquet --json s.json --schema s.json",
        "evaluate data.parquet data.parquet --holdout h.csv -o h.csv",
    ],
)
def test_an_output_is_never_an_input(synthgen, data, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").symlink_to(tmp_path)
    (tmp_path / "link.parquet").symlink_to(data)
    before = data.read_bytes()
    error = synthgen(*arguments.split(), "--force").error
    assert " is the input " in error
    assert error.startswith("the output ")
    assert data.read_bytes() == before
