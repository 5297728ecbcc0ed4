"""The statements about all controls as an Excel workbook, and back into attestations.yaml without losing anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from govkit import __version__
from govkit.assessment.attestations import (
    Attestation,
    AttestationFile,
    Audited,
    Paper,
    Statement,
    entries,
    judge_attestations,
)
from govkit.assessment.entry_writing import Place, checked, drafted, put
from govkit.assessment.signing import MESSAGES, Project
from govkit.config import System
from govkit.core.control import Control, DocumentState, Framework
from govkit.core.digest import sha256_of_file
from govkit.core.errors import UsageProblem
from govkit.core.messages import sentence
from govkit.strict_yaml import Document, did_you_mean, read
from govkit.workbooks import FIRST_YEAR, Column, Row, Sheet, Table, Value, at, unwritable
from govkit.workbooks import read as read_workbook
from govkit.workbooks import write as write_workbook

CHECKLIST: Final = "Checklist"
PAPERS: Final = "Documents"
ABOUT: Final = "About"
VERDICTS: Final = ("met", "not_met", "not_applicable")
CHECKLIST_COLUMNS: Final = (
    Column("framework", 14),
    Column("control", 14),
    Column("label", 32),
    Column("asks for", 48),
    Column("needs", 20),
    Column("documents it calls for", 32),
    Column("verdict", 14, choices=VERDICTS, to_fill=True),
    Column("statement", 48, to_fill=True),
    Column("name", 20, to_fill=True),
    Column("role", 20, to_fill=True),
    Column("contact", 20, to_fill=True),
    Column("effective on", 13, dated=True, to_fill=True),
    Column("recorded on", 13, dated=True, to_fill=True),
    Column("expires on", 13, dated=True, to_fill=True),
)
PAPER_COLUMNS: Final = (
    Column("framework", 14, to_fill=True),
    Column("control", 14, to_fill=True),
    Column("path", 48, to_fill=True),
    Column("sha256", 68, to_fill=True),
    Column("kind", 24, to_fill=True),
    Column("reviewed on", 13, dated=True, to_fill=True),
)
FILLED: Final = tuple(column.title for column in CHECKLIST_COLUMNS if column.to_fill)
HELP: Final = (
    "Fill in the yellow columns of the sheet Checklist, one statement a control; a row without any is left alone.",
    "Name each document of a statement in the sheet Documents, by its path from the folder of govkit.yaml.",
    "An empty `sha256` is taken from the document as it is; delete one to attest a document that was changed.",
    "An empty `effective on` or `recorded on` becomes the day on which the workbook is read.",
    "govkit attest --from-xlsx FILE takes all of it over, or names each cell that has to be corrected and takes none.",
    "A statement that stands in attestations.yaml and not here stays there.",
)
_FIELDS: Final = {
    "by": "name",
    "effective_on": "effective on",
    "recorded_on": "recorded on",
    "expires_on": "expires on",
}
_SPOKEN: Final = {"by.name": "name", "by.role": "role", "effective_on": "effective on", "recorded_on": "recorded on"}
Key = tuple[str, str]
Entry = dict[str, object]


@dataclass(frozen=True)
class TakenOver:
    """What became of a workbook."""

    path: Path
    written: tuple[Key, ...] = ()
    unchanged: int = 0
    absent: tuple[Key, ...] = ()
    """Statements of attestations.yaml that the workbook doesn't have; they stay."""
    passed_over: tuple[str, ...] = ()
    """Columns that attestations.yaml has no place for."""
    problems: tuple[UsageProblem, ...] = ()
    """What has to be corrected, cell by cell; where there is any, nothing was written."""


def to_workbook(project: Project, frameworks: Sequence[Framework], day: date) -> bytes:
    """Give every control with what is stated about it, and the documents of every statement, as a workbook.

    Raises:
        UsageProblem: attestations.yaml can't be read whole, or holds a text that a cell can't.
        MissingExtra: openpyxl is not installed.
    """
    existing = _existing(project)
    stated = {(one.framework, one.control): one for one in existing}
    known = [(framework, control) for framework in frameworks for control in _statable(framework)]
    listed = [(framework.id, control.id) for framework, control in known]
    rows = [_checklist_row(*key, control, stated.get(key)) for key, (_, control) in zip(listed, known, strict=True)]
    rows += [_checklist_row(*key, None, one) for key, one in stated.items() if key not in listed]
    papers = [_paper_row(one, paper) for one in existing for paper in one.documents]
    _must_be_writable(project, existing)
    system = project.config.system
    about = [("system", system.id), ("version", system.version), ("written by", f"govkit {__version__}")]
    about += [("help", line) for line in HELP]
    sheets = [
        Sheet(CHECKLIST, CHECKLIST_COLUMNS, tuple(rows)),
        Sheet(PAPERS, PAPER_COLUMNS, tuple(papers)),
        Sheet(ABOUT, (Column("about", 16), Column("value", 100)), tuple(about)),
    ]
    return write_workbook(sheets, day)


def from_workbook(project: Project, frameworks: Sequence[Framework], path: Path, day: date) -> TakenOver:
    """Take every new or changed statement of a workbook over into attestations.yaml, or none at all.

    Args:
        project: where attestations.yaml is.
        frameworks: those that statements may be about.
        path: the workbook.
        day: date of statements that name none, and the one that dates are held against.

    Raises:
        UsageProblem: the workbook isn't one of this system's checklists, or a file can't be read.
        InputProblem: the workbook can't be opened, or attestations.yaml can't be written.
        MissingExtra: openpyxl is not installed.
    """
    sheets = read_workbook(path)
    _must_be_ours(path, sheets, project.config.system)
    before = _existing(project)
    old = {(one.framework, one.control): one for one in before}
    reading = _Reading(path, project, frameworks, day, sheets.get(PAPERS, Table(PAPERS, (), ())))
    found = reading.statements(sheets[CHECKLIST])
    changed = {key: entry for key, entry in found.items() if key not in old or not reading.same(entry, old[key])}
    reading.check(changed)
    place = _place(project)
    if changed and not reading.problems:
        reading.problems += _written(place, project, frameworks, changed, reading)
    if reading.problems:
        return TakenOver(place.path, problems=tuple(reading.problems))
    known = {CHECKLIST: CHECKLIST_COLUMNS, PAPERS: PAPER_COLUMNS}
    passed_over = [
        f"{name}: {title}"
        for name, columns in known.items()
        for title in (sheets[name].columns if name in sheets else ())
        if title not in {column.title for column in columns}
    ]
    return TakenOver(
        path=place.path,
        written=tuple(changed),
        unchanged=len(found) - len(changed),
        absent=tuple(key for key in old if key not in found),
        passed_over=tuple(passed_over),
    )


def _place(project: Project) -> Place:
    system = project.config.system
    about = {"id": system.id, "version": system.version} if system.version else {"id": system.id}
    head = {"govkit_attestations": "1", "system": about}
    return Place(project.folder / project.config.attestations, "attestations", head)


def _existing(project: Project) -> tuple[Attestation, ...]:
    """Give the statements of attestations.yaml, each of which must be whole."""
    path = project.folder / project.config.attestations
    if not path.exists():
        return ()
    document = read(path)
    file = document.parse(AttestationFile)
    found: dict[Key, Attestation] = {}
    for index, (_, entry) in enumerate(entries(document, "attestations", file.attestations, Attestation)):
        if isinstance(entry, UsageProblem):
            raise entry
        key = (entry.framework, entry.control)
        if key in found:
            where = ("attestations", index)
            raise document.problem(where, f"{key[0]} {key[1]} has two statements", hint="keep one")
        found[key] = entry
    return tuple(found.values())


def _statable(framework: Framework) -> tuple[Control, ...]:
    return () if framework.not_applicable_because else framework.controls


def _checklist_row(framework: str, name: str, control: Control | None, stated: Attestation | None) -> tuple[Value, ...]:
    asked = (
        (control.label, control.statement, ", ".join(control.needs), "; ".join(control.documents))
        if control
        else ("",) * 4
    )
    if stated is None:
        return (framework, name, *asked, *("",) * len(FILLED))
    by, dates = stated.by, (stated.effective_on, stated.recorded_on, stated.expires_on)
    said = (stated.verdict, stated.statement, by.name, by.role, by.contact)
    return (framework, name, *asked, *said, *(_day(day) for day in dates))


def _paper_row(stated: Attestation, paper: Paper) -> tuple[Value, ...]:
    day = _day(paper.reviewed_on)
    return (stated.framework, stated.control, paper.path, paper.sha256, paper.kind, day)


def _day(day: date | None) -> Value:
    """Give a date as a date, or as text where Excel has none."""
    if day is None:
        return ""
    return day if day.year > FIRST_YEAR else day.isoformat()


def _must_be_writable(project: Project, existing: Sequence[Attestation]) -> None:
    for index, stated in enumerate(existing):
        texts = [stated.statement, stated.by.name, stated.by.role, stated.by.contact]
        texts += [text for paper in stated.documents for text in (paper.path, paper.kind)]
        if why := next(filter(None, map(unwritable, texts)), ""):
            document = read(project.folder / project.config.attestations)
            message = f"the statement about {stated.control} can't go into a cell: {why}"
            raise document.problem(("attestations", index), message, hint="correct it, or attest it by flags")


def _must_be_ours(path: Path, sheets: Mapping[str, Table], system: System) -> None:
    hint = "fill in the one that `govkit attest --to-xlsx FILE` writes"
    needed = {CHECKLIST: ("framework", "control", *FILLED)} | ({PAPERS: ("framework", "control", "path")})
    for name, titles in needed.items():
        if name not in sheets:
            raise UsageProblem(f"{path.name} has no sheet {name}", hint=hint)
        if missing := [title for title in titles if title not in sheets[name].columns]:
            raise UsageProblem(f"{path.name}, sheet {name}, row 1: there is no column {missing[0]!r}", hint=hint)
    if not system.id:
        message = "govkit.yaml declares no system.id that a statement could be about"
        raise UsageProblem(message, hint="add `system: {id: ...}` to govkit.yaml")
    about = [row for row in (sheets[ABOUT].rows if ABOUT in sheets else ()) if row.cells.get("about") == "system"]
    if about and about[0].cells.get("value") != system.id:
        where = at(path, ABOUT, about[0].number, "value")
        message = f"{where}: the workbook is about {about[0].cells.get('value')!r}, govkit.yaml about {system.id!r}"
        raise UsageProblem(message, hint="take over each system's workbook in its own project")


@dataclass
class _Reading:
    """A workbook while it is read: its rows by control, and what is wrong with its cells."""

    path: Path
    project: Project
    frameworks: Sequence[Framework]
    day: date
    papers: Table
    problems: list[UsageProblem] = field(default_factory=list)
    rows: dict[Key, Row] = field(default_factory=dict)
    paper_rows: dict[Key, list[Row]] = field(default_factory=dict)

    def statements(self, sheet: Table) -> dict[Key, Entry]:
        """Give an entry for each row that states something."""
        for row in self.papers.rows:
            key = (self.text(row, "framework"), self.text(row, "control"))
            self.paper_rows.setdefault(key, []).append(row)
        for row in sheet.rows:
            key = (self.text(row, "framework"), self.text(row, "control"))
            if not any(row.cells.get(title) for title in FILLED):
                continue
            if key in self.rows:
                self.wrong(row, "control", f"{key[0]} {key[1]} stands twice", f"first in row {self.rows[key].number}")
                continue
            self.rows[key] = row
        for key, papers in self.paper_rows.items():
            if key not in self.rows:
                hint = "write the statement into the sheet Checklist, or delete this row"
                self.wrong(
                    papers[0], "control", f"a document of {key[0]} {key[1]}, about which nothing is stated", hint
                )
        return {key: self.entry(key, row) for key, row in self.rows.items()}

    def entry(self, key: Key, row: Row) -> Entry:
        """Give a row as it would stand in attestations.yaml."""
        verdict = self.text(row, "verdict").strip().lower().replace(" ", "_")
        by = {name: self.text(row, name) for name in ("name", "role", "contact")}
        today = self.day.isoformat()
        entry: Entry = {
            "framework": key[0],
            "control": key[1],
            "verdict": verdict,
            "statement": self.text(row, "statement"),
            "by": {name: text for name, text in by.items() if text},
            "effective_on": self.date(row, "effective on") or today,
            "recorded_on": self.date(row, "recorded on"),
            "expires_on": self.date(row, "expires on"),
        }
        documents = [self.paper(paper) for paper in self.paper_rows.get(key, ())]
        kept = {name: value for name, value in entry.items() if value}
        return {**kept, "documents": documents} if documents else kept

    def paper(self, row: Row) -> Entry:
        """Give a document's row; one without a digest gets the one that it has now."""
        path, digest = self.text(row, "path"), self.text(row, "sha256").strip().lower()
        if not digest:
            try:
                digest = sha256_of_file(self.project.folder / path)
            except (OSError, ValueError):
                hint = f"documents lie in {self.project.folder}; give their paths from there"
                self.wrong(row, "path", f"the document {path!r} can't be read", hint)
        found = {"path": path, "sha256": digest, "kind": self.text(row, "kind")}
        return {name: text for name, text in {**found, "reviewed_on": self.date(row, "reviewed on")}.items() if text}

    def same(self, entry: Entry, old: Attestation) -> bool:
        """Say whether a row states what is stated already; dates that it leaves open are no change."""
        kept = {"recorded_on": old.recorded_on, **entry}
        if not self.rows[old.framework, old.control].cells.get("effective on"):
            kept["effective_on"] = old.effective_on
        try:
            return Attestation.model_validate(kept) == old
        except ValidationError:
            return False

    def check(self, changed: Mapping[Key, Entry]) -> None:
        """Hold each new or changed entry against what an attestation needs."""
        controls = {one.id: [control.id for control in _statable(one)] for one in self.frameworks}
        for key, entry in changed.items():
            row = self.rows[key]
            entry.setdefault("recorded_on", self.day.isoformat())
            if key[0] not in controls:
                hint = did_you_mean(key[0], controls, f"frameworks are: {', '.join(controls)}")
                self.wrong(row, "framework", f"there is no framework {key[0]!r}", hint)
            elif key[1] not in controls[key[0]]:
                hint = did_you_mean(key[1], controls[key[0]], "`govkit controls list` names them")
                self.wrong(row, "control", f"{key[0]} has no control {key[1]!r} to state something about", hint)
            elif problem := self.misfit(entry):
                self.problems.append(problem)

    def misfit(self, entry: Entry) -> UsageProblem | None:
        """Name the first cell of an entry that doesn't fit."""
        key = (str(entry["framework"]), str(entry["control"]))
        try:
            Attestation.model_validate(entry)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            path = first["loc"]
            if path[0] == "documents":
                row, column = self.paper_rows[key][int(path[1])], str(path[-1]).replace("_", " ")
            else:
                name = str(path[-1])
                row, column = self.rows[key], _FIELDS.get(name, name)
            if first["type"] == "missing":
                said = "the cell is empty"
            elif column == "verdict":
                said = f"a verdict is one of {', '.join(VERDICTS)}"
            else:
                said = first["msg"][:1].lower() + first["msg"][1:]
            return UsageProblem(f"{at(self.path, row.sheet, row.number, column)}: {said}", hint="correct the cell")
        return None

    def judged(self, key: Key, statement: Statement) -> UsageProblem:
        """Name the cell because of which a statement would not count."""
        because = statement.result.because
        row, column = self.rows[key], "statement"
        said = str(because.args.get("field", ""))
        path = (
            said.removeprefix("reviewed_on of ")
            if said.startswith("reviewed_on")
            else str(because.args.get("path", ""))
        )
        if path:
            row = next((one for one in self.paper_rows.get(key, ()) if self.text(one, "path") == path), row)
            column = "reviewed on" if said else "sha256" if because.id == "attestation.changed" else "path"
        elif because.id in {"attestation.expired", "attestation.dates_crossed"}:
            column = "expires on"
        elif because.id == "attestation.no_documents":
            column = "verdict"
        else:
            column = _SPOKEN.get(said, column)
        message = f"{at(self.path, row.sheet, row.number, column)}: {sentence(because, MESSAGES)}"
        return UsageProblem(message, hint="correct the cell; nothing was taken over")

    def text(self, row: Row, title: str) -> str:
        """Give a cell's text."""
        value = row.cells.get(title, "")
        return value.isoformat() if isinstance(value, date) else value

    def date(self, row: Row, title: str) -> str:
        """Give a cell's date as it is written in a file, empty where there is none."""
        value = row.cells.get(title, "")
        if isinstance(value, date):
            return value.isoformat()
        try:
            return date.fromisoformat(value.strip()).isoformat() if value.strip() else ""
        except ValueError:
            self.wrong(row, title, f"{value!r} is no date", "write it as 2026-03-31")
            return self.day.isoformat()

    def wrong(self, row: Row, title: str, message: str, hint: str) -> None:
        """Note what is wrong with a cell."""
        self.problems.append(UsageProblem(f"{at(self.path, row.sheet, row.number, title)}: {message}", hint=hint))


def _written(
    place: Place, project: Project, frameworks: Sequence[Framework], changed: Mapping[Key, Entry], reading: _Reading
) -> Iterator[UsageProblem]:
    """Put all entries into a draft and the draft in place, unless one of them would not count."""
    existing = read(place.path).parse(AttestationFile) if place.path.exists() else None
    keys = [(entry.get("framework"), entry.get("control")) for entry in (existing.attestations if existing else ())]
    draft = place
    try:
        for key, entry in changed.items():
            index = keys.index(key) if key in keys else None
            made = checked(draft, drafted(draft, entry, index), entry, index)
            # each draft takes the place of the one before, so that no name grows
            draft = Place(made if draft is place else made.replace(draft.path), place.section, place.head)
        model = existing.system.model_sha256 if existing else None
        audited = Audited(project.config, model or "", project.folder, reading.day)
        statements, _ = judge_attestations(_named(read(draft.path), place), audited, frameworks)
        uncounted = [key for key in changed if not _counts(statements[key])]
        yield from (reading.judged(key, statements[key]) for key in uncounted)
        if not uncounted:
            put(draft.path, place)
    finally:
        if draft is not place:
            draft.path.unlink(missing_ok=True)


def _named(draft: Document, place: Place) -> Document:
    """Give a draft under the name of the file that it is for."""
    return Document(place.path.name, draft.data, draft.root)


def _counts(statement: Statement) -> bool:
    result = statement.result
    return result.state is DocumentState.VALID or result.because.id == "attestation.not_met"
