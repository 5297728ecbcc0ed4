"""`govkit history`: how the audits of one folder went."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govkit.cli.app import app

if TYPE_CHECKING:
    from govkit.history import Course

MOST_SHOWN = 20
"""Audits in the trend of a criterion, the latest ones."""


@app.command()
def history(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that `govkit audit --out` wrote to.")],
    html: Annotated[Path | None, typer.Option("--html", help="Also write it as a web page into this file.")] = None,
) -> None:
    """Show the audits of a folder and what got better or worse."""
    from govkit.cli.console import can_show, table
    from govkit.cli.plain import say
    from govkit.core.errors import Exit
    from govkit.history import courses, entries, page, steps

    found = entries(folder)
    for entry in found:
        if entry.record is None:
            print(f"{entry.name} is left out: {entry.problem}", file=sys.stderr)
    readable = tuple((entry.name, entry.record) for entry in found if entry.record is not None)
    if not readable:
        raise typer.Exit(Exit.INPUT)
    rows = [
        (one.name, one.as_of, one.model, one.verdict.value, *map(str, (*one.counts, one.better, one.worse)))
        for one in steps(readable)
    ]
    say(table(("audit", "date", "model", "verdict", "pass", "fail", "open", "better", "worse"), rows))
    unicode = can_show(sys.stdout)
    trends = [_trend(course, unicode=unicode) for course in courses(tuple(record for _, record in readable))]
    if trends:
        say("")
        say(table(("gated criterion", "results", "latest", "values"), trends))
    if html is not None:
        from govkit.delivery import put

        put(html.parent, html.name, page(found))
        say(f"\n{html}")


def _trend(course: "Course", *, unicode: bool) -> tuple[str, str, str, str]:
    from govkit.reports.wording import NOTHING, RESULTS, quantity

    letters = "".join(
        ("-" if result is None else RESULTS[result].sign if unicode else result.value[0])
        for result in course.results[-MOST_SHOWN:]
    )
    latest = course.results[-1]
    values = [NOTHING if value is None else quantity(value, course.unit) for value in course.values[-MOST_SHOWN:]]
    return course.criterion, letters, "-" if latest is None else RESULTS[latest].word, " ".join(values)
