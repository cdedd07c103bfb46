"""What several processes that train one model together must offer."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from synthgen.networks.discriminator import AbstractDiscriminator
from synthgen.networks.generator import AbstractGenerator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.checkpoint import Stage
from synthgen.training.config import TrainingConfig
from synthgen.training.history import History
from synthgen.training.loop import Observers


class Team(Protocol):
    """Processes that train one GAN together, each on its share of every batch."""

    def train(
        self,
        generator: AbstractGenerator,
        discriminator: AbstractDiscriminator,
        heads: OutputHeads,
        matrix: Tensor,
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
