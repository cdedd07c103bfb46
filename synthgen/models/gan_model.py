"""The matrix half of SynthGAN: a trained generator that makes matrix rows, block by block."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch

from synthgen.layout import MatrixLayout
from synthgen.models.condition_table import ConditionTable
from synthgen.models.matrix_model import AbstractMatrixModel
from synthgen.networks.generator import AbstractGenerator, Generator
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import ROWS_PER_BLOCK, stream
from synthgen.training.calibration import Calibration, apply_calibration, identity


class GanModel(AbstractMatrixModel):
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
    """

    def __init__(
        self,
        generator: AbstractGenerator,
        layout: MatrixLayout,
        cond_columns: list[int],
        conditions: ConditionTable,
        device: str,
    ) -> None:
        self.generator = generator.to(device).eval()
        self.layout = layout
        self.cond_columns = cond_columns
        self.conditions = conditions
        self.device = device
        self.heads = OutputHeads(layout).to(device)
        self.set_calibration(identity(layout))

    def set_calibration(self, calibration: Calibration) -> None:
        """Use another calibration from now on."""
        self.calibration = Calibration(**{k: v.to(self.device) for k, v in vars(calibration).items()})

    @torch.no_grad()
    def raw_block(self, seed: int, block: int, allowed: np.ndarray | None) -> tuple[torch.Tensor, np.ndarray]:
        """Raw outputs of one block of rows, and the conditions they were given.

        Always a whole block: the bits of a row must not depend on how many rows are wanted.

        Parameters
        ----------
        seed, block
            Which rows.
        allowed : ndarray of int, shape (A,), or None
            Which conditions may be given; None: any.

        Returns
        -------
        raw : Tensor, shape (ROWS_PER_BLOCK, F)
            On the device.
        cond : ndarray of float32, shape (ROWS_PER_BLOCK, C)
            The conditions.
        """
        rng = stream(seed, "latent", block)
        z = rng.standard_normal((ROWS_PER_BLOCK, self.generator.latent_dim), dtype=np.float32)
        cond = self.conditions.draw(seed, block, allowed)
        raw = self.generator(torch.from_numpy(z).to(self.device), torch.from_numpy(cond).to(self.device))
        return raw, cond

    @torch.no_grad()
    def generate_block(self, seed: int, block: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """One block of rows. See the base class."""
        raw, cond = self.raw_block(seed, block, allowed)
        calibrated = apply_calibration(raw, self.calibration, self.heads.numeric)
        rows = self.heads.harden(calibrated, self.gumbel_block(seed, block)).cpu().numpy()
        rows[:, self.cond_columns] = cond
        return rows

    def gumbel_block(self, seed: int, block: int) -> torch.Tensor:
        """Gumbel noise of one block, shape (ROWS_PER_BLOCK, n_one_hot), on the device."""
        rng = stream(seed, "choice", block)
        exponential = rng.standard_exponential((ROWS_PER_BLOCK, self.heads.n_one_hot), dtype=np.float32)
        return torch.from_numpy(-np.log(np.maximum(exponential, np.float32(1e-20)))).to(self.device)

    def condition_rows(self) -> np.ndarray:
        """The conditions that occurred in the training rows. See the base class."""
        return self.conditions.rows

    def to_state(self) -> dict[str, Any]:
        """Weights, calibration and conditions. See the base class."""
        return {
            "generator": {k: v.cpu().numpy() for k, v in self.generator.state_dict().items()},
            "calibration": {k: v.cpu().numpy() for k, v in vars(self.calibration).items()},
            "conditions": vars(self.conditions),
            "cond_columns": self.cond_columns,
            "latent_dim": self.generator.latent_dim,
            "hidden_dims": self.generator.hidden_dims,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], layout: MatrixLayout, device: str) -> Self:
        """From `to_state`'s data."""
        cond_dim = len(state["cond_columns"])
        generator = Generator(state["latent_dim"], cond_dim, state["hidden_dims"], layout.width)
        generator.load_state_dict({k: torch.from_numpy(v) for k, v in state["generator"].items()})
        conditions = ConditionTable(**state["conditions"])
        model = cls(generator, layout, state["cond_columns"], conditions, device)
        model.set_calibration(
            Calibration(**{k: torch.from_numpy(v) for k, v in state["calibration"].items()})
        )
        return model
