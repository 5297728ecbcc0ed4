"""Canonical JSON: equal values give equal bytes, and what isn't JSON is refused."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govkit.core.digest import canonical, sha256, sha256_of, sha256_of_file

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e200, 1e200) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), values, max_size=5))
def test_the_order_of_keys_does_not_matter(data):
    assert canonical(data) == canonical(dict(reversed(list(data.items()))))


@given(st.dictionaries(st.text(max_size=4), values, max_size=5))
def test_what_was_written_is_canonical_when_read_back(data):
    assert canonical(json.loads(canonical(data))) == canonical(data)


def test_the_last_bits_of_a_float_do_not_reach_the_bytes():
    assert canonical({"x": 0.1 + 0.2}) == canonical({"x": 0.3}) == b'{"x":0.3}'
    assert canonical({"x": -0.0}) == b'{"x":0}'


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nan_and_infinity_are_refused(bad):
    with pytest.raises(ValueError, match=r"(?i)nan|inf|float"):
        canonical({"x": bad})


def test_digests_of_bytes_files_and_values_agree(tmp_path):
    (tmp_path / "x").write_bytes(b'{"a":1}')
    assert sha256_of_file(tmp_path / "x") == sha256(b'{"a":1}') == sha256_of({"a": 1})
