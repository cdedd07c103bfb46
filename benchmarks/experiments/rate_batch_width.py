"""Learning rate, batch, width and depth at equal CPU time."""

from discriminators import with_discriminator
from experiment import Experiment, Variant, main

from synthgen.networks.discriminator import Discriminator


def wider(width: int):
    """The discriminator of another width than the generator's."""
    return with_discriminator(
        lambda gan, layout, rows: Discriminator(layout, [width] * 3, 1, gan.frequencies)
    )


def _dear(**parameters: object) -> Variant:
    return Variant(parameters, costs_more=True)


EXPERIMENT = Experiment(
    "rate_batch_width",
    "Learning rate (baseline 1e-3), batch (256), widths (256, 256, 256) at equal CPU time: what is best?",
    {
        "rate 5e-4": Variant({"learning_rate": 5e-4}),
        "rate 2e-3": Variant({"learning_rate": 2e-3}),
        "rate 3e-3": Variant({"learning_rate": 3e-3}),
        "batch 128": _dear(batch_size=128),
        "batch 512": _dear(batch_size=512),
        "width 128": _dear(hidden_dims=(128, 128, 128)),
        "width 128, batch 512": _dear(hidden_dims=(128, 128, 128), batch_size=512),
        "width 128, rate 2e-3": _dear(hidden_dims=(128, 128, 128), learning_rate=2e-3),
        "width 128, rate 4e-3": _dear(hidden_dims=(128, 128, 128), learning_rate=4e-3),
        "width 64, rate 4e-3": _dear(hidden_dims=(64, 64, 64), learning_rate=4e-3),
        "width 192": _dear(hidden_dims=(192, 192, 192)),
        "width 384": _dear(hidden_dims=(384, 384, 384)),
        "depth 2": _dear(hidden_dims=(256, 256)),
        "depth 4": _dear(hidden_dims=(256,) * 4),
        "width 128, discriminator 256": Variant({"hidden_dims": (128,) * 3}, wider(256), costs_more=True),
        "width 256, discriminator 384": Variant({}, wider(384), costs_more=True),
        "rate 2e-3, batch 128": _dear(learning_rate=2e-3, batch_size=128),
        "rate 2e-3, batch 512": _dear(learning_rate=2e-3, batch_size=512),
    },
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
