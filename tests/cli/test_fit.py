"""`synthgen fit`: parameters reach SynthGAN, and bad ones are refused in SynthGAN's words."""

import json

import numpy as np
import pandas as pd
import pytest

from synthgen.cli.parameters import from_settings
from synthgen.exceptions import ParameterError
from synthgen.models.persistence import load
from synthgen.models.synthgan import SynthGAN
from synthgen.table.write import write_table
from tests.common.wide_tables import expression

TINY = ["--max-steps", "3", "--set", "hidden_dims=[16]", "--set", "latent_dim=8", "--seed", "1"]


@pytest.fixture
def recorded(monkeypatch):
    """The parameters that SynthGAN was made with; nothing is trained."""
    seen = {}

    def fit(self, table, **checkpoints):
        seen.update(self.get_params(deep=False))
        return self

    monkeypatch.setattr(SynthGAN, "fit", fit)
    monkeypatch.setattr(SynthGAN, "interrupted_", False)
    monkeypatch.setattr(SynthGAN, "save", lambda self, path, overwrite: None)
    return seen


def test_a_model_is_written(synthgen, data, tmp_path, names_in):
    done = synthgen("fit", data, "-o", tmp_path / "m.synthgen", *TINY)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"synthgen: learnt 120 rows of 14 columns; the model is in {tmp_path}/m.synthgen\n"
    assert names_in(tmp_path) == ["data.parquet", "m.synthgen"]
    model = load(tmp_path / "m.synthgen")
    assert model.get_params()["max_steps"] == 3
    assert list(model.sample(2)) == list(pd.read_parquet(data))


def test_the_best_of_several_seeds_is_kept(synthgen, data, tmp_path):
    done = synthgen("fit", data, "-o", tmp_path / "m.synthgen", *TINY, "--restarts", "2")
    assert done.code == 0
    kept = int(done.err.split("of 2 seeds ")[1].split(" is kept")[0])
    model = load(tmp_path / "m.synthgen")
    assert model.get_params()["random_state"] == kept
    assert model.n_rows_in_ == 96  # four fifths of 120


@pytest.mark.parametrize(
    "other", [["--checkpoint", "folder"], ["--max-memory", "4GiB"], ["--engine", "torchrun"]]
)
def test_restarts_alone(synthgen, data, tmp_path, other):
    done = synthgen("fit", data, "-o", tmp_path / "m.synthgen", *TINY, "--restarts", "2", *other)
    assert done.code == 2
    assert "--restarts" in done.err
    assert done.err.count("\n") == 1


def test_quiet_says_nothing(synthgen, data, tmp_path):
    done = synthgen("fit", data, "-o", tmp_path / "m.synthgen", "-q", *TINY)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_seed_repeats_the_model(synthgen, data, tmp_path):
    for name in ("a", "b"):
        assert synthgen("fit", data, "-o", tmp_path / name, *TINY).code == 0
    samples = [load(tmp_path / name).sample(20, random_state=0) for name in ("a", "b")]
    pd.testing.assert_frame_equal(*samples)


def test_options_reach_the_model(synthgen, data, tmp_path, recorded):
    options = [
        "--seed",
        "5",
        "--max-steps",
        "7",
        "--max-time",
        "8.5",
        "--batch-size",
        "16",
        "--device",
        "cpu",
    ]
    done = synthgen(
        "fit", data, "-o", tmp_path / "m", *options, "--conditional-on", "sex", "--conditional-on", "site"
    )
    assert done.code == 0
    wanted = {"random_state": 5, "max_steps": 7, "max_time": 8.5, "batch_size": 16, "device": "cpu"}
    assert {k: recorded[k] for k in wanted} == wanted
    assert recorded["conditional_on"] == ["sex", "site"]


@pytest.mark.parametrize(("flags", "verbose"), [([], 1), (["-q"], 0), (["-v"], 2)])
def test_verbosity_reaches_the_model(synthgen, data, tmp_path, recorded, flags, verbose):
    assert synthgen("fit", data, "-o", tmp_path / "m", *flags).code == 0
    assert recorded["verbose"] == verbose


def test_options_win_over_set_and_set_over_the_file(synthgen, data, tmp_path, recorded):
    config = tmp_path / "c.toml"
    config.write_text(
        '[fit]\nmax_steps = 1\npac = 1\nloss = "hinge"\nmax_time = "none"\nhidden_dims = [8, 8]\n'
    )
    more = ["--set", "pac=2", "--set", "max_steps=2", "--max-steps", "3"]
    assert synthgen("fit", data, "-o", tmp_path / "m", "--config", config, *more).code == 0
    wanted = {"max_steps": 3, "pac": 2, "loss": "hinge", "max_time": None, "hidden_dims": [8, 8]}
    assert {k: recorded[k] for k in wanted} == wanted


def test_values_of_set():
    found = from_settings(
        ["a=1", "b=1.5", "c=x", "d=[1, 2]", "e=true", "f=None", "g='1'", "h=x=y", "i=", "j=1\nk=2"]
    )
    assert found == {
        "a": 1, "b": 1.5, "c": "x", "d": [1, 2], "e": True, "f": None, "g": "1", "h": "x=y", "i": "", "j": "1\nk=2",
    }  # fmt: skip
    with pytest.raises(ParameterError, match=r"--set must be name=value\. Got 'a'"):
        from_settings(["a"])


@pytest.mark.parametrize(
    ("name", "value"), [("n_critic", 0), ("loss", "best"), ("hidden_dims", [0]), ("max_time", -1)]
)
def test_a_bad_value_gives_the_message_of_python(synthgen, data, tmp_path, names_in, name, value):
    with pytest.raises(ParameterError) as caught:
        SynthGAN(**{name: value}).fit(pd.read_parquet(data))
    for option in (["--set", f"{name}={value}"], ["--config", tmp_path / "c.toml"]):
        (tmp_path / "c.toml").write_text(f"[fit]\n{name} = {json.dumps(value)}\n")
        assert synthgen("fit", data, "-o", tmp_path / "m", *option).error == str(caught.value)
    assert names_in(tmp_path) == ["c.toml", "data.parquet"]


def test_a_wrong_name_is_answered_with_the_nearest(synthgen, data, tmp_path):
    message = "SynthGAN has no parameter 'ncritic'. Did you mean 'n_critic'? It has "
    assert synthgen("fit", data, "-o", tmp_path / "m", "--set", "ncritic=2").error.startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[train]\n", "c.toml: has 'train'; everything must stand under [fit]."),
        ("max_steps = 1\n", "c.toml: has 'max_steps'; everything must stand under [fit]."),
        ("fit = 3\n", "c.toml: 'fit' must be a table, [fit]."),
        ("[fit\n", "c.toml: is not TOML: "),
        (None, "c.toml: cannot be read: No such file or directory."),
    ],
)
def test_bad_config_files(synthgen, data, tmp_path, text, message):
    if text is not None:
        (tmp_path / "c.toml").write_text(text)
    found = synthgen("fit", data, "-o", tmp_path / "m", "--config", tmp_path / "c.toml").error
    assert found.removeprefix(f"{tmp_path}/").startswith(message)


@pytest.fixture
def untrained(monkeypatch):
    """Training is a failure of the test: the error must come before it."""

    def fit(self, table):
        pytest.fail("trained before the output was checked")

    monkeypatch.setattr(SynthGAN, "fit", fit)
    monkeypatch.setattr(SynthGAN, "interrupted_", False)


def test_an_existing_model_is_kept_without_force(synthgen, data, tmp_path, untrained):
    (tmp_path / "m").write_text("precious")
    message = f"{tmp_path}/m: exists already; give --force (or overwrite=True) to replace it."
    assert synthgen("fit", data, "-o", tmp_path / "m").error == message
    assert (tmp_path / "m").read_text() == "precious"


def test_force_replaces(synthgen, data, tmp_path):
    (tmp_path / "m").write_text("old")
    assert synthgen("fit", data, "-o", tmp_path / "m", "--force", *TINY).code == 0
    assert load(tmp_path / "m").n_rows_in_ == 120


@pytest.mark.parametrize(("output", "message"), [("no/m", "the folder"), (".", "is a folder")])
def test_outputs_are_checked_first(synthgen, data, tmp_path, untrained, output, message):
    assert message in synthgen("fit", data, "-o", tmp_path / output).error


def test_no_permission_to_write(synthgen, data, tmp_path, untrained, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "no permission to write in the folder" in synthgen("fit", data, "-o", tmp_path / "m").error


def test_errors_of_the_table_name_the_file(synthgen, tmp_path):
    table = pd.DataFrame({"x": [1.0, float("inf"), 2.0, 3.0, 4.0], "y": list("abcab")})
    write_table(table, tmp_path / "d.parquet")
    message = f"{tmp_path}/d.parquet: Column 'x' holds infinities"
    assert synthgen("fit", tmp_path / "d.parquet", "-o", tmp_path / "m").error.startswith(message)
    write_table(table.head(2)[["y"]], tmp_path / "d.csv")
    message = f"{tmp_path}/d.csv: The table has 2 rows"
    assert synthgen("fit", tmp_path / "d.csv", "-o", tmp_path / "m").error.startswith(message)


def test_a_schema_from_inspect_can_be_edited_and_passed_back(synthgen, data, tmp_path):
    schema = json.loads(synthgen("inspect", data, "--json").out)
    (column,) = (c for c in schema["columns"] if c["name"] == "age")
    assert column["kind"] == "integer"
    column["kind"] = "continuous"
    (tmp_path / "s.json").write_text(json.dumps(schema))
    assert synthgen("fit", data, "-o", tmp_path / "m", "--schema", tmp_path / "s.json", *TINY).code == 0
    assert load(tmp_path / "m").schema_["age"].kind == "continuous"


def test_a_schema_that_names_an_unknown_column(synthgen, data, tmp_path):
    (tmp_path / "s.json").write_text('{"columns": [{"name": "agee", "kind": "integer"}]}')
    done = synthgen("fit", data, "-o", tmp_path / "m", "--schema", tmp_path / "s.json")
    assert done.error.startswith(f"{data}: The schema names column 'agee', which the table lacks.")


def test_a_full_disk_leaves_nothing(process, data, tmp_path, names_in):
    """The process may not write more than 20,000 bytes to a file, and the model is larger."""
    script = """
import resource, signal, sys
from synthgen.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
main()
"""
    done = process("fit", data, "-o", tmp_path / "m", "--max-steps", "2", code=script)
    assert done.error.startswith(f"{tmp_path}/m: could not be written: ")
    assert names_in(tmp_path) == ["data.parquet"]


@pytest.mark.parametrize("n_covariates", [2, 11])
def test_of_a_wide_table_it_is_said_what_is_learnt_together(synthgen, tmp_path, n_covariates):
    table = expression(40, 210)
    for i in range(n_covariates - 2):
        table.insert(0, f"group{i}", np.resize(["a", "b"], 40))
    write_table(table, tmp_path / "wide.parquet")
    options = ["--seed", "1", "--max-steps", "3"]
    done = synthgen("fit", tmp_path / "wide.parquet", "-o", tmp_path / "m", *options)
    assert done.code == 0
    model = load(tmp_path / "m")
    lines = [line for line in done.err.splitlines() if line.startswith("synthgen: ")]
    named = [e.column.name for e in model.encoder_.encoders_]
    assert f"{len(model.encoder_.block_.names)} columns are learnt together" in lines[0]
    assert f"beside them as covariates: {', '.join(named[:8])}" in lines[0]
    assert ("and 3 more" in lines[0]) == (n_covariates == 11)
    assert """--set 'covariates=["age"]'""" in lines[0]
    assert lines[1].endswith(f": {model.winner_}")
    assert len(lines) == 3
