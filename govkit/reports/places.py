"""Where in the repository a result is shown: the line of govkit.yaml, the metadata file, the model or the data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from govkit.core.evidence import Evidence
from govkit.core.record import AuditRecord, Checkout, Run

_ASKED: Final = re.compile(r"(\w+):(?:\s*\{(\w+):)?")
_SECTIONS: Final = {"pii": "personal_data", "provenance": "provenance"}
"""Section of govkit.yaml that a family of checks is about."""


@dataclass(frozen=True)
class Place:
    """A line of a file, as a path from the top of the repository."""

    path: str
    line: int = 1

    @property
    def uri(self) -> str:
        """The path as a URI reference."""
        return quote(self.path.encode("utf-8", "replace"))


def place(record: AuditRecord, *, check: str = "", criterion: str = "", where: str = "") -> Place | None:
    """Give the place of a criterion or of a finding; None where the record knows no file in a repository.

    Args:
        record: an audit record.
        check: the check that measured, or its family.
        criterion: the criterion, where it is about one.
        where: what a finding says of its place: a file, a column.
    """
    known = record.run.checkout
    if known is None:
        return None
    if said := _said(record, known, where):
        return said
    family = check.partition(".")[0]
    if family == "security" and known.model:
        return Place(known.model)
    if family == "provenance" and known.metadata and "provenance" not in known.config_lines:
        return Place(known.metadata[0])
    if known.config:
        return _in_config(record, known, check, criterion, where)
    other = next((path for path in (known.model, *known.data.values()) if path), "")
    return Place(other) if other else None


def _said(record: AuditRecord, known: Checkout, where: str) -> Place | None:
    """Give the file that a finding itself names, with its line where it has one."""
    file = _named(known, where)
    return Place(file) if file and file != known.config else _signed(record, known, where)


def _named(known: Checkout, where: str) -> str:
    """Give the file whose name a place begins with."""
    for path in (known.config, known.model, *known.data.values(), *known.metadata):
        name = PurePosixPath(path).name
        if name and re.match(rf"{re.escape(name)}(?![\w.-])", where):
            return path
    return ""


def _signed(record: AuditRecord, known: Checkout, where: str) -> Place | None:
    """Give the line of an attestation or a waiver, `waivers.yaml:3` for instance."""
    name, _, line = where.rpartition(":")
    for field in ("attestations", "waivers"):
        file = PurePosixPath(str(record.result.config.get(field, "")))
        if known.config and file.name == name and line.isdecimal():
            path = PurePosixPath(known.config).parent / file
            return None if path.is_absolute() or ".." in path.parts else Place(str(path), int(line))
    return None


def _in_config(record: AuditRecord, known: Checkout, check: str, criterion: str, where: str) -> Place:
    """Give the line of govkit.yaml that is nearest to what a result is about."""
    keys = [f"criteria.{criterion}", f"checks.{check}"]
    section = _SECTIONS.get(check.partition(".")[0], "")
    if where.startswith("column "):
        keys.append(f"personal_data.declared.{where.removeprefix('column ')}")
    keys += [f"{section}.{check.partition('.')[2]}", *_asked(record, check), section]
    return Place(known.config, next((known.config_lines[key] for key in keys if key in known.config_lines), 1))


def _asked(record: AuditRecord, check: str) -> Iterator[str]:
    """Give the keys of the line that a check asked for, the inner one first."""
    evidence: Evidence | None = next((one for one in record.result.evidence if one.check == check), None)
    found = _ASKED.match(evidence.ask) if evidence else None
    if found:
        yield f"{found[1]}.{found[2]}"
        yield found[1]


def _inside(path: str) -> str:
    """Give a path as it stands in the repository, empty where it is absolute or leads out."""
    pure = PurePosixPath(path)
    return "" if not path or pure.is_absolute() or ".." in pure.parts else str(pure)


def _configuration(run: Run) -> str:
    """Find the configuration's path in the repository from a folder that the command line named.

    It is looked for upward from the data, and kept as an absolute path. A folder on the command line that is the
    end of it says where the repository begins; without one, nothing does.
    """
    path = PurePosixPath(run.config_path)
    if not run.config_path or not path.is_absolute():
        return _inside(run.config_path)
    for named in (run.model_path, *run.data_paths.values()):
        folders = PurePosixPath(_inside(named)).parents
        for folder in [folder for folder in folders if folder.name]:
            if path.parent.parts[-len(folder.parts) :] == folder.parts:
                return str(folder / path.name)
    return ""


def path_in_repository(record: AuditRecord) -> str:
    """Give the file that results point to, relative to where the audit ran; empty where there is none inside."""
    run = record.run
    candidates = (_configuration(run), _inside(run.model_path), *map(_inside, run.data_paths.values()))
    return next((path for path in candidates if path), "")


def uri_in_repository(record: AuditRecord) -> str:
    """Give the same file as a URI reference, or an absolute one where no path lies inside."""
    path = path_in_repository(record)
    if path:
        return quote(path.encode("utf-8", "replace"))
    run = record.run
    absolute = run.config_path or run.model_path or run.data_paths.get("test", "")
    return f"file://{quote(absolute.encode('utf-8', 'replace'))}" if absolute.startswith("/") else ""
