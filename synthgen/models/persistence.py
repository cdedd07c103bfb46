"""Models from files."""

from __future__ import annotations

import os

from synthgen.exceptions import ModelFileError
from synthgen.models.base import AbstractSynthesizer
from synthgen.models.bootstrap import Bootstrap
from synthgen.models.content import check_dtypes, check_missing, check_schema, check_state, loading
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.independent import IndependentMarginals
from synthgen.models.model_file import read_model_file
from synthgen.models.synthgan import SynthGAN
from synthgen.models.vae import SynthVAE
from synthgen.version import __version__

_CLASSES: dict[str, type[AbstractSynthesizer]] = {
    c.__name__: c for c in (Bootstrap, GaussianCopula, IndependentMarginals, SynthGAN, SynthVAE)
}


def load(path: str | os.PathLike[str]) -> AbstractSynthesizer:
    """Read a fitted model.

    Parameters
    ----------
    path : path-like
        As `save` wrote it.

    Returns
    -------
    AbstractSynthesizer
        The model, of the class that was saved, ready to sample.

    Raises
    ------
    ModelFileError
        If the file is missing, no model file, cut short, altered, of a newer format, or if its content is not that
        of a model. Faults of the content that only drawing rows can meet are raised by `sample`.
    """
    name, state, versions = read_model_file(path)
    if name not in _CLASSES:
        raise ModelFileError(
            f"{path}: holds a model of the unknown class {name!r}, written by synthgen {versions.get('synthgen')}; "
            f"update synthgen (this is {__version__})."
        )
    with loading(str(path)):
        check_state(state)
        model = _CLASSES[name].from_state(state)
        check_schema(model.schema_)
        if isinstance(model, Bootstrap):
            check_dtypes(model.encoder_.rows_, model.schema_)
            check_missing(model.encoder_.rows_, model.schema_)
            if state["model"]["n_rows"] != len(model.encoder_.rows_):
                raise ValueError(
                    f"{state['model']['n_rows']} rows where it keeps {len(model.encoder_.rows_)}"
                )
    model.file_ = str(path)
    return model
