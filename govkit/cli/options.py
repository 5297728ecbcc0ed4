"""Option texts turned into values, with one clear error each."""

from datetime import date

from govkit.core.errors import UsageProblem


def names(text: str | None) -> tuple[str, ...]:
    """Split a comma-separated option."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def day(text: str | None) -> date | None:
    """Read a date.

    Raises:
        UsageProblem: it is no ISO date.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageProblem(f"{text!r} is no date", hint="write it as 2026-03-31") from None
