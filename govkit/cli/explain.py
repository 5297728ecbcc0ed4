"""`govkit explain`: the chain behind an id."""

from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import app


@app.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="ID", help="A check, criterion, control, framework or profile.")],
    record: Annotated[
        Path | None, typer.Option("--record", help="Also say what it came to in this audit.json.")
    ] = None,
) -> None:
    """Explain a check, criterion, control, framework or profile."""
    from govkit.cli.console import wrapped
    from govkit.explanation import explain as explained
    from govkit.records import read_record

    typer.echo(wrapped(explained(name, read_record(record) if record else None)))
