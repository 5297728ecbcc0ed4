"""`govkit report`: render a record again."""

from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import FormatOption, RecordArgument, TemplateOption, app


@app.command()
def report(
    record: RecordArgument,
    formats: FormatOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; else the record's own.")] = None,
    template: TemplateOption = None,
    show: Annotated[bool, typer.Option("--open", help="Open the first of them.")] = False,
) -> None:
    """Render reports from an audit.json, without model or data."""
    from govkit.cli.options import names
    from govkit.cli.render import render_again
    from govkit.reports.pages import templates_from

    with templates_from(template):
        written = render_again(record, names(formats) or ("html", "pdf"), out)
    if show:
        typer.launch(str(written[0]))


@app.command(name="card")
def card(
    record: RecordArgument,
    formats: FormatOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; else the record's own.")] = None,
    data: Annotated[bool, typer.Option("--data", help="The data sheet of the data instead.")] = False,
    template: TemplateOption = None,
) -> None:
    """Render the model card from an audit.json."""
    from govkit.cli.options import names
    from govkit.cli.render import render_again
    from govkit.reports.pages import templates_from

    kind = "data" if data else "card"
    with templates_from(template):
        render_again(record, tuple(f"{kind}-{name}" for name in names(formats) or ("md", "html", "pdf")), out)
