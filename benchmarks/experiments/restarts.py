"""Several short fits and the best of them, or one long one."""

from collections.abc import Callable

import pandas as pd
from experiment import Experiment, Variant, main

from synthgen import SynthGAN

New = Callable[..., SynthGAN]


def best_of(n: int) -> Callable[[New, int, pd.DataFrame], SynthGAN]:
    """`n` fits of an n-th of the steps each; the one that validation rows tell from real ones worst."""

    def fit(new: New, steps: int, train: pd.DataFrame) -> SynthGAN:
        seed = new(1).random_state
        fits = [new(steps // n, 1000 * seed + i).fit(train) for i in range(n)]
        return min(fits, key=lambda f: float(f.validation_history_["auc"].iloc[-1]))

    return fit


EXPERIMENT = Experiment(
    "restarts",
    "At equal CPU time: one fit (baseline), or the best on validation rows of two or three shorter ones?",
    {f"best of {n}": Variant({}, fit=best_of(n)) for n in (2, 3)},
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
