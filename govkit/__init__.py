"""Governance and compliance audits for machine-learning models."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from govkit.flow import audit

__version__ = "0.1.0"
__all__ = ["__version__", "audit"]


def __getattr__(name: str) -> object:
    """Import the audit on first use, so that `import govkit` and `govkit --help` stay light."""
    if name == "audit":
        from govkit.flow import audit

        return audit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
