"""Soft or hard choices while training."""

import torch
from experiment import Experiment, Variant, main
from hooks import HookedGAN

from synthgen.networks.output_heads import OutputHeads


class StraightThroughHeads(OutputHeads):
    """Hard rows forward, the soft rows' gradient backward."""

    def forward(self, raw, gumbel, tau):
        soft = super().forward(raw, gumbel, tau)
        with torch.no_grad():
            hard = self.harden(raw, gumbel)
        return hard + (soft - soft.detach())


class StraightThrough(HookedGAN):
    """SynthGAN trained on hard choices."""

    def change_players(self, generator, discriminator, heads, seed):
        return generator, discriminator, StraightThroughHeads(self.layout_)


EXPERIMENT = Experiment(
    "gumbel",
    "Temperature of the relaxed choices (baseline .2), or hard choices with a straight-through gradient: which?",
    {
        "tau .1": Variant({"tau": 0.1}),
        "tau .35": Variant({"tau": 0.35}),
        "tau .5": Variant({"tau": 0.5}),
        "hard, tau .5": Variant({"tau": 0.5}, StraightThrough),
        "hard, tau 1": Variant({"tau": 1.0}, StraightThrough),
    },
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
