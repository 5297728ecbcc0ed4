"""`govkit probe`: the attacks, one family at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import BudgetOption, ConfigOption, DataArgument, SeedOption, TrainOption, app

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="The model file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the evidence as JSON.")]
ExplainOption = Annotated[
    bool, typer.Option("--explain-space", help="Show what may be changed in a row, without attacking.")
]
SuggestOption = Annotated[
    bool, typer.Option("--suggest", help="Fit with stronger regularisation, and measure gain and cost.")
]
probe = typer.Typer(
    name="probe", help="Attack the model: robustness or privacy.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(probe)


@probe.command()
def robustness(
    model: ModelArgument,
    data: DataArgument,
    train: TrainOption = None,
    config: ConfigOption = None,
    budget: BudgetOption = None,
    seed: SeedOption = None,
    explain_space: ExplainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Search for small changes of a row that change the prediction."""
    family = "robustness.space" if explain_space else "robustness"
    _examined(family, model, data, train, config, budget, seed, as_json, tables=explain_space)


@probe.command()
def privacy(
    model: ModelArgument,
    data: DataArgument,
    train: TrainOption = None,
    config: ConfigOption = None,
    budget: BudgetOption = None,
    seed: SeedOption = None,
    suggest: SuggestOption = False,
    as_json: JsonOption = False,
) -> None:
    """Try to tell training rows from others by the model's answers."""
    family, checks = "privacy", {}
    if suggest:
        family = "privacy.membership_inference"
        checks = {family: {"suggest": True}}
    _examined(family, model, data, train, config, budget, seed, as_json, checks=checks)


def _examined(
    family: str,
    model: str,
    data: str,
    train: str | None,
    config: Path | None,
    budget: str | None,
    seed: int | None,
    as_json: bool,
    *,
    tables: bool = False,
    checks: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    """Run the checks of a family, or one check, and end with their exit code."""
    from govkit.cli.examine import examine

    raise typer.Exit(
        examine(
            model=model,
            data=data,
            only=(family,),
            train=train,
            config=config,
            budget=budget,
            seed=seed,
            as_json=as_json,
            tables=tables,
            checks=checks,
        )
    )
