"""Identifiers are made anew: same shapes, no repeats, nothing learnt."""

import numpy as np
import pandas as pd
import pytest

from synthgen.encoders.identifier import IdentifierEncoder
from synthgen.plain import Plain
from synthgen.schema import Column

STRINGS = Column("id", "identifier", "str")


def made(encoder, n, first_row=0, seed=0):
    return encoder.inverse_transform(np.zeros((n, 0), dtype=np.float32), first_row, seed)


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ([f"PT-{i:05d}" for i in range(0, 90_000, 123)], r"PT-\d{5}"),
        (["7590-VHVEG", "5575-GNVDE", "3668-QPYBK", "7795-CFOCW", "9237-HQITU"], r"\d{4}-[A-Z]{5}"),
        (
            ["3f2b1c9e-0d4a", "03ab99fe-ffff", "ab03459c-1234", "0a1b2c3d-4e5f", "99887766-55aa"],
            r"[0-9a-f]{8}-[0-9a-f]{4}",
        ),
        ([f"user{i}@mail.com" for i in range(1000, 4000, 7)], r"user\d{4}@mail\.com"),
        ([f"A{i:04d}" for i in range(0, 9999, 31)], r"A\d{4}"),
        ([f"0x{i:04d}" for i in range(0, 9999, 31)], r"0x\d{4}"),
    ],
)
def test_words_keep_the_shape_and_do_not_repeat(values, pattern):
    words = made(IdentifierEncoder.fit_strings(values, 0.0, STRINGS), 2000)
    assert pd.Series(words).str.fullmatch(pattern).all()
    assert len(set(words)) == len(words)


def test_shapes_keep_their_shares():
    words = made(
        IdentifierEncoder.fit_strings(
            ["q12345", "r54321", "s99999"] * 25
            + ["zz-123456", "xy-654321", "ww-999999", "vv-000000", "uu-111111"] * 5,
            0.0,
            STRINGS,
        ),
        1000,
    )
    assert abs(np.mean([len(w) == 6 for w in words]) - 0.75) < 0.01


def test_a_short_shape_gets_a_suffix_when_its_words_are_used_up():
    words = made(IdentifierEncoder.fit_strings(["5", "6"] * 5, 0.0, STRINGS), 35)
    assert sorted(words[:10]) == list("0123456789")
    assert len(set(words)) == 35


def test_shapes_of_several_lengths_share_no_word():
    words = made(IdentifierEncoder.fit_strings([str(i) for i in range(1, 401)], 0.0, STRINGS), 5000)
    assert len(set(words)) == 5000


def test_any_slice_can_be_drawn_alone():
    encoder = IdentifierEncoder.fit_strings(["AB-1", "c22", "XY-9", "d11"], 0.2, STRINGS)
    assert made(encoder, 3000, seed=4)[1500:1600] == made(encoder, 100, first_row=1500, seed=4)


def test_seeds_differ():
    encoder = IdentifierEncoder.fit_strings(["AB-1234", "XY-4321"], 0.0, STRINGS)
    assert made(encoder, 20, seed=1) != made(encoder, 20, seed=2)


def test_missing_values_keep_their_share():
    encoder = IdentifierEncoder.fit_strings(["AB-1234", "XY-4321"], 0.3, STRINGS)
    assert abs(np.mean([w is None for w in made(encoder, 5000)]) - 0.3) < 0.03


def numbers(values, dtype="int64"):
    plain = Plain(np.array(values), np.zeros(len(values), dtype=bool))
    return IdentifierEncoder.fit(plain, Column("id", "identifier", dtype))


def test_numbers_that_count_rows_count():
    assert made(numbers(range(100, 150)), 3, first_row=70) == ["170", "171", "172"]


def test_other_numbers_stay_in_range_and_do_not_repeat():
    words = [int(w) for w in made(numbers([1000, 1500, 9999]), 5000)]
    assert min(words) >= 1000 and max(words) <= 9999
    assert len(set(words)) == 5000


def test_a_small_dtype_never_overflows():
    words = [int(w) for w in made(numbers(range(1, 101), "int8"), 1000)]
    assert min(words) >= 1 and max(words) <= 127


def test_shapes_of_few_strings_are_not_kept():
    values = [f"K-{i:03d}" for i in range(40)] + ["Quirinius O'Neill-Xanthopoulos"] * 1 + ["a.b@c.org"] * 4
    encoder = IdentifierEncoder.fit_strings(values, 0.0, STRINGS)
    assert list(encoder.shapes) == [r"\K\-\099"]
    assert pd.Series(made(encoder, 500)).str.fullmatch(r"K-0\d\d(_\d+)?").all()


def test_strings_without_a_shape_in_common_become_codes_of_their_mean_length():
    names = [f"{'x' * (i % 7)}-{'y' * (i % 11)}" for i in range(30)]
    encoder = IdentifierEncoder.fit_strings(names, 0.0, STRINGS)
    mean = round(sum(map(len, names)) / len(names))
    assert pd.Series(made(encoder, 100)).str.fullmatch(rf"[A-Z]\d{{{mean - 1}}}").all()
    assert list(IdentifierEncoder.fit_strings(["ab", "c-d"], 0.0, STRINGS).shapes) == ["A9999"]


def test_whole_numbers_lie_between_means_of_five():
    numbers = np.random.default_rng(0).permutation(10**6)[:200] + 10**7
    encoder = IdentifierEncoder.fit(
        Plain(numbers, np.zeros(200, dtype=bool)), Column("id", "identifier", "int64")
    )
    ordered = np.sort(numbers)
    words = np.array([int(w) for w in made(encoder, 5000)])
    assert words.min() >= ordered[:5].mean() and words.max() <= ordered[-5:].mean()
    assert not encoder.range_.counts_rows
    counted = IdentifierEncoder.fit(
        Plain(np.arange(7, 57), np.zeros(50, dtype=bool)), Column("id", "identifier", "int64")
    )
    assert made(counted, 3) == ["7", "8", "9"]


def test_characters_that_are_digits_elsewhere_stay_as_they_are():
    words = made(IdentifierEncoder.fit_strings([f"x²-{i}" for i in range(5)], 0.0, STRINGS), 3)
    assert all(w.startswith("x²-") for w in words)
