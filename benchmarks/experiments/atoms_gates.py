"""When does a number's value stand on its own, behind a gate?"""

import contextlib
from unittest import mock

from experiment import Experiment, Variant, main

from synthgen import SynthGAN
from synthgen.encoders import numeric


def atoms(**constants: float) -> type[SynthGAN]:
    """SynthGAN with other constants of `synthgen.encoders.numeric`."""

    class Other(SynthGAN):
        def fit(self, X, y=None):
            with contextlib.ExitStack() as stack:
                for name, value in constants.items():
                    stack.enter_context(mock.patch.object(numeric, name, value))
                return super().fit(X)

    return Other


EXPERIMENT = Experiment(
    "atoms_gates",
    "Atoms: all values of numbers that have at most 20, else values of 2% of the rows that stick out (baseline)?",
    {
        "none of frequent values": Variant({}, atoms(ATOM_SHARE=2.0), costs_more=True),
        "from 0.5% of the rows": Variant({}, atoms(ATOM_SHARE=0.005), costs_more=True),
        "all values up to 100": Variant({}, atoms(MAX_DISCRETE=100), costs_more=True),
        "few values as scores": Variant({}, atoms(MAX_DISCRETE=0), costs_more=True),
    },
)

if __name__ == "__main__":
    main(EXPERIMENT, __file__)
