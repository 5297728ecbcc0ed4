"""`govkit probe`: the attacks, one family at a time."""

from typing import Annotated

import typer

from govkit.cli.app import BudgetOption, ConfigOption, DataArgument, SeedOption, TrainOption, app

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="The model file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the evidence as JSON.")]
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
    as_json: JsonOption = False,
) -> None:
    """Search for small changes of a row that change the prediction."""
    from govkit.cli.examine import examine

    raise typer.Exit(
        examine(
            model=model,
            data=data,
            only=("robustness",),
            train=train,
            config=config,
            budget=budget,
            seed=seed,
            as_json=as_json,
        )
    )


@probe.command()
def privacy(
    model: ModelArgument,
    data: DataArgument,
    train: TrainOption = None,
    config: ConfigOption = None,
    budget: BudgetOption = None,
    seed: SeedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try to tell training rows from others by the model's answers."""
    from govkit.cli.examine import examine

    raise typer.Exit(
        examine(
            model=model,
            data=data,
            only=("privacy",),
            train=train,
            config=config,
            budget=budget,
            seed=seed,
            as_json=as_json,
        )
    )
