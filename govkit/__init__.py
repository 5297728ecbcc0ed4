"""Governance and compliance audits for machine-learning models."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govkit.core.record import AuditRecord

__version__ = "0.1.0"
__all__ = ["__version__", "audit"]


def audit(model: object, data: object, **options: Any) -> "AuditRecord":  # noqa: ANN401 - passed on to `flow.audit`
    """Audit a model on hold-out data and return the record; `govkit.flow.audit` documents the options."""
    from govkit.flow import audit as run

    return run(model=model, data=data, **options)
