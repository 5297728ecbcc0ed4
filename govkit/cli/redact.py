"""`govkit redact`: copies of data files without personal data, and the proof."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govkit.cli.app import ConfigOption, app

if TYPE_CHECKING:
    from govkit.pii.redaction import RedactionReport


@app.command()
def redact(
    data: Annotated[list[Path], typer.Argument(metavar="DATA...", help="Data files or folders of them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The copy; of several, the folder to write them to.")],
    config: ConfigOption = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="Key for hashes that match those of other runs.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Also write what was done as JSON.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Language model on this disk that finds names in sentences.")
    ] = None,
) -> None:
    """Write copies of data files without personal data."""
    from govkit.cli.console import wrapped
    from govkit.core.errors import InputProblem
    from govkit.pii.redaction import redact as write_copy
    from govkit.pii.redaction import redact_all
    from govkit.pii.settings import settings_for
    from govkit.pii.writing import whole_or_absent

    try:
        key = key_file.read_bytes() if key_file is not None else None
    except OSError as error:
        raise InputProblem(f"{key_file} can't be read: {error.strerror}", hint="check --key-file") from None
    settings = settings_for(config, data[0], model)
    several = len(data) > 1 or data[0].is_dir()
    done: list[RedactionReport] = []
    for item in redact_all(data, out, settings, key=key) if several else (write_copy(data[0], out, settings, key=key),):
        done.append(item)
        _tell(item, out / item.source if several else out)
    if report is not None:
        made = [item.model_dump(mode="json") for item in done]
        with whole_or_absent(report) as draft:
            draft.write_text(json.dumps(made if several else made[0], indent=2) + "\n", encoding="utf-8")
    print(wrapped(_proof(done[0].names_by)))


def _tell(done: "RedactionReport", out: Path) -> None:
    from govkit.cli.console import table, wrapped

    print(f"{out}: {done.rows:,} rows")
    rows = [(f"  {action.column}", action.entity, action.operator) for action in done.columns]
    rows += [("  (inside text)", entity, f"{cells:,} cells") for entity, cells in done.inside.items()]
    print(table(("  column", "held", "done"), rows) if rows else "  nothing to redact was found")
    if done.rows_left_out:
        print(wrapped(f"  {done.rows_left_out:,} rows of another width than the header were left out."))


def _proof(names_by: str) -> str:
    from govkit.pii.prose import RECALL

    proof = (
        "A scan of what was written finds no direct identifier and no secret. Names in sentences were looked for by "
    )
    if names_by != "word lists":
        return f"{proof}the language model {names_by}; govkit has not measured how many it misses."
    return f"{proof}word lists alone, which on marked texts miss {1 - RECALL['PERSON']:.0%} of them."
