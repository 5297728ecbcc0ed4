"""`govkit gate`: decide again from a record."""

from typing import Annotated

import typer

from govkit.cli.app import RecordArgument, app


@app.command()
def gate(
    record: RecordArgument,
    profile: Annotated[str | None, typer.Option("--profile", help="Another profile than the record's.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date to decide for; else today.")] = None,
) -> None:
    """Decide again from an audit.json; the exit code is the gate's."""
    from datetime import UTC, datetime
    from pathlib import Path

    from govkit.assessment.catalogs import load
    from govkit.assessment.profiles import load_profile
    from govkit.cli.options import day
    from govkit.gate import redecide
    from govkit.records import read_record

    read = read_record(record)
    wanted = load_profile(profile, load(), Path()) if profile else None
    decided = redecide(read, wanted, day(as_of) or datetime.now(UTC).date())
    for kind in ("failed", "waived", "incomplete"):
        for blocker in getattr(decided, kind):
            name = f"{blocker.framework} {blocker.id}".strip()
            typer.echo(f"{kind:<11} {blocker.kind} {name}: {blocker.state.replace('_', ' ')}")
    typer.echo(f"{decided.verdict.upper()} by profile {decided.profile}, as of {decided.as_of}")
    raise typer.Exit(decided.exit_code)
