"""`govkit doctor`: what is installed, what is missing, and what that costs."""

import typer

from govkit.cli.app import app


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing, and what that costs."""
    from govkit.cli.console import table
    from govkit.core.errors import Exit
    from govkit.diagnosis import diagnose

    found = diagnose()
    rows = [(line.part, "ok" if line.works else "missing", line.detail) for line in found]
    typer.echo(table(("part", "state", "detail"), rows))
    needed = any(line.needed and not line.works for line in found)
    raise typer.Exit(Exit.USAGE if needed else Exit.PASSED)
