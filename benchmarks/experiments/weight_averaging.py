"""Plain means of late weights instead of the exponential average."""

from averages import with_averages
from experiment import Experiment, Variant, main

SHARES = (0.1, 0.2, 0.4)
SPANS = (0.05, 0.1, 0.2, 0.3)
AVERAGES = with_averages({}, {f"last {s:.0%}": s for s in SHARES}, {f"span {s:.0%}": s for s in SPANS})
EXPERIMENT = Experiment(
    "weight_averaging",
    "Plain means of the generator's weights over the last steps, from the same training run: better than its exponential one?",
    {"averages": Variant({}, AVERAGES)},
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
