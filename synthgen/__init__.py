"""Synthetic tabular and genomic data, with a report that tells the truth.

Names are loaded when first used, so that ``synthgen --help`` need not wait for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from synthgen.version import __version__ as __version__

if TYPE_CHECKING:
    from synthgen.constraints.relation import Relation
    from synthgen.constraints.rules import (
        Dependency,
        FixedCombinations,
        Formula,
        Inequality,
        Range,
        Repeats,
        Unique,
    )
    from synthgen.exceptions import SynthgenError
    from synthgen.models.bootstrap import Bootstrap
    from synthgen.models.estimate import Estimate, MemoryWarning
    from synthgen.models.gaussian_copula import GaussianCopula
    from synthgen.models.independent import IndependentMarginals
    from synthgen.models.persistence import load
    from synthgen.models.resuming import FitWarning
    from synthgen.models.synthgan import SynthGAN
    from synthgen.models.vae import SynthVAE
    from synthgen.reports.summary import Report, evaluate
    from synthgen.schema import Column, Schema
    from synthgen.studies.latent_result import LatentStudy
    from synthgen.studies.latent_study import latent_study
    from synthgen.studies.learning_curve import learning_curve
    from synthgen.studies.result import LearningCurve
    from synthgen.table.infer import infer_schema

__all__ = [
    "Bootstrap",
    "Column",
    "Dependency",
    "Estimate",
    "FitWarning",
    "FixedCombinations",
    "Formula",
    "GaussianCopula",
    "IndependentMarginals",
    "Inequality",
    "LatentStudy",
    "LearningCurve",
    "MemoryWarning",
    "Range",
    "Relation",
    "Repeats",
    "Report",
    "Schema",
    "SynthGAN",
    "SynthVAE",
    "SynthgenError",
    "Unique",
    "evaluate",
    "infer_schema",
    "latent_study",
    "learning_curve",
    "load",
]

_HOMES = {
    "Bootstrap": "synthgen.models.bootstrap",
    "Column": "synthgen.schema",
    "Dependency": "synthgen.constraints.rules",
    "Estimate": "synthgen.models.estimate",
    "FitWarning": "synthgen.models.resuming",
    "FixedCombinations": "synthgen.constraints.rules",
    "Formula": "synthgen.constraints.rules",
    "GaussianCopula": "synthgen.models.gaussian_copula",
    "IndependentMarginals": "synthgen.models.independent",
    "Inequality": "synthgen.constraints.rules",
    "LatentStudy": "synthgen.studies.latent_result",
    "LearningCurve": "synthgen.studies.result",
    "MemoryWarning": "synthgen.models.estimate",
    "Range": "synthgen.constraints.rules",
    "Relation": "synthgen.constraints.relation",
    "Repeats": "synthgen.constraints.rules",
    "Report": "synthgen.reports.summary",
    "Schema": "synthgen.schema",
    "SynthGAN": "synthgen.models.synthgan",
    "SynthVAE": "synthgen.models.vae",
    "SynthgenError": "synthgen.exceptions",
    "Unique": "synthgen.constraints.rules",
    "evaluate": "synthgen.reports.summary",
    "infer_schema": "synthgen.table.infer",
    "latent_study": "synthgen.studies.latent_study",
    "learning_curve": "synthgen.studies.learning_curve",
    "load": "synthgen.models.persistence",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'synthgen' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
