"""How long should the average of the generator's weights be?"""

from averages import with_averages
from experiment import Experiment, Variant, main

DECAYS = (0.99, 0.995, 0.998, 0.999, 0.9995)
EXPERIMENT = Experiment(
    "ema",
    "Decay of the average of the generator's weights (baseline .999), all from the same training run: which?",
    {"averages": Variant({}, with_averages({f"decay {d:g}": d for d in DECAYS}, {}))},
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
