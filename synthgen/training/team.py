"""What several processes that train one model together must offer."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from synthgen.networks.discriminator import AbstractDiscriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.checkpoint import Stage
from synthgen.training.config import TrainingConfig
from synthgen.training.elbo import Vae
from synthgen.training.history import History
from synthgen.training.loop import Observers
from synthgen.training.row_shards import RowShards
from synthgen.training.vae import VaeConfig


class Team(Protocol):
    """Processes that train one model together, each on its share of every batch.

    Attributes
    ----------
    n_machines : int
        On which they get their files from this process: more than one need a folder that all of them see.
    """

    n_machines: int

    def train(
        self,
        generator: AbstractGenerator,
        discriminator: AbstractDiscriminator,
        heads: OutputHeads,
        matrix: Tensor | RowShards,
        cond_columns: list[int],
        config: TrainingConfig,
        *,
        seed: int,
        observers: Observers,
        verbose: int,
        checkpoints: Stage | None = None,
    ) -> tuple[AbstractGenerator, History]:
        """As `synthgen.training.loop.train`."""
        ...

    def train_vae(
        self,
        vae: Vae,
        matrix: Tensor | RowShards,
        validation: Tensor,
        config: VaeConfig,
        *,
        seed: int,
        verbose: int,
        checkpoints: Stage | None = None,
    ) -> tuple[Vae, History]:
        """As `synthgen.training.vae.train_vae`."""
        ...

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes files and speaks."""
        ...

    def agreed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The first process's values, JSON-able and by name, where each came with its own."""
        ...
