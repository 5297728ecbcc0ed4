"""Corrections for several tests against worked examples."""

import pytest

from govkit.stats.multiple import simultaneous


def test_bonferroni_splits_the_error():
    assert simultaneous(0.95, 5) == pytest.approx(0.99)
    assert simultaneous(0.95, 1) == pytest.approx(0.95)
