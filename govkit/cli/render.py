"""Render formats of an existing record beside it."""

import sys
from pathlib import Path

from govkit.core.errors import MissingExtra, NothingToWrite


def render_again(path: Path, formats: tuple[str, ...], out: Path | None) -> list[Path]:
    """Write formats of a record into a folder, replacing files of the same name; other files stay. Give the files.

    Raises:
        MissingExtra: only where no format at all could be rendered; NothingToWrite likewise.
    """
    from govkit.delivery import formats_named, put
    from govkit.records import read_record

    record = read_record(path)
    folder = out or path.parent
    missing: list[MissingExtra | NothingToWrite] = []
    written: list[Path] = []
    for report in formats_named(formats):
        try:
            written.append(put(folder, report.file, report.render(record)))
            print(written[-1])
        except (MissingExtra, NothingToWrite) as problem:
            missing.append(problem)
            print(f"{report.file} was not written: {problem.message}; {problem.hint}", file=sys.stderr)
    if missing and len(missing) == len(formats):
        raise missing[0]
    return written
