"""What a callback is given at every evaluation, and may change."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from synthgen.exceptions import ParameterError
from synthgen.networks.generator import AbstractGenerator
from synthgen.training.config import TrainingConfig
from synthgen.training.losses import LOSSES
from synthgen.training.steps import Players

CHANGEABLE = (
    "loss",
    "n_critic",
    "learning_rate",
    "discriminator_learning_rate",
    "ema_decay",
    "is_separate",
    "r1_weight",
    "r2_weight",
    "gradient_penalty_weight",
    "penalty_every",
    "tau",
    "validate_every",
    "patience",
    "tolerance",
    "input_noise",
)
"""What a callback may change of the recipe: the rest is built into batches, optimisers and the model."""


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
        On validation rows, lower is better: AUC of trees, 0.5 where they cannot tell; on common factors minus the gain over
        the linear model. NaN without such rows.
    measures : dict of str to float
        What is watched (see `synthgen.training.collapse`); empty where nothing is.
    generator : AbstractGenerator
        Its averaged weights: what a fit would end with, were this the best evaluation.
    players : Players
        Both networks as they are trained, and their optimisers.
    config : TrainingConfig
        The recipe. Assign another, by `dataclasses.replace`, to go on with that; of `CHANGEABLE` fields.
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

    def check_changes(self, before: TrainingConfig) -> None:
        """Refuse changes that would have no effect, or a wrong one.

        Parameters
        ----------
        before : TrainingConfig
            The recipe until now.

        Raises
        ------
        ParameterError
            If a field changed that is not in `CHANGEABLE`, or to what cannot be.
        """
        if not isinstance(self.config, TrainingConfig):
            raise ParameterError(
                f"A callback must leave a TrainingConfig in `config`. Got {type(self.config).__name__}."
            )
        for field_ in fields(TrainingConfig):
            old, new = getattr(before, field_.name), getattr(self.config, field_.name)
            if old != new and field_.name not in CHANGEABLE:
                raise ParameterError(
                    f"A callback may not change `{field_.name}` of the recipe while training, from {old!r} to {new!r}: it may "
                    f"change {', '.join(CHANGEABLE)}. Give it to SynthGAN, or call `stop`."
                )

        if self.config.loss not in LOSSES:
            raise ParameterError(
                f"The `loss` that a callback asks for must be one of {', '.join(LOSSES)}. Got {self.config.loss!r}."
            )
        for name in ("learning_rate", "discriminator_learning_rate", "n_critic", "penalty_every", "tau"):
            if not getattr(self.config, name) > 0:
                raise ParameterError(
                    f"The `{name}` that a callback asks for must be above 0. Got {getattr(self.config, name)!r}."
                )

    def stop(self, reason: str = "a callback asked for it") -> None:
        """End training after this evaluation.

        Parameters
        ----------
        reason : str
            What `SynthGAN.stopped_` will say.
        """
        self.stop_reason = reason
