"""Fixtures that many tests share."""

import pytest
import small_project
from command_line import Command


@pytest.fixture
def govkit(monkeypatch, capsys):
    """Call the command line: `govkit("audit", model, data)`."""
    monkeypatch.setenv("CI", "true")
    for name in ("GOVKIT_SEED", "GOVKIT_BUDGET", "GOVKIT_PROFILE", "GOVKIT_CONFIG", "GOVKIT_DEBUG", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    return Command(monkeypatch, capsys)


@pytest.fixture
def project(tmp_path):
    """A small project that can be audited."""
    return small_project.write(tmp_path / "project")
