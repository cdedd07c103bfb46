"""Results of the tables' benchmark: one JSON file a run, and which of them are there."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "results" / "tables"
DRAWS = {"": "SynthGAN", "-no-selection": "SynthGAN, no selection"}
"""The models that one fit of SynthGAN gives, by how its adapter calls them."""
CEILING = "ceiling"

Result = dict[str, object]


def slug(model: str) -> str:
    """A model's name in file names."""
    return re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")


def path(folder: Path, table: str, model: str, seed: int) -> Path:
    """Where a run's result is."""
    return folder / f"{table}-{slug(model)}-{seed}.json"


def save(folder: Path, result: Result) -> Path:
    """Write a result whole or not at all."""
    target = path(folder, result["table"], result["model"], result["seed"])
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text(json.dumps(result, indent=1) + "\n")
    part.replace(target)
    return target


def load(folder: Path) -> list[Result]:
    """All results of a folder, by file name."""
    return [json.loads(p.read_text()) for p in sorted(folder.glob("*.json"))]


def is_wanted(
    folder: Path, table: str, models: Sequence[str], seed: int, *, again: bool = False, failed: bool = False
) -> bool:
    """Whether a run is still to be done: it has no result, or only a failed one and those are asked for."""
    if again:
        return True
    for model in models:
        target = path(folder, table, model, seed)
        if not target.exists():
            return True
        if failed and json.loads(target.read_text())["outcome"] != "scored":
            return True
    return False
