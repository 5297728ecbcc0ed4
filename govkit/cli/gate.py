"""`govkit gate`: decide again from a record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govkit.cli.app import RecordArgument, app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govkit.core.control import Blocker, Decision, Profile
    from govkit.core.record import AuditRecord


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

    from govkit.cli.options import day
    from govkit.cli.plain import say
    from govkit.core.errors import UsageProblem
    from govkit.gate import redecide
    from govkit.records import read_record

    if (baseline is None) == new_only:
        raise UsageProblem("--baseline and --new-only go together", hint="gate NEW.json --baseline OLD.json --new-only")
    read = read_record(record)
    wanted = None
    if profile:
        from govkit.assessment.again import judged_again
        from govkit.assessment.catalogs import catalog_with
        from govkit.assessment.profiles import load_profile

        catalog = catalog_with(read)
        wanted = load_profile(profile, catalog, Path())
        read = judged_again(read, wanted, catalog)
    decided = redecide(read, wanted, day(as_of) or datetime.now(UTC).date())
    known: tuple[Blocker, ...] = ()
    if baseline is not None:
        from govkit.baseline import against

        held = against(read_record(baseline), read, decided)
        decided, known = held.decision, held.known
    for line in _told(read, wanted or read.result.profile, decided, known):
        say(line)
    said = f"{decided.verdict.upper()} by profile {decided.profile}, as of {decided.as_of}"
    say(said if baseline is None else f"{said}, for what got worse since the baseline; {len(known)} known before")
    raise typer.Exit(decided.exit_code)


def _told(
    read: "AuditRecord", profile: "Profile", decided: "Decision", known: "tuple[Blocker, ...]"
) -> "Iterator[str]":
    """Say of each blocker what was found against which limit, who owns it, and what would change it."""
    from govkit.cli.console import wrapped
    from govkit.reports.lookup import Lookup
    from govkit.reports.outcomes import one_line, outcomes
    from govkit.reports.unblocking import accepted, unblocking

    shown = decided.model_copy(update={"failed": (*decided.failed, *known)})
    judged = read.model_copy(update={"result": read.result.model_copy(update={"decision": shown, "profile": profile})})
    found = {(one.kind, one.id): one for one in outcomes(judged)}
    book = Lookup(judged)
    tokens = {
        (framework.id, control.id): control.token
        for framework in read.result.frameworks
        for control in framework.controls
    }
    for finding in read.result.ignored:
        yield wrapped(one_line(f"not counted {finding.where}: {book.say(finding.message)}"))
    for kind, blockers in (
        ("failed", decided.failed),
        ("waived", decided.waived),
        ("incomplete", decided.incomplete),
        ("known", known),
    ):
        for blocker in blockers:
            name = one_line(f"{blocker.framework} {blocker.id}")
            yield f"{kind:<11} {blocker.kind} {name}: {blocker.state.replace('_', ' ')}"
            key = blocker.id if blocker.kind == "criterion" else tokens.get((blocker.framework, blocker.id), name)
            outcome = found.get((blocker.kind, key))
            if outcome is not None:
                yield wrapped(f"    {outcome.title}: {outcome.text}")
                yield from [wrapped(f"    to do: {outcome.remedy}")] if outcome.remedy else []
            if kind == "waived":
                yield from (wrapped(f"    {line}") for line in accepted(book, blocker))
            else:
                yield from (wrapped(f"    {line}") for line in unblocking(book, blocker))
    if decided.failed or decided.incomplete:
        owner = one_line(read.result.system.owner)
        yield f"To act: {owner}" if owner else "To act: nobody is named; add to govkit.yaml: system: {owner: NAME}"
