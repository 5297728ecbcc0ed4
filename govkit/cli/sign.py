"""`govkit attest` and `govkit waive`: write a statement or a waiver, asking on a terminal for what is not given."""

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govkit.cli.app import ConfigOption, app

if TYPE_CHECKING:
    from govkit.assessment.signing import Project
    from govkit.core.control import Control, Framework

YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)
OnOption = Annotated[str | None, typer.Option("--on", help="Date of the signature; else today.")]
ExpiresOption = Annotated[str | None, typer.Option("--expires-on", help="Last day on which it counts.")]


@app.command()
def attest(
    control: Annotated[str | None, typer.Argument(metavar="CONTROL", help="A control's id or token.")] = None,
    framework: Annotated[str, typer.Option("--framework", help="Where several frameworks have the id.")] = "",
    verdict: Annotated[str, typer.Option("--verdict", help="met, not_met or not_applicable.")] = "met",
    statement: Annotated[str | None, typer.Option("--statement", help="What is the case, in a sentence.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Who states it.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="In which role.")] = None,
    contact: Annotated[str, typer.Option("--contact", help="How to reach them.")] = "",
    document: Annotated[
        list[str] | None, typer.Option("--document", help="Path from the project's folder; may be repeated.")
    ] = None,
    on: OnOption = None,
    expires_on: ExpiresOption = None,
    to_xlsx: Annotated[
        Path | None, typer.Option("--to-xlsx", help="Write every control and statement as an Excel workbook.")
    ] = None,
    from_xlsx: Annotated[
        Path | None, typer.Option("--from-xlsx", help="Take the statements of such a workbook over.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Sign a statement about a control into attestations.yaml.

    Its documents are hashed; an earlier statement about the control is replaced. On a terminal it asks for what is
    missing. Nothing is written that the next audit would not count. --to-xlsx and --from-xlsx are for people who work
    in spreadsheets: the whole checklist as a workbook, and back.
    """
    from govkit.assessment.signing import Signature, find_control
    from govkit.assessment.signing import attest as write
    from govkit.core.errors import UsageProblem

    if (control is not None) + (to_xlsx is not None) + (from_xlsx is not None) != 1:
        hint = "govkit attest CONTROL, govkit attest --to-xlsx FILE or govkit attest --from-xlsx FILE"
        raise UsageProblem("name one of a control, --to-xlsx and --from-xlsx", hint=hint)
    if to_xlsx is not None:
        _to_workbook(_project(config), to_xlsx, _day(on))
    if from_xlsx is not None:
        _from_workbook(_project(config), from_xlsx, _day(on))
    if control is None:
        return
    if verdict not in {"met", "not_met", "not_applicable"}:
        raise UsageProblem(f"there is no verdict {verdict!r}", hint="verdicts are: met, not_met, not_applicable")
    project = _project(config)
    where, what = find_control(control, _frameworks(project), framework)
    _introduce(what)
    day = _day(on)
    signed = Signature(
        verdict=verdict,
        statement=_asked(statement, "--statement", "What is the case, in a sentence"),
        name=_asked(name, "--name", "Your name"),
        role=_asked(role, "--role", "Your role"),
        contact=contact,
        on=day,
        expires_on=_last(expires_on, day + YEAR),
        documents=_documents(document, verdict),
    )
    path = write(project, where, what, signed)
    typer.echo(f"{path}: {where.id} {what.id} is stated as {verdict.replace('_', ' ')} until {signed.expires_on}")


@app.command()
def waive(
    criterion: Annotated[str, typer.Argument(metavar="CRITERION", help="The criterion that fails.")],
    record: Annotated[Path, typer.Option("--record", help="The audit.json in which it fails.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why the failure is accepted.")] = None,
    risk: Annotated[str | None, typer.Option("--risk", help="What may happen.")] = None,
    compensation: Annotated[str, typer.Option("--compensation", help="What keeps the risk small until then.")] = "",
    ticket: Annotated[str, typer.Option("--ticket", help="Where it is followed up.")] = "",
    requested_by: Annotated[str | None, typer.Option("--requested-by", help="Who asks for it.")] = None,
    approved_by: Annotated[
        str | None, typer.Option("--approved-by", help="Who accepts the risk; someone else.")
    ] = None,
    role: Annotated[str | None, typer.Option("--role", help="The approver's role.")] = None,
    worst_value: Annotated[
        float | None, typer.Option("--worst-value", help="Worst value to tolerate; else the measured one.")
    ] = None,
    on: OnOption = None,
    expires_on: ExpiresOption = None,
    config: ConfigOption = None,
) -> None:
    """Accept one failing criterion of one model in waivers.yaml.

    The result stays a failure; only the gate takes the waiver into account, for at most 180 days.
    """
    from govkit.assessment.signing import Acceptance
    from govkit.assessment.signing import waive as write
    from govkit.records import read_record

    project = _project(config)
    failed = read_record(record)
    day = _day(on)
    accepted = Acceptance(
        reason=_asked(reason, "--reason", "Why the failure is accepted"),
        risk=_asked(risk, "--risk", "What may happen"),
        requested_by=_asked(requested_by, "--requested-by", "Requested by"),
        approved_by=_asked(approved_by, "--approved-by", "Approved by (another person)"),
        role=_asked(role, "--role", "The approver's role"),
        on=day,
        expires_on=_last(expires_on, day + QUARTER),
        worst_value=worst_value,
        compensation=compensation,
        ticket=ticket,
    )
    path, name = write(project, criterion, failed, accepted)
    typer.echo(f"{path}: {name} covers {criterion} until {accepted.expires_on}; the result stays a failure")


def _project(config: Path | None) -> "Project":
    from govkit.assessment.signing import Project
    from govkit.config import Config, find
    from govkit.core.errors import UsageProblem
    from govkit.strict_yaml import read

    place = config or find(Path())
    if place is None:
        raise UsageProblem("there is no govkit.yaml here or above", hint="name it with --config, or `govkit init`")
    return Project(place.resolve().parent, read(place).parse(Config))


def _frameworks(project: "Project") -> "tuple[Framework, ...]":
    """Give the shipped frameworks and the project's own."""
    from govkit.assessment.catalogs import framework_names, load

    return load(
        [project.folder / path for path in project.config.frameworks if path not in framework_names()]
    ).frameworks


def _to_workbook(project: "Project", path: Path, day: date) -> None:
    """Write the checklist of the project's profile; a workbook that is there may hold work and is left alone."""
    from govkit.assessment.assess import load_policy
    from govkit.assessment.spreadsheet import to_workbook
    from govkit.core.errors import UsageProblem
    from govkit.delivery import put

    if path.exists():
        raise UsageProblem(f"{path} is there already", hint="name another file, or take it over with --from-xlsx first")
    frameworks = load_policy(project.config, project.folder).frameworks
    put(path.parent, path.name, to_workbook(project, frameworks, day))
    typer.echo(f"{path}: fill it in, then: govkit attest --from-xlsx {path}")


def _from_workbook(project: "Project", path: Path, day: date) -> None:
    """Take a workbook over, or say of each cell what is wrong with it."""
    from govkit.assessment.spreadsheet import from_workbook
    from govkit.core.errors import Exit

    taken = from_workbook(project, _frameworks(project), path, day)
    for problem in taken.problems:
        typer.echo(f"{problem.message}\n  {problem.hint}", err=True)
    if taken.problems:
        typer.echo(f"{taken.path} was not changed: {len(taken.problems)} to correct", err=True)
        raise typer.Exit(Exit.USAGE)
    for framework, control in taken.written:
        typer.echo(f"{framework} {control} is stated")
    for framework, control in taken.absent:
        typer.echo(f"{framework} {control} is not in the workbook and stays as it is")
    for column in taken.passed_over:
        typer.echo(f"a column of your own was passed over: {column}")
    typer.echo(f"{taken.path}: {len(taken.written)} statements written, {taken.unchanged} as they were")


def _introduce(control: "Control") -> None:
    """Show a person on a terminal what they are about to sign."""
    if not sys.stdin.isatty():
        return
    typer.echo(f"{control.id}: {control.label}\n{control.statement}\nNeeds: {', '.join(control.needs)}", err=True)
    if control.documents:
        typer.echo(f"Documents: {', '.join(control.documents)}", err=True)


def _asked(given: str | None, option: str, question: str) -> str:
    """Take an option, or ask on a terminal; elsewhere a missing option is an error."""
    from govkit.core.errors import UsageProblem

    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise UsageProblem(f"{option} is missing", hint=f"add {option}, or run this on a terminal to be asked")
    return str(typer.prompt(question, err=True))


def _documents(given: list[str] | None, verdict: str) -> tuple[str, ...]:
    if given is not None or verdict != "met" or not sys.stdin.isatty():
        return tuple(given or ())
    paths: list[str] = []
    while path := str(typer.prompt("Document (empty to end)", default="", show_default=False, err=True)):
        paths.append(path)
    return tuple(paths)


def _last(given: str | None, proposed: date) -> date:
    """Give the last day: as given, else as confirmed on a terminal."""
    from govkit.cli.options import day

    text = given
    if given is None and sys.stdin.isatty():
        text = str(typer.prompt("Counts until", default=proposed.isoformat(), err=True))
    return day(_asked(text, "--expires-on", "Counts until")) or proposed


def _day(given: str | None) -> date:
    from datetime import UTC, datetime

    from govkit.cli.options import day

    return day(given) or datetime.now(UTC).date()
