"""`govkit drift`: keep what training rows look like, and hold later rows against it."""

from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import ConfigOption, app

drift = typer.Typer(name="drift", help="Profiles for later rows.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(drift)


@drift.command(name="profile")
def profile(
    data: Annotated[Path, typer.Argument(metavar="TRAIN", help="The rows that a model was fitted on.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The profile to write.")] = Path("profile.json"),
    config: ConfigOption = None,
) -> None:
    """Write a profile of training rows: bins and counts, no rows."""
    from govkit.cli.plain import say
    from govkit.monitoring import write_profile

    written = write_profile(data, out, config)
    say(f"{out}  {len(written.columns)} columns of {written.rows:,} rows")


@drift.command(name="compare")
def compare(
    reference: Annotated[Path, typer.Argument(metavar="PROFILE", help="A profile of training rows.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Later rows.")],
    limit: Annotated[float, typer.Option("--limit", min=0.0, help="Stability index to end with 1 at.")] = 0.2,
    config: ConfigOption = None,
) -> None:
    """Hold later rows against a profile; end with 1 where a column has shifted."""
    from govkit.cli.console import table
    from govkit.cli.plain import say
    from govkit.core.errors import Exit
    from govkit.core.messages import shown
    from govkit.monitoring import compare_with_profile

    shifts, absent = compare_with_profile(reference, data, config)
    rows = [
        (one.column, shown(one.index), f"{shown(one.interval.low)} to {shown(one.interval.high)}", shown(one.chance))
        for one in shifts
    ]
    say(table(("column", "stability index", "interval", "p corrected"), rows))
    for name in absent:
        say(f"{name}: not in {data.name}, or too few values to compare")
    drifted = [one.column for one in shifts if (one.interval.low or 0.0) > limit]
    say(f"{len(drifted)} of {len(shifts)} columns have shifted beyond {limit:g}")
    raise typer.Exit(Exit.FAILED if drifted else Exit.INCOMPLETE if absent else Exit.PASSED)
