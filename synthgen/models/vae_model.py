"""The matrix half of SynthVAE: a trained decoder that makes matrix rows, block by block."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor

from synthgen.layout import MatrixLayout
from synthgen.models.condition_rows import ConditionTable
from synthgen.models.latent_model import AbstractLatentModel, hashed_gumbel, to_device
from synthgen.networks.build import (
    encoder_from_state,
    encoder_to_state,
    generator_from_state,
    generator_to_state,
)
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import ROWS_PER_BLOCK, hashed_uniform
from synthgen.training.calibration import Calibration, apply_calibration, identity
from synthgen.training.elbo import RowLikelihood, Vae


class VaeModel(AbstractLatentModel):
    """A trained variational autoencoder with its calibration.

    Parameters
    ----------
    vae : Vae
        Averaged weights.
    layout : MatrixLayout
        What the F columns are.
    cond_columns : list of int
        Matrix columns that are given to the decoder.
    conditions : ConditionTable
        What may be given.
    device : str
        Where the networks run.
    """

    def __init__(
        self, vae: Vae, layout: MatrixLayout, cond_columns: list[int], conditions: ConditionTable, device: str
    ) -> None:
        self.vae = vae.to(device).eval().requires_grad_(False)
        self.encoder = self.vae.encoder
        self.decoder = self.vae.decoder
        self.layout = layout
        self.cond_columns = cond_columns
        self.conditions = conditions
        self.device = device
        self.noise_prior = "normal"
        self.latent_dim = self.decoder.latent_dim
        self.heads = OutputHeads(layout).to(device)
        self.set_calibration(identity(layout))

    def set_calibration(self, calibration: Calibration) -> None:
        """Use another calibration from now on."""
        self.calibration = Calibration(**{k: v.to(self.device) for k, v in vars(calibration).items()})

    def raw(self, z: Tensor, cond: Tensor) -> Tensor:
        """Calibrated raw outputs without the decoder's noise: every number is its median. See the base class."""
        return self._calibrated(self.decoder(z, cond))

    def _calibrated(self, raw: Tensor) -> Tensor:
        return apply_calibration(raw, self.calibration, self.heads.numeric)

    def _with_noise(self, raw: Tensor, z: np.ndarray, key: int) -> Tensor:
        """Raw outputs with the decoder's noise on the numbers: a function of each latent vector."""
        if not len(self.heads.numeric):
            return raw
        noise = to_device(
            ndtri(hashed_uniform(z, len(self.heads.numeric), "decoder noise", key)), self.device
        )
        return raw.index_add(1, self.heads.numeric, noise * self.vae.likelihood.spread())

    @torch.no_grad()
    def uncalibrated_block(self, seed: int, block: int) -> tuple[Tensor, Tensor]:
        """Raw outputs of one block of rows before calibration, and the noise for their choices.

        Parameters
        ----------
        seed, block
            Which rows.

        Returns
        -------
        raw, gumbel : Tensor, shapes (ROWS_PER_BLOCK, F) and (ROWS_PER_BLOCK, n_one_hot)
            On the device; the decoder's noise is on the numbers, as calibration is of what is sampled.
        """
        z = self.draw_latent(seed, block)
        cond = to_device(self.draw_conditions(z, 0), self.device)
        gumbel = to_device(hashed_gumbel(z, self.heads.n_one_hot, 0), self.device)
        return self._with_noise(self.decoder(to_device(z, self.device), cond), z, 0), gumbel

    @torch.no_grad()
    def whole_block(self, z: np.ndarray, cond: np.ndarray, key: int, *, likeliest: bool) -> np.ndarray:
        """Hard rows of one whole block. See the base class."""
        raw = self.decoder(to_device(z, self.device), to_device(cond, self.device))
        gumbel = raw.new_zeros(len(raw), self.heads.n_one_hot)
        if not likeliest:
            raw = self._with_noise(raw, z, key)
            gumbel = to_device(hashed_gumbel(z, self.heads.n_one_hot, key), self.device)
        rows = self.heads.harden(self._calibrated(raw), gumbel).cpu().numpy()
        rows[:, self.cond_columns] = cond
        return rows

    @property
    def has_way_back(self) -> bool:
        """The encoder is learnt with the rest. See the base class."""
        return True

    def first_guess(self, rows: Tensor) -> Tensor:
        """Means of the approximate posterior. See the base class."""
        return self.vae.posterior(rows)[0]

    @torch.no_grad()
    def encode_mean(self, rows: np.ndarray) -> np.ndarray:
        """Means of the approximate posterior q(z | x): the encoder's latent vectors of rows.

        Parameters
        ----------
        rows : ndarray of float32, shape (M, F)
            Matrix rows.

        Returns
        -------
        ndarray of float32, shape (M, Z)
            One for each row.
        """
        parts = [np.zeros((0, self.latent_dim), dtype=np.float32)]
        for first in range(0, len(rows), ROWS_PER_BLOCK):
            part = to_device(rows[first : first + ROWS_PER_BLOCK], self.device)
            parts.append(self.first_guess(part).cpu().numpy())
        return np.concatenate(parts)

    def to_state(self) -> dict[str, Any]:
        """Weights, spreads, calibration and conditions. See the base class."""
        return {
            "encoder": encoder_to_state(self.encoder),
            "decoder": generator_to_state(self.decoder),
            "log_variance": self.vae.likelihood.log_variance.cpu().numpy(),
            "calibration": {k: v.cpu().numpy() for k, v in vars(self.calibration).items()},
            "conditions": vars(self.conditions),
            "cond_columns": self.cond_columns,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], layout: MatrixLayout, device: str) -> Self:
        """From `to_state`'s data."""
        likelihood = RowLikelihood(layout, state["cond_columns"])
        likelihood.load_state_dict({"log_variance": torch.from_numpy(state["log_variance"])})
        decoder = generator_from_state(state["decoder"], layout)
        vae = Vae(encoder_from_state(state["encoder"]), decoder, likelihood, state["cond_columns"])
        model = cls(vae, layout, state["cond_columns"], ConditionTable(**state["conditions"]), device)
        calibration = {k: torch.from_numpy(v) for k, v in state["calibration"].items()}
        model.set_calibration(Calibration(**calibration))
        return model
