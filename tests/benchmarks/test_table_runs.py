"""What is run again and what is not, and what is kept of a run."""

import argparse
import json
import sys

import pytest

from benchmarks.peers import launch
from benchmarks.peers.limits import Limits
from benchmarks.tables import results, run
from tests.benchmarks.tables import wine_split


def result(model="CTGAN", outcome="scored", **more):
    return {"table": "wine", "model": model, "seed": 0, "outcome": outcome, **more}


def test_what_has_a_result_is_not_run_again(tmp_path):
    assert results.is_wanted(tmp_path, "wine", ["CTGAN"], 0)
    target = results.save(tmp_path, result())
    assert target.name == "wine-ctgan-0.json"
    assert not results.is_wanted(tmp_path, "wine", ["CTGAN"], 0)
    assert not results.is_wanted(tmp_path, "wine", ["CTGAN"], 0, failed=True)
    assert results.is_wanted(tmp_path, "wine", ["CTGAN"], 0, again=True)
    assert results.is_wanted(tmp_path, "wine", ["CTGAN"], 1)


def test_a_failure_is_tried_again_only_when_asked(tmp_path):
    results.save(tmp_path, result(outcome="time-out"))
    assert not results.is_wanted(tmp_path, "wine", ["CTGAN"], 0)
    assert results.is_wanted(tmp_path, "wine", ["CTGAN"], 0, failed=True)


def test_synthgan_is_run_again_while_one_of_its_results_is_missing(tmp_path):
    both = list(results.DRAWS.values())
    results.save(tmp_path, result("SynthGAN, no selection"))
    assert results.is_wanted(tmp_path, "wine", both, 0)
    results.save(tmp_path, result("SynthGAN"))
    assert not results.is_wanted(tmp_path, "wine", both, 0)
    assert {r["model"] for r in results.load(tmp_path)} == set(both)


def test_no_half_written_result_is_left(tmp_path):
    with pytest.raises(TypeError):
        results.save(tmp_path, result(message=object()))
    assert results.load(tmp_path) == []


@pytest.fixture
def setup(tmp_path):
    return run.Setup(5, "wall", 8, 1, None, 300, {}, tmp_path, tmp_path / "kept")


@pytest.fixture
def adapter(tmp_path, monkeypatch):
    """A peer that lives in a folder of its own, beside copies of what runs it."""

    def make(body):
        (tmp_path / "adapt_fake.py").write_text(body)
        (tmp_path / "one.py").write_text(source)
        monkeypatch.setattr(launch, "HERE", tmp_path)
        monkeypatch.setitem(launch.PEERS, "Fake", launch.Peer("adapt_fake", None, ("numpy",)))

    source = (launch.HERE / "one.py").read_text()
    split = wine_split()
    monkeypatch.setattr(run.splits, "load", lambda *_: split)
    monkeypatch.setattr(run, "scored", lambda *_: {"outcome": "scored", "scores": {"shape_error": 1.0}})
    return make


COPY = """
def fit(frame, categorical, seed):
    return frame
def sample(model, n_rows):
    return model.sample(n_rows, replace=True, random_state=0)
"""


def test_a_run_keeps_seconds_memory_versions_and_the_table(adapter, setup, tmp_path):
    adapter(COPY)
    (found,) = run.run_one("Fake", "wine", 3, setup)
    assert found["outcome"] == "scored"
    assert found["versions"].keys() == {"numpy"}
    assert {
        "fit_seconds",
        "fit_cpu_seconds",
        "fit_peak_gib",
        "sample_seconds",
        "many_seconds",
    } <= found.keys()
    assert (tmp_path / "kept" / "wine-fake-3.parquet").exists()
    assert results.save(tmp_path / "out", found).name == "wine-fake-3.json"


def test_a_peer_that_breaks_is_recorded_with_its_message(adapter, setup):
    adapter(COPY.replace("return frame", "raise ValueError('no such column')"))
    (found,) = run.run_one("Fake", "wine", 0, setup)
    assert (found["outcome"], found["stage"]) == ("error", "fit")
    assert found["message"] == "ValueError: no such column"


def test_a_fit_that_takes_too_long_is_stopped_and_a_peer_may_draw_from_what_it_has(adapter, setup):
    slow = "__import__('time').sleep(60); return frame"
    short = run.Setup(**{**setup.__dict__, "budget": 0.5})
    adapter(COPY.replace("return frame", slow))
    (found,) = run.run_one("Fake", "wine", 0, short)
    assert (found["outcome"], found["stage"]) == ("time-out", "fit")
    assert "0 s (wall clock)" in found["message"]
    patient = """
    frame = frame.copy()
    try:
        __import__('time').sleep(60)
    except TimeoutError:
        object.__setattr__(frame, "was_stopped", True)
    return frame
"""
    adapter(COPY.replace("\n    return frame\n", patient))
    (found,) = run.run_one("Fake", "wine", 0, short)
    assert found["outcome"] == "scored"
    assert "drawn from as it was" in found["stopped"]


def test_a_peer_without_environment_is_recorded(setup, adapter):
    adapter(COPY)
    (found,) = run.run_one("CTGAN", "wine", 0, setup)
    assert found["outcome"] == "error"
    assert "venvs.py sdv" in found["message"]


def test_two_ways_to_draw_give_two_results(tmp_path, setup, monkeypatch):
    monkeypatch.setattr(run, "scored", lambda *_: {"outcome": "scored", "scores": {}})
    for suffix in results.DRAWS:
        (tmp_path / f"synthetic{suffix}.parquet").write_bytes(b"x")
    facts = {
        "outcome": "done",
        "fit_seconds": 9.0,
        "sample_seconds": 2.0,
        "sample-no-selection_seconds": 1.0,
        "many_cpu_seconds": 20.0,
        "many-no-selection_cpu_seconds": 0.5,
    }
    drawn = {m: run.drawn(facts, m, True, tmp_path, "wine", 0, setup) for m in results.DRAWS.values()}
    assert drawn["SynthGAN"]["many_cpu_seconds"] == 20.0
    assert drawn["SynthGAN, no selection"]["many_cpu_seconds"] == 0.5
    assert drawn["SynthGAN, no selection"]["sample_seconds"] == 1.0
    assert not any("no-selection" in key for found in drawn.values() for key in found)


def test_settings_need_a_place_of_their_own(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["run.py", "--set", "max_steps=3"])
    with pytest.raises(SystemExit):
        run.parsed()
    assert "--label" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["run.py", "--set", "max_steps=3", "--label", "short"])
    assert isinstance(run.parsed(), argparse.Namespace)


def test_an_outcome_says_where_it_ended():
    from benchmarks.peers.limits import Ending

    lines = json.dumps({"begun": "fit"}) + "\n" + json.dumps({"error": "MemoryError: x"})
    ended = Ending("exit", 1, 3.0, 2.0, 1.5, lines, "")
    found = launch.outcome(ended, Limits(10))
    assert (found["outcome"], found["stage"], found["message"]) == ("memory", "fit", "MemoryError: x")
