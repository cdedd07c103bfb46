"""The builders of datasets/ as modules; benchmarks use it too."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[2] / "datasets"


def builder(name: str) -> ModuleType:
    """datasets/NAME/build.py, imported; the folders are no packages."""
    full = f"datasets_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, FOLDER / name / "build.py")
        sys.modules[full] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
        spec.loader.exec_module(sys.modules[full])
    return sys.modules[full]
