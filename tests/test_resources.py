"""The digest of govkit's own code, which decides whether evidence of an earlier run still counts."""

import shutil
from pathlib import Path

import govkit
from govkit import resources


def test_a_changed_module_changes_the_digest(tmp_path, monkeypatch):
    copy = tmp_path / "govkit"
    shutil.copytree(Path(govkit.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(resources, "__file__", str(copy / "resources.py"))
    before = resources.package_digest.__wrapped__()
    assert before == resources.package_digest()
    (copy / "pii" / "verdict.py").write_text((copy / "pii" / "verdict.py").read_text() + "\n")
    assert resources.package_digest.__wrapped__() != before
