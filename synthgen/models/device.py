"""Where networks run."""

from __future__ import annotations

import torch

from synthgen.exceptions import ParameterError

DEVICES = ("auto", "cpu", "cuda", "mps")
"""What the `device` parameter may be."""


def training_device(asked: str, owner: str) -> str:
    """The device that a parameter means.

    Parameters
    ----------
    asked : str
        One of `DEVICES`; "auto" is CUDA if there is one, else the CPU.
    owner : str
        The class whose parameter it is, for the message.

    Returns
    -------
    str
        Of torch.

    Raises
    ------
    ParameterError
        If this machine has none such.
    """
    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not is_present(asked):
        raise ParameterError(
            f"The `device` parameter of {owner} is {asked!r}, but this machine has none; use 'auto'."
        )
    return asked


def loading_device(asked: str) -> str:
    """The device for a model from a file: as it was asked for where there is one, else the CPU."""
    return training_device(asked, "") if asked == "auto" or is_present(asked) else "cpu"


def is_present(device: str) -> bool:
    """Whether this machine has a device."""
    return {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[device]
