"""`govkit checks`: which checks there are."""

import typer

from govkit.cli.app import app

checks = typer.Typer(name="checks", help="The checks.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(checks)


@checks.callback()
def _group() -> None:
    """Keep `list` a command of its own."""


@checks.command(name="list")
def list_checks() -> None:
    """List every check with what it needs."""
    from govkit.cli.console import table
    from govkit.plugins.check import CHECKS

    rows = [(found.id, found.facts().summary) for found in CHECKS.all().values()]
    typer.echo(table(("check", "what it does"), rows))
