"""Mixed precision on the CPU."""

from experiment import Experiment, Variant, main

EXPERIMENT = Experiment(
    "precision",
    "bfloat16 where no penalty is taken, on a CPU: is the step cheaper, and does quality hold at equal CPU time?",
    {
        "bfloat16, equal CPU time": Variant({"precision": "bfloat16"}, costs_more=True),
        "bfloat16, equal steps": Variant({"precision": "bfloat16"}),
    },
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
