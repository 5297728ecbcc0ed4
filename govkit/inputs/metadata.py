"""Declared provenance: what govkit.yaml and metadata files beside the data say, each statement with its place."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from govkit.config import FILE_NAME, Config
from govkit.core.digest import sha256, sha256_of
from govkit.core.errors import InputProblem, UsageProblem
from govkit.core.evidence import Message
from govkit.inputs.metadata_formats import (
    croissant,
    data_package,
    data_trust,
    dataset_card,
    declarations,
    dvc,
    training_record,
)
from govkit.inputs.metadata_formats.statement import (
    Content,
    DeclaredFile,
    DeclaredParent,
    DeclaredTable,
    is_placeholder,
)

MESSAGES = {
    "metadata.unreadable": "{file} is not readable as {format} and was left out.",
    "metadata.too_large": "{file} has {size} bytes; metadata files of more than {limit} are left out.",
    "metadata.too_many": "More than {limit} metadata files stand beside the data; the rest was left out.",
}
MAX_BYTES = 4_000_000
MAX_FILES = 20
MAX_FOLDERS = 6


@dataclass(frozen=True)
class Field:
    """A field as one source states it."""

    name: str
    values: tuple[str, ...]
    source: str
    """The file's name."""
    pointer: str

    @property
    def text(self) -> str:
        """The values in one line."""
        return ", ".join(self.values)

    @property
    def is_placeholder(self) -> bool:
        """Whether it holds nothing but placeholders."""
        return all(is_placeholder(value) for value in self.values)


@dataclass(frozen=True)
class Source:
    """A metadata file that was read."""

    name: str
    format: str
    """`govkit.yaml`, `Croissant`, `Data Provenance Standards`, `data package`, `data set card`, ..."""
    sha256: str


@dataclass(frozen=True)
class Described:
    """What a source says about a column."""

    text: str
    source: str


@dataclass(frozen=True)
class Lack:
    """What a source's own standard requires and the source doesn't have."""

    pointer: str
    source: str
    standard: str


@dataclass(frozen=True)
class Metadata:
    """Declared provenance of data and model, best source first in every tuple."""

    stated: tuple[Field, ...] = ()
    files: tuple[DeclaredFile, ...] = ()
    parents: tuple[DeclaredParent, ...] = ()
    tables: tuple[DeclaredTable, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Library versions at training, as a training record states them."""
    sources: tuple[Source, ...] = ()
    notes: tuple[Message, ...] = ()
    """Metadata files that could not be used."""
    license_files: tuple[str, ...] = ()
    """Names of licence texts beside the data."""
    descriptions: Mapping[str, Described] = field(default_factory=dict)
    """What the best source says about columns, by their names."""
    lacks: tuple[Lack, ...] = ()
    root: Path = Path()
    """Folder that names of local parents are relative to."""

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Each field as its best source states it; placeholders only where nothing better is stated."""
        resolved: dict[str, Field] = {}
        for found in (*(item for item in self.stated if not item.is_placeholder), *self.stated):
            resolved.setdefault(found.name, found)
        return resolved

    @cached_property
    def conflicts(self) -> tuple[tuple[Field, ...], ...]:
        """Statements of one field by sources that disagree, the best source's first."""
        by_name: dict[str, list[Field]] = {}
        for found in self.stated:
            if not found.is_placeholder and found.name not in _FREE_WORDING:
                by_name.setdefault(found.name, []).append(found)
        return tuple(tuple(group) for group in by_name.values() if len({_plain(found) for found in group}) > 1)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that was read."""
        return sha256_of(
            {
                "stated": [[item.name, list(item.values), item.source, item.pointer] for item in self.stated],
                "files": [
                    [item.name, item.sha256, item.size, item.source, item.pointer, item.md5] for item in self.files
                ],
                "tables": [
                    [item.file, [list(column) for column in item.columns], item.rows, item.source, item.pointer]
                    for item in self.tables
                ],
                "environment": dict(self.environment),
                "parents": [[item.name, item.sha256, item.source, item.pointer] for item in self.parents],
                "sources": [[item.name, item.format, item.sha256] for item in self.sources],
                "notes": [note.model_dump(mode="json") for note in self.notes],
                "license_files": list(self.license_files),
                "descriptions": {name: [said.text, said.source] for name, said in self.descriptions.items()},
                "lacks": [[item.pointer, item.source] for item in self.lacks],
            }
        )

    def get(self, name: str) -> str:
        """Give a field's text, empty where it is not stated or only a placeholder stands there."""
        found = self.fields.get(name)
        return "" if found is None or found.is_placeholder else found.text

    def values(self, name: str) -> tuple[str, ...]:
        """Give a field's values without placeholders."""
        found = self.fields.get(name)
        return tuple(value for value in found.values if not is_placeholder(value)) if found else ()

    def declared_digests(self, file: str) -> tuple[DeclaredFile, ...]:
        """Give what the sources say about a file of that name, as far as they state a SHA-256."""
        return tuple(item for item in self.files if item.name == file and item.sha256)

    def local(self, name: str) -> Path | None:
        """Give the file of a parent that lies below the root, None where there is none."""
        path = (self.root / name).resolve()
        return path if path.is_relative_to(self.root.resolve()) and path.is_file() else None


ENDINGS = (".croissant.json", ".provenance.json", ".jsonld", ".dvc", ".training.json")
_FREE_WORDING = frozenset(("description", "title", "processing", "intended_use", "contact", "source"))
"""Fields that two sources may word differently without disagreeing."""


def read_metadata(data: Path, config: Config, root: Path) -> Metadata:
    """Read the declarations and the metadata files beside the data and in the folders above, up to the root.

    Nothing is fetched. A file that can't be used becomes a note.
    """
    contents: list[tuple[int, Source, Content]] = []
    block = declarations.read(config.provenance, FILE_NAME)
    if block.statements or block.files or block.parents:
        contents.append((0, Source(FILE_NAME, FILE_NAME, sha256_of(config.provenance)), block))
    folders = _folders(data, root)
    notes: list[Message] = []
    for path in _candidates(folders, notes):
        found = _read(path, notes)
        if found:
            contents.append(found)
    contents.sort(key=lambda item: item[0])
    return _together(contents, notes, folders, root)


def read_metadata_file(path: Path) -> Metadata:
    """Read one metadata file, wherever it lies.

    Raises:
        InputProblem: there is no such file, or it is no metadata that govkit knows.
    """
    notes: list[Message] = []
    try:
        found = _read(path, notes)
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}", hint="check the path") from None
    if found is None:
        too_large = any(note.id == "metadata.too_large" for note in notes)
        raise InputProblem(
            f"{path} has more than {MAX_BYTES} bytes"
            if too_large
            else f"{path} is not readable as metadata of a standard that govkit knows",
            hint="give Croissant, datapackage.json, *.provenance.json, README.md with front matter or *.dvc",
        )
    return _together([found], notes, [path.resolve().parent], path.resolve().parent)


def _together(
    contents: list[tuple[int, Source, Content]], notes: list[Message], folders: list[Path], root: Path
) -> Metadata:
    """Put together what the sources say, best source first."""
    return Metadata(
        stated=tuple(
            Field(said.field, said.values, source.name, said.pointer)
            for _, source, content in contents
            for said in content.statements
        ),
        files=tuple(file for _, _, content in contents for file in content.files),
        parents=tuple(parent for _, _, content in contents for parent in content.parents),
        tables=tuple(table for _, _, content in contents for table in content.tables),
        environment={name: text for _, _, content in contents for name, text in content.environment.items()},
        sources=tuple(source for _, source, _ in contents),
        notes=tuple(notes),
        license_files=tuple(sorted({path.name for folder in folders for path in _licences(folder)})),
        descriptions={
            name: Described(text, source.name)
            for _, source, content in reversed(contents)
            for name, text in content.descriptions.items()
        },
        lacks=tuple(
            Lack(pointer, source.name, source.format) for _, source, content in contents for pointer in content.lacks
        ),
        root=root,
    )


def _folders(data: Path, root: Path) -> list[Path]:
    """Give the data's folder and those above it up to the root; the root alone where it lies elsewhere."""
    first, last = data.resolve().parent, root.resolve()
    between = [first, *first.parents][:MAX_FOLDERS]
    return between[: between.index(last) + 1] if last in between else list(dict.fromkeys((first, last)))


def _candidates(folders: list[Path], notes: list[Message]) -> Iterator[Path]:
    found = [path for folder in folders for path in _listed(folder) if _is_metadata(path.name)]
    if len(found) > MAX_FILES:
        notes.append(Message(id="metadata.too_many", args={"limit": MAX_FILES}))
    yield from found[:MAX_FILES]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []


def _licences(folder: Path) -> Iterator[Path]:
    for path in _listed(folder):
        if path.stem.upper() in {"LICENSE", "LICENCE", "COPYING"} or path.name.startswith("LicenseRef-"):
            yield path


def _is_card(name: str) -> bool:
    return name.lower() == "readme.md"


def _is_metadata(name: str) -> bool:
    lower = name.lower()
    named = lower in {"croissant.json", "datapackage.json"}
    return named or _is_card(name) or lower.endswith(ENDINGS)


def _read(path: Path, notes: list[Message]) -> tuple[int, Source, Content] | None:
    reader = _card if _is_card(path.name) else _dvc if path.name.endswith(".dvc") else _json
    if path.stat().st_size > MAX_BYTES:
        arguments: dict[str, str | int] = {"file": path.name, "size": path.stat().st_size, "limit": MAX_BYTES}
        notes.append(Message(id="metadata.too_large", args=arguments))
        return None
    try:
        content = path.read_bytes()
        found = reader(content.decode("utf-8-sig"), path.name)
    except (OSError, ValueError, RecursionError, UsageProblem):
        kind = "a data set card" if reader is _card else "metadata of a standard that govkit knows"
        notes.append(Message(id="metadata.unreadable", args={"file": path.name, "format": kind}))
        return None
    if found is None:
        return None
    order, kind, said = found
    return order, Source(path.name, kind, sha256(content)), said


def _json(text: str, name: str) -> tuple[int, str, Content] | None:
    document = json.loads(text, parse_constant=_refuse)
    if croissant.is_croissant(document):
        return 1, "Croissant", croissant.read(document, name)
    if name.lower() == "datapackage.json" and isinstance(document, dict):
        return 3, "data package", data_package.read(document, name)
    if training_record.is_training_record(document):
        return 1, "training record", training_record.read(document, name)
    if data_trust.is_data_trust(document):
        return 2, "Data Provenance Standards", data_trust.read(document, name)
    raise ValueError(name)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _card(text: str, name: str) -> tuple[int, str, Content] | None:
    matter = dataset_card.front_matter(text)
    return (4, "data set card", dataset_card.read(_plain_yaml(matter, name), name)) if matter else None


def _dvc(text: str, name: str) -> tuple[int, str, Content] | None:
    return 3, "DVC", dvc.read(_plain_yaml(text, name), name)


def _plain_yaml(matter: str, name: str) -> Mapping[str, object]:
    """Read YAML as texts, lists and mappings, without aliases."""
    import yaml

    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(matter, Loader=yaml.BaseLoader)):
            raise ValueError(name)
        document = yaml.load(matter, Loader=yaml.BaseLoader)  # noqa: S506 - it makes text, lists and mappings only
    except yaml.YAMLError:
        raise ValueError(name) from None
    if not isinstance(document, dict):
        raise ValueError(name)  # noqa: TRY004 - one kind of error for everything unreadable
    return document


def _plain(found: Field) -> tuple[str, ...]:
    return tuple(sorted(" ".join(value.casefold().split()) for value in found.values))
