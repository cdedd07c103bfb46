"""`make demo` and `make test` run what they say; read, not run."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def planned(*arguments):
    """The commands that make would run on a fresh clone."""
    command = ["make", "--no-print-directory", "-n", "VENV=no-such-folder", *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    ).stdout


def test_demo_installs_and_runs_the_main_job():
    lines = planned("demo").splitlines()
    assert lines[0] == "python3 -m venv no-such-folder"
    assert "pip install" in lines[1]
    assert "-c constraints.txt -e ." in lines[1]
    jobs = [line.split()[1] for line in lines if line.startswith("no-such-folder/bin/synthgen")]
    assert jobs == ["split", "fit", "sample", "evaluate"]
    assert "datasets/diabetes/build.py" in "\n".join(lines)
    assert "demo/report.html" in lines[-1]
    assert "--share 0.2" in "\n".join(lines)
    assert '--target "progression"' in "\n".join(lines)


def test_demo_on_the_readers_own_file():
    text = planned("demo", "DATA=my data.csv", "TARGET=income")
    assert 'synthgen split "my data.csv"' in text
    assert '--target "income"' in text
    assert "build.py" not in text
    assert "--target" not in planned("demo", "DATA=my data.csv")


def test_demo_wide_simulates_fits_samples_and_judges_on_held_out_rows_and_says_how_long():
    lines = planned("demo-wide", "SEED=3", "ROWS=50").splitlines()
    run = [line for line in lines if "; start=$(date +%s); " in line]
    commands = [line.split("; ")[2].split(" && ")[0] for line in run]
    built, fitted, sampled, judged = (c.removeprefix("no-such-folder/bin/") for c in commands)
    assert built.startswith("python datasets/expression_600x42k/build.py demo/wide/train.parquet")
    assert fitted.startswith("synthgen fit demo/wide/train.parquet -o demo/wide/model.synthgen")
    assert sampled.startswith("synthgen sample demo/wide/model.synthgen -n 50")
    assert judged.startswith("synthgen evaluate demo/wide/train.parquet demo/wide/synthetic.parquet")
    assert "--holdout demo/wide/holdout.parquet" in built
    assert "--holdout demo/wide/holdout.parquet" in judged
    assert all("--seed 3" in command for command in (built, fitted, sampled))
    assert all(line.endswith(' s"') and "$(($(date +%s) - start))" in line for line in run)


def test_a_step_that_fails_ends_the_wide_demo():
    lines = planned("demo-wide").splitlines()
    fit = next(line for line in lines if "synthgen fit" in line)
    done = subprocess.run(["sh", "-c", fit], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "Model fitted" not in done.stdout


def test_test_runs_the_linters_and_the_tests():
    text = planned("test")
    wanted = ("ruff check .", "ruff format --check .", "mypy", "-m pytest")
    places = [text.index(command) for command in wanted]
    assert places == sorted(places)
    assert '-e ".[dev,' in text


def test_constraints_can_be_left_out():
    assert "-c constraints.txt" not in planned("demo", "CONSTRAINTS=")


@pytest.mark.parametrize(
    "target", ["demo", "demo-wide", "bench-wide", "bench-tables", "test", "lint", "clean"]
)
def test_help_names_every_target(target):
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"make {target}" in done.stdout


def test_continuous_integration_runs_the_tests():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"
