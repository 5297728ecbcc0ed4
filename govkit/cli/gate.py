"""`govkit gate`: decide again from a record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govkit.cli.app import RecordArgument, app

if TYPE_CHECKING:
    from govkit.core.control import Blocker


@app.command()
def gate(
    record: RecordArgument,
    profile: Annotated[str | None, typer.Option("--profile", help="Another profile than the record's.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date to decide for; else today.")] = None,
    baseline: Annotated[Path | None, typer.Option("--baseline", help="An earlier audit.json to hold it to.")] = None,
    new_only: Annotated[
        bool, typer.Option("--new-only", help="Fail only for what got worse since --baseline.")
    ] = False,
) -> None:
    """Decide again from an audit.json; the exit code is the gate's."""
    from datetime import UTC, datetime

    from govkit.assessment.again import judged_again
    from govkit.assessment.catalogs import load
    from govkit.assessment.profiles import load_profile
    from govkit.baseline import against
    from govkit.cli.options import day
    from govkit.core.errors import UsageProblem
    from govkit.gate import redecide
    from govkit.records import read_record

    if (baseline is None) == new_only:
        raise UsageProblem("--baseline and --new-only go together", hint="gate NEW.json --baseline OLD.json --new-only")
    read = read_record(record)
    wanted = None
    if profile:
        catalog = load()
        wanted = load_profile(profile, catalog, Path())
        read = judged_again(read, wanted, catalog)
    decided = redecide(read, wanted, day(as_of) or datetime.now(UTC).date())
    known: tuple[Blocker, ...] = ()
    if baseline is not None:
        held = against(read_record(baseline), read, decided)
        decided, known = held.decision, held.known
    for kind in ("failed", "waived", "incomplete"):
        _list(kind, getattr(decided, kind))
    _list("known", known)
    said = f"{decided.verdict.upper()} by profile {decided.profile}, as of {decided.as_of}"
    typer.echo(
        said if baseline is None else f"{said}, for what got worse since the baseline; {len(known)} known before"
    )
    raise typer.Exit(decided.exit_code)


def _list(kind: str, blockers: "tuple[Blocker, ...]") -> None:
    for blocker in blockers:
        name = f"{blocker.framework} {blocker.id}".strip()
        typer.echo(f"{kind:<11} {blocker.kind} {name}: {blocker.state.replace('_', ' ')}")
