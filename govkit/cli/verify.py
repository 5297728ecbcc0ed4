"""`govkit verify`: look whether an evidence pack is what its audit wrote."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govkit.cli.app import ConfigOption, TemplateOption, TrainOption, app

if TYPE_CHECKING:
    from govkit.core.record import AuditRecord
    from govkit.pack.verify import Verified


@app.command()
def verify(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="An evidence-pack.zip.")],
    key: Annotated[Path | None, typer.Option("--key", help="Public key that must have signed it.")] = None,
    model: Annotated[Path | None, typer.Option("--model", help="Hold this file against the audited model.")] = None,
    model_key: Annotated[
        Path | None, typer.Option("--model-key", help="Public key that must have signed the model.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Hold this file against the audited data.")] = None,
    reproduce: Annotated[bool, typer.Option("--reproduce", help="Audit again and compare; needs --data.")] = False,
    train: TrainOption = None,
    config: ConfigOption = None,
    template: TemplateOption = None,
) -> None:
    """Verify an evidence pack; whatever was changed ends with 6."""
    from govkit.core.errors import Exit, UsageProblem
    from govkit.pack.keys import public_key_of
    from govkit.pack.model_signature import signer_key
    from govkit.pack.verify import check_inputs, check_model_signature
    from govkit.pack.verify import verify as look
    from govkit.reports.pages import templates_from

    if model_key is not None and model is None:
        raise UsageProblem("--model-key needs the model", hint="name it: --model MODEL")
    if reproduce and data is None:
        raise UsageProblem("there is nothing to audit again", hint="name the files: --model MODEL --data DATA")
    with templates_from(template):
        found = look(pack, None if key is None else public_key_of(key))
    signer = None if model_key is None else signer_key(model_key)
    unsigned, notes = check_model_signature(model, signer) if model is not None else ([], [])
    found = replace(found, problems=(*found.problems, *unsigned), notes=(*found.notes, *notes))
    problems = [f"{one.what:9} {one.name}{': ' if one.because else ''}{one.because}" for one in found.problems]
    if found.record is not None:
        problems += [f"{one.what:9} {one.name}: {one.because}" for one in check_inputs(found.record, model, data)]
        if reproduce and data is not None and not problems:
            problems += _reproduced(found.record, model, data, train, config)
    _print(found, problems, trusted=key is not None)
    raise typer.Exit(Exit.INTEGRITY if problems else Exit.PASSED)


def _print(found: "Verified", problems: list[str], *, trusted: bool) -> None:
    for problem in problems:
        typer.echo("".join(letter if letter.isprintable() else "?" for letter in problem))
    for note in found.notes:
        typer.echo(f"note      {note}")
    if found.compared:
        typer.echo(f"rendered again, the same: {', '.join(found.compared)}")
    whose = "the key given" if trusted else "the key inside it; name the one that you trust with --key"
    by = (
        f"signed ed25519:{found.signed_by[:12]}, {whose}"
        if found.signed_by
        else "not signed: anyone could have made it"
    )
    if problems:
        typer.echo(f"NOT VERIFIED  {len(problems)} of {found.files} files or claims are not as they should be")
    else:
        typer.echo(f"VERIFIED  {found.files} files as the audit wrote them; {by}")


def _reproduced(
    record: "AuditRecord", model: Path | None, data: Path, train: str | None, config: Path | None
) -> list[str]:
    """Audit again with the record's plan, seed and date; name what came out differently."""
    from govkit import flow
    from govkit.cli.console import Console
    from govkit.core.digest import canonical

    console = Console(quiet=True)
    result = record.result
    with tempfile.NamedTemporaryFile(suffix=".json") as plan:
        plan.write(canonical(record))
        plan.flush()
        try:
            again = flow.audit(
                model=str(model) if model else None,
                data=str(data),
                train=train,
                config=config,
                profile=result.profile.id,
                budget=result.plan.budget,
                seed=result.seed,
                only=tuple(one.check for one in result.evidence),
                plan=plan.name,
                as_of=result.as_of,
                journal=False,
                progress=console,
            )
        finally:
            console.finish()
    if again.result_sha256 == record.result_sha256:
        typer.echo(f"audited again, the same result: {again.result_sha256[:12]}")
        return []
    return [f"changed   {name}: another result when audited again" for name in _differing(record, again)]


def _differing(record: "AuditRecord", again: "AuditRecord") -> list[str]:
    """Name the checks whose evidence differs, then the other parts of the result."""
    before = {one.check: one for one in record.result.evidence}
    checks = [one.check for one in again.result.evidence if before.get(one.check) != one]
    parts = type(record.result).model_fields
    others = [name for name in parts if getattr(record.result, name) != getattr(again.result, name)]
    return checks + [name for name in others if name != "evidence"]
