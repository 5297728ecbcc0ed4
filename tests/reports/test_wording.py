from hypothesis import assume, given
from hypothesis import strategies as st

from govkit.reports.wording import anchor, brackets, clean, lead, limit, quantity, significant

NUMBERS = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False).filter(
    lambda value: value == 0 or abs(value) > 1e-9
)


def test_three_significant_digits_are_shown():
    shown = [significant(value) for value in (0.08134, 0.5, 0.9994, 12.345, 123.4, 1234.5, 0, -0.021)]
    assert shown == ["0.0813", "0.5", "0.999", "12.3", "123", "1,234", "0", "\u22120.021"]


def test_shares_read_as_per_cent():
    assert quantity(0.0813, "share") == "8.13\u202f%"
    assert quantity(0.05, "share") == "5\u202f%"
    assert brackets(0.066, None, "share", 0.95) == "[6.6, ∞]"
    assert brackets(0.066, 0.1, "share", 0.99) == "[6.6, 10] at 99\u202f%"
    assert limit("<=", 0.05, "share") == "≤\u202f5\u202f%"


def test_a_share_below_one_never_reads_as_all():
    assert quantity(0.99996, "share") == "99.996\u202f%"


@given(NUMBERS, NUMBERS)
def test_a_value_beyond_a_limit_never_reads_like_the_limit(value, threshold):
    assume(abs(value - threshold) > 1e-6 * max(abs(value), abs(threshold)))
    assert quantity(value, "", unlike=threshold) != quantity(threshold, "")


@given(NUMBERS)
def test_rounding_stays_within_half_a_digit(value):
    shown = float(significant(value).replace(",", "").replace("\u2212", "-"))
    assert abs(shown - value) <= max(abs(value) * 0.005, 1e-12)


@given(st.text())
def test_nothing_that_reorders_or_controls_is_left(text):
    left = clean(text)
    assert not set(left) & set(map(chr, [*range(9), *range(11, 32), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x200F]))
    assert clean(left) == left


@given(st.text(), st.text())
def test_anchors_are_ascii_and_differ_when_the_ids_do(one, other):
    assume(one != other)
    assert anchor("c", one).isascii()
    assert " " not in anchor("c", one)
    assert anchor("c", one) != anchor("c", other)


def test_a_line_for_the_configuration_is_told_from_something_to_do():
    assert lead("train: train.csv") == "Add to govkit.yaml"
    assert lead("govkit audit MODEL DATA", "command") == "Run"
    assert lead("train: it again", "advice") == "To do"
    assert lead("checks.pii.columns.min_score: 0.6") == "Add to govkit.yaml"
    assert lead("govkit doctor") == "To do"
