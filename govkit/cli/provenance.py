"""`govkit provenance`: what is declared about the data's origin, held against the files."""

from typing import Annotated

import typer

from govkit.cli.app import ConfigOption, DataArgument, app


@app.command()
def provenance(
    data: DataArgument,
    model: Annotated[str | None, typer.Option("--model", help="The model file, to check its identity.")] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the evidence as JSON.")] = False,
) -> None:
    """Check declared provenance against the data and the model."""
    from govkit.cli.examine import examine

    raise typer.Exit(examine(model=model, data=data, only=("provenance",), config=config, as_json=as_json))
