"""The command line, run in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from synthgen.cli.main import run
from synthgen.models.synthgan import SynthGAN
from synthgen.table.write import write_table


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that an error must be, without what all errors begin with."""
        lines = self.err.splitlines()
        assert self.code == 2
        assert len(lines) == 1
        assert lines[0].startswith("synthgen: error: ")
        return lines[0].removeprefix("synthgen: error: ")


@pytest.fixture
def synthgen(capsys):
    """Run a command in this process."""

    def call(*arguments):
        capsys.readouterr()
        code = run([str(a) for a in arguments])
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def process():
    """Run a command in a process of its own."""

    def call(*arguments, code=None, **kwargs):
        command = ["-m", "synthgen"] if code is None else ["-c", code]
        done = subprocess.run(
            [sys.executable, *command, *map(str, arguments)],
            capture_output=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            **kwargs,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def data(tmp_path, mixed):
    """A folder with a table in it, and nothing else."""
    write_table(mixed.head(120), tmp_path / "data.parquet")
    return tmp_path / "data.parquet"


@pytest.fixture(scope="session")
def model_file(tmp_path_factory, mixed):
    """A model that has hardly learnt anything, in a file."""
    path = tmp_path_factory.mktemp("model") / "model.synthgen"
    model = SynthGAN(
        max_steps=3, hidden_dims=(16,), latent_dim=8, conditional_on=["sex"], random_state=0, verbose=0
    )
    model.fit(mixed.head(120)).save(path)
    return path


@pytest.fixture
def names_in():
    """The names of all files in a folder, hidden ones too."""
    return lambda folder: sorted(p.name for p in folder.iterdir())
