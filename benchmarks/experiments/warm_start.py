"""Start the generator at the real margins."""

import torch
from experiment import Experiment, Variant, main
from hooks import HookedGAN

from synthgen import SynthGAN


def started(spread: float) -> type[SynthGAN]:
    """SynthGAN whose generator starts with the log shares of levels as biases, and its last weights times `spread`."""

    class Started(HookedGAN):
        def change_players(self, generator, discriminator, heads, seed):
            last, shares = generator.body[-1], torch.from_numpy(self.rows_.mean(axis=0))
            with torch.no_grad():
                last.weight.mul_(spread)
                for block in self.layout_.one_hot:
                    own = slice(block.start, block.stop)
                    last.bias[own] = shares[own].clamp_min(1e-5).log()
            return generator, discriminator, heads

    return Started


EXPERIMENT = Experiment(
    "warm_start",
    "Log shares of levels as the generator's first biases: does training gain from starting at the margins?",
    {
        "margins": Variant({}, started(1.0)),
        "margins, weights halved": Variant({}, started(0.5)),
    },
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
