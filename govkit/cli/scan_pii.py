"""`govkit scan-pii`: personal data in a data file."""

from typing import Annotated

import typer

from govkit.cli.app import BudgetOption, ConfigOption, DataArgument, SeedOption, TrainOption, app


@app.command(name="scan-pii")
def scan_pii(
    data: DataArgument,
    train: TrainOption = None,
    config: ConfigOption = None,
    budget: BudgetOption = None,
    seed: SeedOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the evidence as JSON.")] = False,
) -> None:
    """Look for personal data in a data file."""
    from govkit.cli.examine import examine

    code = examine(
        model=None, data=data, only=("pii",), train=train, config=config, budget=budget, seed=seed, as_json=as_json
    )
    raise typer.Exit(code)
