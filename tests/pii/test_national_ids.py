"""National numbers: each validator's measured acceptance, and columns judged against it."""

import random

import pytest
from stdnum.br import cpf
from stdnum.pl import pesel

from govkit.pii.national_ids import _ACCEPTED, accepts, judge

SHAPES = {
    "br.cpf": "999.999.999-99",
    "ca.sin": "999-999-999",
    "fr.nir": "999999999999999",
    "nl.bsn": "999999999",
    "pl.pesel": "99999999999",
    "tr.tckimlik": "99999999999",
}


def numbers(shape, count, seed=1):
    drawn = random.Random(seed)
    return ["".join(drawn.choice("0123456789") if mark == "9" else mark for mark in shape) for _ in range(count)]


@pytest.mark.parametrize("name", SHAPES)
def test_random_numbers_pass_as_often_as_the_table_says(name):
    passed = sum(accepts(name, number) for number in numbers(SHAPES[name], 4_000)) / 4_000
    expected = _ACCEPTED[name][0]
    assert abs(passed - expected) < 0.004 + 0.2 * expected


def valid(module, shape, count):
    return [number for number in numbers(shape, 200 * count) if module.is_valid(number)][:count]


def test_a_column_that_passes_far_more_often_than_chance_is_claimed_without_a_header():
    found = judge(valid(cpf, "999.999.999-99", 20))
    assert found is not None
    assert found.validator == "br.cpf"
    assert not found.named


def test_a_named_column_may_hold_mistakes():
    mixed = valid(pesel, "99999999999", 12) + numbers("99999999999", 12, seed=7)
    assert judge(mixed) is None
    found = judge(mixed, header=("pesel",))
    assert found is not None
    assert found.named
    assert judge(mixed, countries=("pl",)) is not None


def test_random_numbers_are_never_claimed():
    for shape in ("999999999", "9999999999", "99999999999", "9999999999999", "999-99-9999"):
        assert judge(numbers(shape, 300)) is None
        assert judge(numbers(shape, 300), header=("customer", "id")) is None
    assert judge([str(20240101000000 + 7 * n) for n in range(300)]) is None
