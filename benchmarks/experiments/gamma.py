"""How heavy should the gradient penalties be?"""

from experiment import Experiment, Variant, main

VALUES = (0.03, 0.1, 1.0, 3.0)
EXPERIMENT = Experiment(
    "gamma",
    "Weight gamma of R1 and R2 (baseline .3): which leaves the least for trees to see?",
    {f"gamma {g:g}": Variant({"r1_weight": g, "r2_weight": g}) for g in VALUES},
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
