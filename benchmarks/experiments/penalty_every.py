"""How seldom may the gradient penalties be taken?"""

from experiment import Experiment, Variant, main

EXPERIMENT = Experiment(
    "penalty_every",
    "Penalties every k-th update, k times as heavy (baseline 4), at equal CPU time: which k?",
    {f"every {k}": Variant({"penalty_every": k}, costs_more=True) for k in (1, 2, 8, 16)},
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
