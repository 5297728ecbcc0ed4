"""Fixtures that many tests share."""

import os

from govkit.core.threads import one_thread

one_thread(os.environ)

import pytest
import small_project
from command_line import Command
from hypothesis import HealthCheck, settings

# a shared runner is slow at times, which is no property of the code; in CI the same examples come every time
settings.register_profile(
    "govkit", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("govkit")


@pytest.fixture(autouse=True, scope="session")
def _own_state(tmp_path_factory):
    """Keep the journal's secret out of the developer's home; processes that tests start inherit the place."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


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
