"""What a scan for personal data prints."""

from collections.abc import Iterator

from govkit.cli.console import table, wrapped
from govkit.config import Config
from govkit.pii.declarations import undeclared
from govkit.pii.prose import RECALL
from govkit.pii.scan import ColumnReport, ScanReport, TableReport


def report_text(report: ScanReport, config: Config) -> str:
    """Lay out the findings; no value of the data is among them."""
    lines = [line for found in report.tables for line in _table(found, report.language_model or "word lists")]
    missing = undeclared(report, config)
    if missing:
        lines += ["", "Declared nowhere in govkit.yaml:"]
        columns = dict.fromkeys(item.column for item in missing)
        for column in columns:
            types = ", ".join(dict.fromkeys(item.entity for item in missing if item.column == column))
            lines.append(f"  personal_data: {{declared: {{{column}: [{types}]}}}}")
    lines += ["", wrapped(_prose(report))]
    return "\n".join(lines)


def _table(found: TableReport, by: str) -> Iterator[str]:
    files = f", {found.files:,} files" if found.files > 1 else ""
    yield f"{found.table}: {found.rows:,} rows, {len(found.columns):,} columns{files}"
    if found.odd_rows:
        rows_have = "row has" if found.odd_rows == 1 else "rows have"
        yield wrapped(
            f"  {found.odd_rows:,} {rows_have} another number of cells than the header; scanned as plain text."
        )
    for note in found.notes:
        yield wrapped(f"  Note: {note}.")
    rows = [row for column in found.columns for row in _rows(column, by)]
    if rows:
        yield table(("  column", "holds", "how surely", "cells", "why"), rows)
    else:
        yield "  no personal data found" if found.rows or found.odd_rows else "  there are no rows to look at"


def _rows(column: ColumnReport, by: str) -> Iterator[tuple[str, ...]]:
    name = f"  {_short(column.column)}"
    if column.entity:
        why = f"{column.category}; {', '.join(column.reasons)}"
        yield name, column.entity, column.likelihood or "", f"{column.present:,}", why
    for item in column.inside:
        if item.cells:
            shape = item.examples[0].shape if item.examples else ""
            yield name, item.entity, "in text", f"{item.cells:,}", f"{item.category}, for instance {_short(shape)}"
        if item.unread:
            yield name, item.entity, "not read", f"{item.unread:,}", "could hold it; there were too many to confirm"
    for seen in column.prose:
        yield name, seen.entity, "in prose", f"~{seen.texts / seen.sampled:.0%}", f"of sampled texts, by {by}"


def _prose(report: ScanReport) -> str:
    """Say what names and places inside sentences rest on."""
    if report.language_model is not None:
        return (
            f"Names and places inside sentences are estimates from samples by the language model "
            f"{report.language_model}; govkit has not measured how many it misses."
        )
    if not any(column.prose for found in report.tables for column in found.columns):
        return "Names and places inside sentences would take a language model (--model); word lists see none here."
    return (
        "Names and places inside sentences are estimates from samples: word lists, no language model (--model). On "
        f"marked texts they find {RECALL['PERSON']:.0%} of names and {RECALL['LOCATION']:.0%} of places."
    )


def _short(text: str, longest: int = 30) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
