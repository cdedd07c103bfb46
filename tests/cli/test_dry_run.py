"""`synthgen fit --dry-run`: what a fit will take, and nothing written."""

from synthgen.models.synthgan import SynthGAN

TINY = ["--max-steps", "3", "--set", "hidden_dims=[16]", "--set", "latent_dim=8", "--seed", "1"]


def test_it_says_memory_and_time_and_writes_nothing(synthgen, data, names_in, monkeypatch):
    monkeypatch.setattr(SynthGAN, "_fit_matrix", None)
    folder = data.parent
    before = names_in(folder)
    done = synthgen("fit", data, "--dry-run", *TINY)
    assert (done.code, done.err) == (0, "")
    memory, time, matrix, *_ = done.out.splitlines()
    assert memory.startswith("memory: ")
    assert memory.endswith(" are free")
    assert time.startswith("time: ")
    assert matrix.startswith("matrix: 120 rows of ")
    assert matrix.endswith("3 steps of training at most")
    assert names_in(folder) == before


def test_an_output_that_is_named_is_not_written(synthgen, data, tmp_path):
    assert synthgen("fit", data, "--dry-run", "-o", tmp_path / "m.synthgen", *TINY).code == 0
    assert not (tmp_path / "m.synthgen").exists()


def test_every_model_has_one(synthgen, data):
    for name in ("synthvae", "gaussian-copula", "independent-marginals", "bootstrap"):
        done = synthgen("fit", data, "--dry-run", "--model", name)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("memory: ")


def test_without_it_an_output_is_needed(synthgen, data):
    assert (
        synthgen("fit", data, *TINY).error == "Missing option '-o' / '--output'. See `synthgen fit --help`."
    )
