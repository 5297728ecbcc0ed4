"""`govkit provenance`: declared origin held against the files, and records that make it checkable later."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from govkit.cli.app import ConfigOption, DataArgument, app

if TYPE_CHECKING:
    from govkit.metadata_gaps import FileGaps


class CheckByDefault(TyperGroup):
    """Take `govkit provenance DATA` for `govkit provenance check DATA`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the default command in front where none is named."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["check", *args]
        return super().parse_args(ctx, args)


provenance = typer.Typer(
    name="provenance",
    help="Check where data and model come from, or record it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    cls=CheckByDefault,
)
app.add_typer(provenance)


@provenance.command(name="check")
def check(
    data: DataArgument,
    model: Annotated[str | None, typer.Option("--model", help="The model file, to check its identity.")] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the evidence as JSON.")] = False,
) -> None:
    """Check declared provenance against the data and the model."""
    from govkit.cli.examine import examine
    from govkit.core.errors import UsageProblem

    if Path(data).suffix in {".json", ".jsonld", ".md", ".dvc"}:
        raise UsageProblem(f"{data} is no table", hint=f"what metadata lacks: govkit provenance gaps {data}")
    raise typer.Exit(examine(model=model, data=data, only=("provenance",), config=config, as_json=as_json))


@provenance.command()
def gaps(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Metadata files; the data isn't needed.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the gaps as JSON.")] = False,
) -> None:
    """List what metadata files lack; ends with 5 where something is missing."""
    import json
    from dataclasses import asdict

    from govkit.core.errors import Exit, GovkitError
    from govkit.metadata_gaps import FileGaps, gaps_of

    found: list[FileGaps] = []
    problems: list[GovkitError] = []
    for file in files:
        try:
            found.append(gaps_of(file))
        except GovkitError as error:  # the other files are still of interest
            problems.append(error)
    typer.echo(json.dumps([asdict(one) for one in found], indent=2) if as_json else "\n".join(map(_told, found)))
    for problem in problems:
        typer.echo(f"error: {problem.message}; {problem.hint}", err=True)
    raise typer.Exit(Exit.INPUT if problems else Exit.INCOMPLETE if any(one.count for one in found) else Exit.PASSED)


def _told(found: "FileGaps") -> str:
    """Lay out one file's gaps."""
    lists = (
        (f"{found.format} requires", found.by_standard),
        ("a data sheet needs", found.not_stated),
        ("placeholder in", found.placeholders),
    )
    lines = [f"{found.file}: {found.format}, {found.count or 'no'} gap{'' if found.count == 1 else 's'}"]
    lines += [f"  {said}: {', '.join(names)}" for said, names in lists if names]
    return "\n".join([*lines, *(f"  {said}" for said in found.other)])


@provenance.command()
def record(
    model: Annotated[Path, typer.Option("--model", help="The model file that was just written.")],
    data: Annotated[list[Path], typer.Option("--data", help="A file it was fitted on; repeat for several.")],
    out: Annotated[Path | None, typer.Option("--out", help="Default: MODEL.training.json beside the model.")] = None,
) -> None:
    """Record at training which data, code and libraries made a model."""
    from govkit.delivery import put
    from govkit.inputs.origin import training_statement

    place = out or model.with_name(f"{model.name}.training.json")
    content = training_statement(model, data, folder=Path.cwd())
    typer.echo(f"wrote {put(place.parent, place.name, content)}; keep it beside the model")


@provenance.command()
def init(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="CSV or Parquet.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a croissant.json that is there.")] = False,
) -> None:
    """Draft croissant.json beside DATA with what can be measured."""
    from govkit.core.errors import UsageProblem
    from govkit.delivery import put
    from govkit.inputs.origin import DECLARATIONS, croissant_draft

    place = data.parent / "croissant.json"
    if place.exists() and not force:
        raise UsageProblem(f"{place} is there already", hint="edit it, or replace it with --force")
    typer.echo(f"wrote {put(place.parent, place.name, croissant_draft(data))}; only people can add:")
    for name in DECLARATIONS:
        typer.echo(f"  {name}")
