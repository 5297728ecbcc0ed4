"""`govkit redact`: a copy of a data file without personal data, and the proof."""

from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import ConfigOption, app


@app.command()
def redact(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="The data file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The copy to write.")],
    config: ConfigOption = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="Key for hashes that match those of other runs.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Also write what was done as JSON.")] = None,
) -> None:
    """Write a copy of a data file without personal data."""
    from govkit.cli.console import table, wrapped
    from govkit.core.errors import InputProblem
    from govkit.pii.redaction import redact as write_copy
    from govkit.pii.settings import settings_for

    try:
        key = key_file.read_bytes() if key_file is not None else None
    except OSError as error:
        raise InputProblem(f"{key_file} can't be read: {error.strerror}", hint="check --key-file") from None
    done = write_copy(data, out, settings_for(config, data), key=key)
    if report is not None:
        report.write_text(done.model_dump_json(indent=2) + "\n", encoding="utf-8")
    print(f"{out}: {done.rows:,} rows")
    rows = [(f"  {action.column}", action.entity, action.operator) for action in done.columns]
    rows += [("  (inside text)", entity, f"{cells:,} cells") for entity, cells in done.inside.items()]
    print(table(("  column", "held", "done"), rows) if rows else "  nothing to redact was found")
    if done.rows_left_out:
        print(wrapped(f"  {done.rows_left_out:,} rows of another width than the header were left out."))
    print(
        wrapped(
            "A scan of the copy finds no direct identifier and no secret. Names inside sentences were looked for by "
            "word lists alone, which miss some."
        )
    )
