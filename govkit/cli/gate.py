"""`govkit gate`: decide again from a record."""

from typing import Annotated, Optional

import typer

from govkit.cli.app import RecordArgument, app


@app.command()
def gate(
    record: RecordArgument,
    profile: Annotated[Optional[str], typer.Option("--profile", help="Another profile than the record's.")] = None,
    as_of: Annotated[Optional[str], typer.Option("--as-of", help="Date to decide for; else today.")] = None,
) -> None:
    """Decide from an audit.json, without model or data, and end with the gate's exit code."""
    from govkit.cli.options import day
    from govkit.flow import decide_again

    decision, text = decide_again(record, profile=profile, as_of=day(as_of))
    typer.echo(text)
    raise typer.Exit(decision.exit_code)
