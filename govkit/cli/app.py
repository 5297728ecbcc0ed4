"""The application that the commands register with, and the options they share."""

from pathlib import Path
from typing import Annotated

import typer

from govkit import __version__

app = typer.Typer(
    name="govkit",
    help="Audit a machine-learning model before its release: evidence, controls, reports and a gate.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")]
DataArgument = Annotated[str, typer.Argument(metavar="DATA", help="Hold-out rows: CSV or Parquet.")]
RecordArgument = Annotated[Path, typer.Argument(metavar="RECORD", help="An audit.json.")]
TrainOption = Annotated[str | None, typer.Option("--train", help="The rows that the model was fitted on.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", envvar="GOVKIT_CONFIG", help="govkit.yaml; else the nearest one to DATA.")
]
BudgetOption = Annotated[
    str | None, typer.Option("--budget", envvar="GOVKIT_BUDGET", help="quick, standard or thorough.")
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", envvar="GOVKIT_SEED", min=0, max=2**32 - 1, help="Everything random comes from it."),
]
TemplateOption = Annotated[
    Path | None, typer.Option("--template", help="Folder of templates that extend the shipped ones.")
]
FormatOption = Annotated[str | None, typer.Option("--format", help="Comma-separated report formats.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"govkit {__version__}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Audit a machine-learning model before its release: evidence, controls, reports and a gate."""
