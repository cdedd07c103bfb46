"""The matrix half of SynthGAN: a trained generator that makes matrix rows, block by block."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from synthgen.layout import MatrixLayout
from synthgen.models.condition_rows import ConditionTable
from synthgen.models.latent_model import AbstractLatentModel, hashed_gumbel, to_device
from synthgen.networks.build import generator_from_state, generator_to_state
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.calibration import Calibration, apply_calibration, identity


class GanModel(AbstractLatentModel):
    """A trained generator with its calibration.

    Parameters
    ----------
    generator : AbstractGenerator
        Averaged weights.
    layout : MatrixLayout
        What the F columns are.
    cond_columns : list of int
        Matrix columns that are given to the generator.
    conditions : ConditionTable
        What may be given.
    device : str
        Where the network runs.
    noise_prior : {"normal", "uniform"}
        Of the latent vectors.
    """

    def __init__(
        self,
        generator: AbstractGenerator,
        layout: MatrixLayout,
        cond_columns: list[int],
        conditions: ConditionTable,
        device: str,
        noise_prior: str = "normal",
    ) -> None:
        self.generator = generator.to(device).eval()
        self.layout = layout
        self.cond_columns = cond_columns
        self.conditions = conditions
        self.device = device
        self.noise_prior = noise_prior
        self.latent_dim = generator.latent_dim
        self.heads = OutputHeads(layout).to(device)
        self.set_calibration(identity(layout))

    def set_calibration(self, calibration: Calibration) -> None:
        """Use another calibration from now on."""
        self.calibration = Calibration(**{k: v.to(self.device) for k, v in vars(calibration).items()})

    def raw(self, z: Tensor, cond: Tensor) -> Tensor:
        """Calibrated raw outputs. See the base class."""
        return apply_calibration(self.generator(z, cond), self.calibration, self.heads.numeric)

    @property
    def has_way_back(self) -> bool:
        """Whether an encoder was learnt together with the generator. See the base class."""
        return self.generator.encoder is not None

    def first_guess(self, rows: Tensor) -> Tensor:
        """By that encoder. See the base class."""
        if self.generator.encoder is None:
            raise NotImplementedError("this generator has no encoder")
        guess: Tensor = self.generator.encoder(rows)
        return guess

    @torch.no_grad()
    def uncalibrated_block(self, seed: int, block: int) -> tuple[Tensor, Tensor]:
        """Raw outputs of one block of rows as the generator gives them, and the noise for their choices.

        Parameters
        ----------
        seed, block
            Which rows.

        Returns
        -------
        raw, gumbel : Tensor, shapes (ROWS_PER_BLOCK, F) and (ROWS_PER_BLOCK, n_one_hot)
            On the device.
        """
        z = self.draw_latent(seed, block)
        cond = to_device(self.draw_conditions(z, 0), self.device)
        gumbel = to_device(hashed_gumbel(z, self.heads.n_one_hot, 0), self.device)
        return self.generator(to_device(z, self.device), cond), gumbel

    @torch.no_grad()
    def whole_block(self, z: np.ndarray, cond: np.ndarray, key: int, *, likeliest: bool) -> np.ndarray:
        """Hard rows of one whole block. See the base class."""
        raw = self.raw(to_device(z, self.device), to_device(cond, self.device))
        gumbel = raw.new_zeros(len(raw), self.heads.n_one_hot)
        if not likeliest:
            gumbel = to_device(hashed_gumbel(z, self.heads.n_one_hot, key), self.device)
        rows = self.heads.harden(raw, gumbel).cpu().numpy()
        rows[:, self.cond_columns] = cond
        return rows

    def to_state(self) -> dict[str, Any]:
        """Weights, calibration and conditions. See the base class."""
        return {
            "generator": generator_to_state(self.generator),
            "calibration": {k: v.cpu().numpy() for k, v in vars(self.calibration).items()},
            "conditions": vars(self.conditions),
            "cond_columns": self.cond_columns,
            "noise_prior": self.noise_prior,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], layout: MatrixLayout, device: str) -> Self:
        """From `to_state`'s data."""
        generator = generator_from_state(state["generator"], layout)
        conditions = ConditionTable(**state["conditions"])
        model = cls(generator, layout, state["cond_columns"], conditions, device, state["noise_prior"])
        model.set_calibration(
            Calibration(**{k: torch.from_numpy(v) for k, v in state["calibration"].items()})
        )
        return model
