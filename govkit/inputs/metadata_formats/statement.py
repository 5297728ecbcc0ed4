"""What a metadata file says, in one vocabulary for all standards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

MAX_VALUES = 200
MAX_TEXT = 2_000
FIELDS = (
    "title",
    "description",
    "source",
    "license",
    "version",
    "collected_from",
    "collected_to",
    "issued",
    "geography",
    "lawful_basis",
    "retention_until",
    "contact",
    "intended_use",
    "processing",
    "original",
    "model_origin",
    "personal_data",
    "privacy_techniques",
    "regions_allowed",
    "regions_forbidden",
    "code_revision",
)
"""Every field that a statement may be about."""
PLACEHOLDERS = frozenset(
    "tbd todo tba fixme xxx n/a na none null unknown unspecified undefined placeholder ? - -- ... .. . lorem ipsum "
    "example test".split()
) | frozenset(
    (
        "[more information needed]",
        "more information needed",
        "lorem ipsum",
        "to do",
        "to be determined",
        "to be done",
        "to be defined",
        "to be announced",
        "not available",
        "not specified",
        "fill in",
        "your name",
    )
)
"""Texts that stand where an answer should."""


@dataclass(frozen=True)
class Statement:
    """One field as one source states it."""

    field: str
    values: tuple[str, ...]
    pointer: str
    """Where in the source: a JSON pointer, or a dotted path of a YAML file."""


@dataclass(frozen=True)
class DeclaredFile:
    """A file that a source describes."""

    name: str
    """Its name without folders."""
    sha256: str
    """As written there, lower case; empty where there is none."""
    size: int | None
    source: str
    pointer: str
    md5: str = ""
    """As written there, lower case; DVC identifies files by it."""


@dataclass(frozen=True)
class DeclaredTable:
    """The rows and columns that a source says a file has."""

    file: str
    """Its name without folders; empty where the source describes one table without naming its file."""
    columns: tuple[tuple[str, str], ...]
    """Name and type of each column: `integer`, `number`, `boolean`, `date`, `text`, or empty where none is stated."""
    rows: int | None
    source: str
    pointer: str


@dataclass(frozen=True)
class DeclaredParent:
    """A data set that the data was derived from."""

    name: str
    sha256: str
    source: str
    pointer: str


@dataclass
class Content:
    """Everything one source says."""

    statements: list[Statement] = field(default_factory=list)
    files: list[DeclaredFile] = field(default_factory=list)
    parents: list[DeclaredParent] = field(default_factory=list)
    tables: list[DeclaredTable] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    """Library versions at training."""
    descriptions: dict[str, str] = field(default_factory=dict)
    """What the source says about columns, by their names."""
    lacks: list[str] = field(default_factory=list)
    """Pointers to what the source's own standard requires and the source doesn't have."""

    def describe(self, column: str, *values: object) -> None:
        """Keep what is said about a column."""
        said = " ".join(text for value in values for text in texts(value))[:MAX_TEXT]
        if said:
            self.descriptions[column] = said

    def say(self, name: str, value: object, pointer: str) -> None:
        """Add a statement; a value without text adds nothing, and a field that was stated already stays."""
        values = texts(value)
        if values and not any(stated.field == name for stated in self.statements):
            self.statements.append(Statement(name, values, pointer))


def texts(value: object) -> tuple[str, ...]:
    """Give the texts of a JSON value: itself, each of a list, or the name of an object."""
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int | float):
        text = " ".join(str(value).split())[:MAX_TEXT]
        return (text,) if text else ()
    if isinstance(value, Mapping):
        return next((found for key in _NAMING if (found := texts(value.get(key)))), ())
    if isinstance(value, Sequence):
        return tuple(text for item in value[:MAX_VALUES] for text in texts(item))[:MAX_VALUES]
    return ()


_NAMING = ("@value", "name", "title", "https://schema.org/name", "path", "url", "https://schema.org/url", "@id", "id")
"""Keys that an object is called by, first match first."""


def items(value: object) -> Iterable[tuple[int, Mapping[str, object]]]:
    """Give the objects of a list, or a single object, with their positions."""
    listed = value if isinstance(value, list) else [value]
    return [(index, item) for index, item in enumerate(listed[:MAX_VALUES]) if isinstance(item, Mapping)]


def as_size(value: object) -> int | None:
    """Read a size in bytes from `123`, `"123"` or `"123 B"`; anything else says nothing exact."""
    text = str(value).removesuffix("B").strip() if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - fits 64 bits


def file_name(path: str) -> str:
    """Give a path's or an address's last part."""
    return path.split("?", 1)[0].split("#", 1)[0].replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def as_digest(value: object) -> str:
    """Give a SHA-256 as 64 lower-case digits, with or without the prefix `sha256:`; else the text as it is."""
    text = str(value).strip().lower() if isinstance(value, str) else ""
    return text.removeprefix("sha256:").removeprefix("sha256-")


def is_placeholder(text: str) -> bool:
    """Say whether a text stands where an answer should: `TBD`, `N/A`, `[More Information Needed]`."""
    plain = text.strip().casefold()
    return not plain or plain in PLACEHOLDERS or plain.strip("<>[]{}() ") in PLACEHOLDERS
