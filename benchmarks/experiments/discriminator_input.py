"""What the discriminator should see of numeric columns."""

from discriminators import Pairs, PiecewiseLinear, RandomWaves, related_pairs, widths, with_discriminator
from experiment import Experiment, Variant, main


def ple(n_bins: int, frequencies: tuple[float, ...] | None = None) -> type:
    """Piecewise-linear encodings beside the sines, or beside other ones."""
    return with_discriminator(
        lambda gan, layout, rows: PiecewiseLinear(
            layout, widths(gan), gan.frequencies if frequencies is None else frequencies, n_bins
        )
    )


def pairs(kind: str, most: int) -> type:
    """The strongest pairs of numbers as products, or as sums and differences."""
    return with_discriminator(
        lambda gan, layout, rows: Pairs(
            layout, widths(gan), gan.frequencies, related_pairs(layout, rows, most), kind
        )
    )


def waves(n_waves: int, scale: float) -> type:
    """Random projections of the whole row."""
    return with_discriminator(
        lambda gan, layout, rows: RandomWaves(layout, widths(gan), gan.frequencies, n_waves, scale)
    )


def _dear(model: type) -> Variant:
    return Variant({}, model, costs_more=True)


EXPERIMENT = Experiment(
    "discriminator_input",
    "Numbers enter the discriminator as scores, sines and cosines at .25, .5 and 1 (baseline): does more help?",
    {
        "no sines": Variant({"frequencies": ()}, costs_more=True),
        "sines .25 and .5": Variant({"frequencies": (0.25, 0.5)}, costs_more=True),
        "sines .25 to 4": Variant({"frequencies": (0.25, 0.5, 1.0, 2.0, 4.0)}, costs_more=True),
        "sines .125 to 2": Variant({"frequencies": (0.125, 0.25, 0.5, 1.0, 2.0)}, costs_more=True),
        "sines and PLE 16": _dear(ple(16)),
        "sines and PLE 32": _dear(ple(32)),
        "PLE 16 alone": _dear(ple(16, ())),
        "sums and differences of 16 pairs": _dear(pairs("differences", 16)),
        "products of 32 pairs": _dear(pairs("products", 32)),
        "64 random waves": _dear(waves(64, 1.0)),
    },
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
