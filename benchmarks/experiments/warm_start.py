"""Start the generator at the real margins."""

import torch
from experiment import Experiment, Variant, main

from synthgen import SynthGAN


def started(spread: float) -> type[SynthGAN]:
    """SynthGAN whose generator starts with the log shares of levels as biases, and its last weights times `spread`."""

    class Started(SynthGAN):
        def _fit_matrix(self, matrix, encoder, seed):
            self._shares = matrix.mean(axis=0)
            return super()._fit_matrix(matrix, encoder, seed)

        def _networks(self, layout, cond_dim, seed, device):
            networks = super()._networks(layout, cond_dim, seed, device)
            last = networks[0].body[-1]
            with torch.no_grad():
                last.weight.mul_(spread)
                for block in layout.one_hot:
                    shares = torch.from_numpy(self._shares[block.start : block.stop])
                    last.bias[block.start : block.stop] = shares.clamp_min(1e-5).log()
            return networks

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
