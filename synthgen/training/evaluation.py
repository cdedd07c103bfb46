"""What a callback is given at every evaluation, and may change."""

from __future__ import annotations

from dataclasses import dataclass, field

from synthgen.networks.generator import AbstractGenerator
from synthgen.training.config import TrainingConfig
from synthgen.training.steps import Players


@dataclass
class Evaluation:
    """The state of training at an evaluation: every `validate_every` steps, and after the last one.

    Parameters
    ----------
    step : int
        Generator updates done.
    seconds : float
        Since training began.
    losses : dict of str to float
        The last step's entries of the history: losses, mean scores, penalties, diagnostics.
    score : float
        On validation rows, lower is better (AUC of trees; 0.5: they cannot tell); NaN without such rows.
    measures : dict of str to float
        What is watched (see `synthgen.training.collapse`); empty where nothing is.
    generator : AbstractGenerator
        Its averaged weights: what a fit would end with, were this the best evaluation.
    players : Players
        Both networks as they are trained, and their optimisers.
    config : TrainingConfig
        The recipe. Assign another, by `dataclasses.replace`, to go on with that.
    """

    step: int
    seconds: float
    losses: dict[str, float]
    score: float
    measures: dict[str, float]
    generator: AbstractGenerator
    players: Players
    config: TrainingConfig
    stop_reason: str = field(default="", init=False)

    def stop(self, reason: str = "a callback asked for it") -> None:
        """End training after this evaluation.

        Parameters
        ----------
        reason : str
            What `SynthGAN.stopped_` will say.
        """
        self.stop_reason = reason
