"""The baseline alone: how much do seeds differ?"""

from experiment import Experiment, main

EXPERIMENT = Experiment(
    "baseline", "How far do fits of the baseline lie apart that differ in the seed only?", {}
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
