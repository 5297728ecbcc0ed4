"""`govkit controls`: the frameworks' controls, and their status in a record."""

from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import app

controls = typer.Typer(name="controls", help="The controls.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(controls)


@controls.command(name="list")
def list_controls(
    framework: Annotated[str | None, typer.Option("--framework", help="Only this framework.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only this status; needs --record.")] = None,
    record: Annotated[Path | None, typer.Option("--record", help="Add the status in this audit.json.")] = None,
) -> None:
    """List controls."""
    from govkit.assessment.catalogs import catalog_with, load
    from govkit.cli.console import table
    from govkit.core.control import Status
    from govkit.core.errors import UsageProblem
    from govkit.records import read_record
    from govkit.strict_yaml import did_you_mean

    read = read_record(record) if record else None
    catalog = load() if read is None else catalog_with(read)
    known = [found.id for found in catalog.frameworks]
    if framework is not None and framework not in known:
        raise UsageProblem(
            f"there is no framework {framework!r}", hint=did_you_mean(framework, known, ", ".join(known))
        )
    if status is not None and (record is None or status not in list(Status)):
        raise UsageProblem("--status needs --record and a status", hint=f"statuses are: {', '.join(Status)}")
    results = {
        (result.framework, result.control): result.status.value
        for result in (read.result.control_results if read else ())
    }
    rows = [
        (found.id, control.id, results.get((found.id, control.id), control.evidence_kind), control.label)
        for found in catalog.frameworks
        for control in found.controls
        if framework in (None, found.id) and status in (None, results.get((found.id, control.id)))
    ]
    typer.echo(table(("framework", "control", "status" if record else "evidence", "label"), rows))


@controls.command(name="show")
def show(name: Annotated[str, typer.Argument(metavar="ID", help="A control's id or token.")]) -> None:
    """Show one control: what it asks for and what would meet it."""
    from govkit.cli.console import wrapped
    from govkit.explanation import explain

    typer.echo(wrapped(explain(name)))


@controls.command(name="diff")
def diff(
    one: Annotated[str, typer.Argument(metavar="PROFILE", help="A profile's name or file.")],
    other: Annotated[str, typer.Argument(metavar="PROFILE", help="The profile to compare it with.")],
) -> None:
    """Compare what two profiles ask for."""
    from govkit.assessment.catalogs import load
    from govkit.assessment.profiles import differences, load_profile
    from govkit.cli.console import table

    catalog = load()
    first, second = (load_profile(name, catalog) for name in (one, other))
    rows = [(kind, mine, theirs, name) for kind, name, mine, theirs in differences(first, second, catalog)]
    if not rows:
        typer.echo(f"{one} and {other} ask for the same")
        return
    typer.echo(table(("rule", first.id, second.id, "about"), rows))


@controls.command(name="validate")
def validate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Framework files, and profiles under profiles/.")],
) -> None:
    """Check frameworks and profiles of your own; every problem is named with its file and line."""
    from govkit.assessment.validation import validated
    from govkit.core.errors import Exit
    from govkit.reports.wording import things

    found = validated(folder)
    for problem in found.problems:
        typer.echo(f"{problem.message}\n  {problem.hint}", err=True)
    controls = things(found.controls, "sound control")
    said = f"{things(found.frameworks, 'framework')} with {controls}, {things(found.profiles, 'profile')}"
    typer.echo(f"{said}: {things(len(found.problems), 'problem')}")
    raise typer.Exit(Exit.USAGE if found.problems else Exit.PASSED)
