"""The GPU benchmark where there is no GPU: the same games and steps at small sizes, and nothing claimed."""

import json
import sys
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch):
    """The modules of the benchmark, as its command sees them."""
    monkeypatch.setattr(sys, "path", [str(FOLDER / "gpu"), str(FOLDER), *sys.path])
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    before = set(sys.modules)
    import cells
    import games
    import products
    import run

    yield {"cells": cells, "games": games, "products": products, "run": run}
    for name in set(sys.modules) - before:
        found = getattr(sys.modules[name], "__file__", None)
        if found and Path(found).is_relative_to(FOLDER):
            del sys.modules[name]


@pytest.mark.filterwarnings(
    "ignore:The .grad attribute of a Tensor that is not a leaf"
)  # torch's compiler looks at it
def test_the_command_checks_itself_on_the_cpu(gpu, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gpu["run"].sharing, "together", lambda n, *_: {"fits": n, "steps_per_s": 1.0})
    monkeypatch.setattr(sys, "argv", ["run.py", "--games", "mixed", "-o", str(tmp_path)])
    gpu["run"].main()
    said = capsys.readouterr().out
    assert "No CUDA device here" in said and said.count("not measured here") == 3
    found = json.loads((tmp_path / "gpu-cpu-check.json").read_text())
    steps = [r for r in found["runs"] if r["part"] == "steps"]
    assert [(r["game"], r["mode"]) for r in steps] == [("mixed", "eager"), ("mixed", "compiled")]
    assert all(cell["steps_per_s"] > 0 and cell["tflops"] > 0 for r in steps for cell in r["cells"])


def test_the_verdict_reads_what_a_gpu_measured(gpu):
    def steps(game, mode, batch, rate, tflops):
        cell = {"batch": batch, "steps_per_s": rate, "tflops": tflops}
        return {"device": "cuda", "part": "steps", "game": game, "mode": mode, "cells": [cell]}

    found = [
        {"device": "cuda", "part": "rate", "tflops": 800.0},
        steps("direct", "eager", 64, 300.0, 1.0),
        steps("direct", "graph", 64, 900.0, 2.0),
        steps("direct", "eager", 512, 200.0, 100.0),
        steps("direct", "graph", 512, 400.0, 400.0),
        steps("direct", "graph", 1024, 300.0, 320.0),
        steps("mixed", "graph", 512, 9000.0, 8.0),
        {"device": "cuda", "part": "adult", "error": "no data"},
    ]
    values = [line["found"] for line in gpu["run"].verdict(found).values()]
    assert values == [900.0, 0.4, "not measured here"]


def test_a_game_trains_as_the_package_does(gpu):
    """Each kind of step moves both networks and the average; compiled networks share the weights."""
    layout = gpu["games"].layout_of("n o3 g o2")
    assert [b.gate for b in layout.numeric] == [None, 3]
    rows = gpu["games"].simulate(layout, 100)
    for game in (
        gpu["games"].table_game(layout, rows, "cpu", 8, hidden_dims=(8,), latent_dim=4),
        gpu["games"].score_game(5, 40, "cpu", 8),
    ):
        networks = (game.players.generator, game.players.discriminator, game.average)
        for penalise in (False, True):
            before = [[p.clone() for p in network.parameters()] for network in networks]
            seen = game.step(penalise=penalise)
            assert all(torch.isfinite(value) for value in seen.values()) and ("r1" in seen) == penalise
            for old, network in zip(before, networks, strict=True):
                assert not all(torch.equal(a, b) for a, b in zip(old, network.parameters(), strict=True))
        compiled = game.compile().alike.generator
        assert {id(p) for p in compiled.parameters()} == {id(p) for p in game.players.generator.parameters()}


def test_products_are_counted(gpu):
    a, b = torch.randn(3, 5), torch.randn(5, 7)
    found = gpu["products"].counted(lambda: torch.addmm(torch.zeros(7), a, b) @ torch.randn(7, 2))
    assert gpu["products"].flops(found) == 2 * (3 * 5 * 7 + 3 * 7 * 2)
