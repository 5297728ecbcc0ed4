"""`govkit compare`: what changed from one audit to another."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govkit.cli.app import app

if TYPE_CHECKING:
    from govkit.comparison import Comparison, CriterionChange, MeasurementChange

Rows = list[tuple[str, ...]]
Section = tuple[str, tuple[str, ...], Rows]
FORMATS = ("table", "md", "json")


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The earlier audit.json.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The later audit.json.")],
    form: Annotated[str, typer.Option("--format", help="table, md or json.")] = "table",
) -> None:
    """Compare two audits of one system by more than chance."""
    import json
    from dataclasses import asdict

    from govkit.cli.plain import say
    from govkit.comparison import compare as compared
    from govkit.core.errors import UsageProblem
    from govkit.records import read_record

    if form not in FORMATS:
        raise UsageProblem(f"there is no format {form!r}", hint=f"formats are: {', '.join(FORMATS)}")
    found = compared(read_record(old), read_record(new))
    if form == "json":
        say(json.dumps(asdict(found), indent=2, default=str))
    else:
        say(_written(found, markdown=form == "md"))


def _written(found: "Comparison", *, markdown: bool) -> str:
    from govkit.cli.console import table
    from govkit.reports.markdown import literal
    from govkit.reports.markdown import table as markdown_table
    from govkit.reports.outcomes import one_line

    def laid_out(header: Sequence[str], rows: Rows) -> str:
        if markdown:
            return "\n".join(markdown_table(header, rows))
        return table(header, [tuple(one_line(cell) for cell in row) for row in rows])

    head = [literal(line) if markdown else one_line(line) for line in _head(found)]
    parts = ["\n".join(head), *_sections(found, laid_out, "### " if markdown else "")]
    return "\n\n".join(parts)


def _head(found: "Comparison") -> Iterator[str]:
    old, new = found.old, found.new
    same = "the same model" if old.model_sha256 == new.model_sha256 else "another model"
    yield f"{found.system}: {old.verdict.upper()} on {old.as_of}, {new.verdict.upper()} on {new.as_of}, {same}"
    yield (
        f"{len(found.measurements)} measurements changed by more than chance, {found.within_chance} differ within it, "
        f"{found.equal} are the same"
    )


def _sections(found: "Comparison", laid_out: Callable[[Sequence[str], Rows], str], mark: str) -> Iterator[str]:
    sections: list[Section] = [
        ("Criteria", ("criterion", "was", "is", "change", "note"), _criteria(found)),
        ("Controls", ("framework", "control", "was", "is", "change"), _controls(found)),
        ("Measurements", ("check", "measurement", "was", "is", "difference", "change"), _measurements(found)),
        ("Measured by one side only", ("side", "measurement"), _one_sided(found)),
    ]
    for title, header, rows in sections:
        if rows:
            yield f"{mark}{title}\n\n{laid_out(header, rows)}" if mark else f"{title}\n{laid_out(header, rows)}"


def _word(state: str | None) -> str:
    return "absent" if state is None else state.replace("_", " ")


def _criteria(found: "Comparison") -> Rows:
    chance = {True: "beyond chance", False: "within chance", None: ""}
    return [
        (
            one.criterion,
            _word(one.old),
            _word(one.new),
            one.direction,
            ", ".join(
                note
                for note in (
                    "gated" if one.gated else "",
                    chance[one.beyond_chance],
                    "limit moved" if one.limit_moved else "",
                    f"waiver {one.waiver}" if one.waiver else "",
                    _lost(one),
                )
                if note
            ),
        )
        for one in found.criteria
    ]


def _lost(one: "CriterionChange") -> str:
    """Say why a failure that was waived no longer is."""
    if not one.waiver_lost:
        return ""
    return f"no longer waived: {one.waiver_lost_because.rstrip('.') or f'{one.waiver_lost} is gone'}"


def _controls(found: "Comparison") -> Rows:
    return [(one.framework, one.control, _word(one.old), _word(one.new), one.direction) for one in found.controls]


def _measurements(found: "Comparison") -> Rows:
    return [_measurement(one) for one in found.measurements]


def _measurement(one: "MeasurementChange") -> tuple[str, ...]:
    from govkit.reports.wording import brackets, grouped, quantity

    about = f" ({grouped(one.group)})" if one.group else ""
    old, new = (
        " ".join(
            part for part in (quantity(side.value, one.unit), brackets(side.low, side.high, one.unit, None)) if part
        )
        for side in (one.old, one.new)
    )
    limits = brackets(one.low, one.high, one.unit, None)
    difference = " ".join(part for part in (quantity(one.difference, one.unit), limits) if part)
    return (
        one.check,
        f"{one.name}{about}",
        old,
        new,
        difference,
        one.direction + ("" if one.alike else ", other method"),
    )


def _one_sided(found: "Comparison") -> Rows:
    rows: Rows = [("new", name) for name in found.added]
    return rows + [("old", name) for name in found.removed]
