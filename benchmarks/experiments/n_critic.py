"""More updates of the discriminator, and Adam's betas."""

from experiment import Experiment, Variant, main

EXPERIMENT = Experiment(
    "n_critic",
    "Two discriminator updates for each of the generator's (baseline 1)? Other betas than (0, .99)?",
    {
        "n_critic 2": Variant({"n_critic": 2}, costs_more=True),
        "betas (0, .9)": Variant({"betas": (0.0, 0.9)}),
        "betas (.5, .9)": Variant({"betas": (0.5, 0.9)}),
        "betas (.5, .99)": Variant({"betas": (0.5, 0.99)}),
        "betas (0, .999)": Variant({"betas": (0.0, 0.999)}),
    },
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
