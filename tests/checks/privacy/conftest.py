"""What the tests of this family share."""

import numpy as np
import pytest

from govkit.checks.privacy import _direct, _toolbox


@pytest.fixture
def toolbox_here(monkeypatch):
    """Run the toolbox's attacks in this process: to start one for each audit would take most of the tests' time."""

    def here(probability, truth, member, known, seed):
        before = np.random.get_state()
        np.random.seed(seed % 2**31)
        found = _toolbox.attacked(probability, truth, member, known, seed % 2**31)
        np.random.set_state(before)
        return dict(zip(_toolbox.ATTACKS, found, strict=True))

    monkeypatch.setattr(_direct, "black_box", here)
