"""What a GitHub workflow shows of an audit: annotations on the run and a summary page."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from govkit.core.record import AuditRecord

MOST_ERRORS: Final = 9
"""GitHub shows ten errors of a step; the tenth says how many more there are."""
MOST_SUMMARY: Final = 900_000
"""Bytes of the summary; GitHub drops one beyond 1 MiB whole."""
CUT: Final = b"\n\nThe summary was cut here; the whole of it is in the report.\n"


def on_github(environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether a GitHub workflow runs this."""
    return environment.get("GITHUB_ACTIONS") == "true"


@contextmanager
def commands_stopped(record: AuditRecord) -> Iterator[None]:
    """Keep GitHub from obeying lines that are printed meanwhile; nobody can put a record's own digest into it."""
    print(f"::stop-commands::{record.result_sha256}", flush=True)
    try:
        yield
    finally:
        print(f"::{record.result_sha256}::", flush=True)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _place(record: AuditRecord, workspace: str) -> str:
    """Give the configuration's or else the model's path in the checkout, empty where neither lies there."""
    if not workspace:
        return ""
    root = Path(workspace).resolve()
    for named in (record.run.config_path, record.run.model_path, *record.run.data_paths.values()):
        path = Path(named).resolve() if named else None
        if path is not None and path.is_relative_to(root) and path.is_file():
            return path.relative_to(root).as_posix()
    return ""


def annotations(record: AuditRecord, fallback: str = "") -> Iterator[str]:
    """Give one `::error` a blocker, the last one counting those that there is no room for.

    Args:
        record: an audit record.
        fallback: the file that blockers are shown at where the record knows no place of its own for them.
    """
    from govkit.reports.outcomes import outcomes
    from govkit.reports.places import Place, place

    blocking = [one for one in outcomes(record) if one.standing in {"failed", "incomplete"}]
    blocking.sort(key=lambda one: one.standing != "failed")
    for one in blocking[:MOST_ERRORS]:
        found = place(record, check=one.check, criterion=one.id) or (Place(fallback) if fallback else None)
        at = f"file={_property(found.path)},line={found.line}," if found else ""
        todo = f" To do: {one.remedy}" if one.remedy else ""
        yield f"::error {at}title={_property(f'govkit: {one.title}')}::{_message(one.text + todo)}"
    if len(blocking) > MOST_ERRORS:
        yield f"::error title=govkit::{len(blocking) - MOST_ERRORS} more are in the report"


def shortened(summary: bytes) -> bytes:
    """Cut a summary at the end of a line, below what GitHub takes."""
    if len(summary) <= MOST_SUMMARY:
        return summary
    return summary[: summary.rindex(b"\n", 0, MOST_SUMMARY - len(CUT))] + CUT


def tell_github(record: AuditRecord, environment: Mapping[str, str] = os.environ) -> None:
    """Print annotations and add to the step's summary; a summary that can't be written is said, not fatal."""
    from govkit.reports.summary_md import summary

    for line in annotations(record, _place(record, environment.get("GITHUB_WORKSPACE", ""))):
        print(line, flush=True)
    place = environment.get("GITHUB_STEP_SUMMARY")
    if not place:
        return
    try:
        with Path(place).open("ab") as page:
            page.write(shortened(summary(record)))
    except OSError as error:
        print(f"the step summary was not written: {error.strerror}", file=sys.stderr)
