"""`govkit init`: write a govkit.yaml that holds what could be inferred."""

from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import app


@app.command()
def init(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model file, or what stands in for one.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Hold-out rows: CSV or Parquet.")],
    train: Annotated[Path | None, typer.Option("--train", help="The rows that the model was fitted on.")] = None,
    target: Annotated[str | None, typer.Option("--target", help="The column that the model predicts.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a govkit.yaml that is there.")] = False,
) -> None:
    """Write govkit.yaml beside DATA with what could be inferred."""
    from govkit.config import FILE_NAME
    from govkit.core.errors import UsageProblem
    from govkit.delivery import put
    from govkit.inputs.draft import draft

    place = data.parent / FILE_NAME
    if place.exists() and not force:
        raise UsageProblem(f"{place} is there already", hint="edit it, or replace it with --force")
    text = draft(model, data, train=train, target=target)
    typer.echo(f"wrote {put(place.parent, place.name, text.encode())}; next: govkit audit {model} {data}")
