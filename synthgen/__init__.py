"""Synthetic tabular and genomic data, with a report that tells the truth.

Names are loaded when first used, so that ``synthgen --help`` need not wait for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from synthgen.version import __version__ as __version__

if TYPE_CHECKING:
    from synthgen.exceptions import SynthgenError
    from synthgen.models.persistence import load
    from synthgen.models.synthgan import SynthGAN
    from synthgen.reports.summary import Report, evaluate
    from synthgen.schema import Column, Schema
    from synthgen.table.infer import infer_schema

__all__ = ["Column", "Report", "Schema", "SynthGAN", "SynthgenError", "evaluate", "infer_schema", "load"]

_HOMES = {
    "Column": "synthgen.schema",
    "Report": "synthgen.reports.summary",
    "Schema": "synthgen.schema",
    "SynthGAN": "synthgen.models.synthgan",
    "SynthgenError": "synthgen.exceptions",
    "evaluate": "synthgen.reports.summary",
    "infer_schema": "synthgen.table.infer",
    "load": "synthgen.models.persistence",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'synthgen' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
