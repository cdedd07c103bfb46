"""Constraints: what they admit, and the one message."""

import math

import pytest

from synthgen.exceptions import ParameterError
from synthgen.validation import Choice, Each, Instance, Interval, Nothing, validate_parameters

CONSTRAINTS = [
    Interval("int", 1, math.inf),
    Interval("float", 0, 1, "both"),
    Interval("float", 0, math.inf, "neither"),
    Choice(("auto", "cpu")),
    Instance(dict, "a dict"),
    Each(Interval("int", 1, math.inf), min_length=1),
]


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_declared_bad_values_are_refused(constraint):
    assert constraint.bad_values()
    assert not any(constraint.admits(v) for v in constraint.bad_values())


@pytest.mark.parametrize(
    ("constraint", "good"),
    [
        (CONSTRAINTS[0], [1, 7]),
        (CONSTRAINTS[1], [0, 0.5, 1]),
        (CONSTRAINTS[2], [1e-9, 5]),
        (CONSTRAINTS[3], ["cpu"]),
        (CONSTRAINTS[4], [{}]),
        (CONSTRAINTS[5], [[1], (2, 3)]),
        (Nothing(), [None]),
    ],
)
def test_good_values_are_admitted(constraint, good):
    assert all(constraint.admits(v) for v in good)


def test_the_message_names_parameter_owner_rule_and_value():
    rules = {"n_critic": [Interval("int", 1, math.inf), Nothing()]}
    with pytest.raises(ParameterError) as caught:
        validate_parameters("SynthGAN", rules, {"n_critic": 0})
    assert str(caught.value) == (
        "The `n_critic` parameter of SynthGAN must be an int in [1, inf) or None. Got 0 instead."
    )


def test_nan_is_in_no_interval():
    assert not Interval("float", -math.inf, math.inf).admits(math.nan)
