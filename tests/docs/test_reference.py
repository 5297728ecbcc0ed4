"""The reference of checks is what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_reference_is_current():
    made = runpy.run_path(str(ROOT / "tools" / "make_reference.py"))["reference"]()
    assert (ROOT / "docs" / "checks.md").read_text() == made, "run: python tools/make_reference.py"
