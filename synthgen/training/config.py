"""How a network is trained: plain, frozen numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that the loop needs to know besides networks and data.

    Parameters
    ----------
    loss : str
        A name in `losses.LOSSES`.
    max_steps : int
        Generator updates at most.
    max_time : float or None
        Seconds at most.
    batch_size : int
        B, a multiple of `pac`.
    n_critic : int
        Discriminator updates for each generator update.
    learning_rate, discriminator_learning_rate : float
        Of the two players, at the start.
    schedule : {"cosine", "steady", "sgd"}
        See `optimisers.rate_factor`: "steady" does not depend on how many steps follow, "sgd" is stochastic gradient
        descent with momentum in place of Adam.
    beta1, beta2 : float
        Adam's.
    noise_prior : {"normal", "uniform"}
        Of the latent vectors.
    is_separate : bool
        Whether the discriminator takes real and fake rows in two passes; the sum of their gradients is the same, but for
        dropout and spectral norm, which change with every pass.
    ema_decay : float
        In [0, 1).
    r1_weight, r2_weight, gradient_penalty_weight : float
        Weights of the penalties; 0 for none.
    penalty_every : int
        Discriminator updates between penalties, each then weighted that many times ("lazy").
    tau : float
        Temperature of the relaxed choices.
    validate_every : int
        Steps between scores on validation rows.
    patience : int or None
        Scores in a row that are worse than the best by more than `tolerance` before training stops.
    tolerance : float
        Scores this close to the best count as equal, and then later weights are preferred.
    input_noise : float
        Spread of the normal noise that is added to the numbers the discriminator sees, real and fake.
    bfloat16 : bool
        Run steps without penalties in mixed precision.
    """

    loss: str
    max_steps: int
    max_time: float | None
    batch_size: int
    n_critic: int
    learning_rate: float
    discriminator_learning_rate: float
    schedule: str
    noise_prior: str
    is_separate: bool
    beta1: float
    beta2: float
    ema_decay: float
    r1_weight: float
    r2_weight: float
    gradient_penalty_weight: float
    penalty_every: int
    tau: float
    validate_every: int
    patience: int | None
    tolerance: float
    input_noise: float
    bfloat16: bool
