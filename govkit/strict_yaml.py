"""Read YAML without its traps: no aliases, no repeated keys, no surprising values, every problem with file and line."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from govkit.core.errors import UsageProblem

MAX_BYTES: Final = 2_000_000
MAX_DEPTH: Final = 40
Model = TypeVar("Model", bound=BaseModel)
KeyPath = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "date_type": "a date such as 2026-03-31",
    "date_parsing": "a date such as 2026-03-31",
    "date_from_datetime_parsing": "a date such as 2026-03-31",
    "date_from_datetime_inexact": "a date without a time, such as 2026-03-31",
}


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Give the candidate that a misspelt word most likely means, or an empty string."""
    close = difflib.get_close_matches(word, sorted(candidates), n=1, cutoff=0.6)
    return close[0] if close else ""


def did_you_mean(word: str, candidates: Iterable[str], otherwise: str) -> str:
    """Advise the nearest candidate, or what else to do when nothing is near."""
    close = nearest(word, candidates)
    return f"did you mean {close!r}?" if close else otherwise


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file with its line, counted from 1."""

    line: int
    data: Any
    written: str = ""
    """A single value exactly as it stands in the file."""
    members: "Mapping[Any, tuple[int, Node]]" = field(default_factory=dict)
    """Of a mapping: key to the key's line and the value."""
    items: "Sequence[Node]" = ()
    """Of a list."""


@dataclass(frozen=True)
class Document:
    """A YAML file as plain data that still knows its lines."""

    name: str
    """The file's name without its folder."""
    data: Any
    """Dictionaries, lists, text, numbers, booleans and None; dates stay text until a model asks for a date."""
    root: Node | None
    """The parsed tree, kept for line numbers; None for an empty file."""

    def line(self, path: KeyPath = ()) -> int:
        """Give the line of the deepest part of a path that the file holds, counted from 1."""
        return self._at(path)[0]

    def node(self, path: KeyPath) -> Node | None:
        """Give the part of the tree at a path, or the deepest one there is on the way."""
        return self._at(path)[2]

    def problem(self, path: KeyPath, message: str, *, hint: str) -> UsageProblem:
        """Make the error that points at a place in the file."""
        return UsageProblem(f"{self.name}:{self.line(path)}: {message}", hint=hint)

    def parse(self, model: type[Model]) -> Model:
        """Turn the data into a model.

        Raises:
            UsageProblem: the data doesn't fit; names the first place in the file and what belongs there.
        """
        try:
            return model.model_validate({} if self.data is None else self.data)
        except ValidationError as error:
            raise self._first_problem(error, model) from None

    def _at(self, path: KeyPath) -> tuple[int, KeyPath, Node | None]:
        """Follow a path to its line, the path without what the file doesn't hold, and the node.

        Pydantic's paths also name the members of unions; these are passed over.
        """
        node = self.root
        line, held = node.line if node else 1, []
        for part in path:
            if node is not None and part in node.members:
                line, node = node.members[part]
            elif node is not None and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                line = node.line
            else:
                continue
            held.append(part)
        return line, tuple(held), node

    def _first_problem(self, error: ValidationError, model: type[BaseModel]) -> UsageProblem:
        """Choose the most telling error: an unknown key explains others, then the first in the file."""
        found = error.errors(include_url=False)
        first = min(
            found, key=lambda item: (item["type"] != "extra_forbidden", self.line(item["loc"]), -len(item["loc"]))
        )
        path = first["loc"]
        held = self._at(path[:-1])[1]
        where = ".".join(str(part) for part in (*held, *path[-1:]) if part != "[key]") or "the file"
        message, hint = self._explained(first["type"], where, path, model, first)
        return self.problem(path, message, hint=hint)

    def _explained(
        self, kind: str, where: str, path: KeyPath, model: type[BaseModel], details: Mapping[str, Any]
    ) -> tuple[str, str]:
        """Say in our words what is wrong and what to write instead."""
        given, last = details["input"], str(path[-1]) if path else ""
        if kind == "extra_forbidden":
            keys = sorted(_keys_at(model, path[:-1]))
            homes = sorted(_homes(model, last))
            otherwise = f"it belongs under {' or '.join(homes)}" if homes else f"keys here are {', '.join(keys)}"
            return f"unknown key {last!r}", did_you_mean(last, keys, otherwise)
        if kind == "missing":
            return f"{where} is missing", f"add the line `{last}: ...`"
        if kind == "string_type" and isinstance(given, int | float):
            node = self.node(path)
            written = node.written if node and last != "[key]" else str(given)
            return f"{where} is read as a number or a truth value and must be text", f'put it in quotes: "{written}"'
        return _misfit(kind, where, given, details)


def _misfit(kind: str, where: str, given: object, details: Mapping[str, Any]) -> tuple[str, str]:
    """Say what a value of the wrong kind should have been."""
    if kind == "literal_error":
        choices = str(details["ctx"]["expected"])
        allowed = re.findall(r"'([^']*)'", choices)
        return f"{where} must be {choices}", did_you_mean(str(given), allowed, "use one of these words")
    hint = "give it a value" if given is None else "correct this value"
    if kind == "value_error":
        return f"{where}: {details['ctx']['error']}", hint
    if kind in _EXPECTED:
        return f"{where} must be {_EXPECTED[kind]}", hint
    # pydantic's remaining messages state the limit that the model declares, never the value
    return f"{where}: {details['msg'][:1].lower()}{details['msg'][1:]}", hint


def scalar(text: str) -> str:
    """Write text so that YAML reads the same text, quoted where it could be taken for anything else."""
    plain = text.replace("_", "").replace("-", "").replace(".", "")
    words = {"yes", "no", "true", "false", "null", "on", "off", "nan", "inf"}
    safe = plain.isascii() and plain.isalnum() and not text[0].isdigit() and text[0].isalnum()
    return text if safe and text.lower() not in words else json.dumps(text, ensure_ascii=False)


def read(source: Path | Traversable) -> Document:
    """Read a YAML file.

    Numbers, booleans and null are those of YAML 1.2's core: `NO`, `on`, `0123`, `1_000`, `12:30` and dates stay text.

    Raises:
        UsageProblem: the file is missing, over 2 MB, not UTF-8, not YAML, or uses aliases, tags or a key twice.
    """
    text = _text(source)
    root = _parsed(text, source.name)
    return Document(source.name, root.data if root else None, root)


def _text(source: Path | Traversable) -> str:
    try:
        with source.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{source.name} can't be read: {error.strerror or type(error).__name__}"
        raise UsageProblem(message, hint=f"check the path {source}") from None
    if len(content) > MAX_BYTES:
        raise UsageProblem(f"{source.name} is larger than {MAX_BYTES:,} bytes", hint="split it or shorten it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageProblem(f"{source.name}:{line}: not UTF-8 text", hint="save the file as UTF-8") from None


def _parsed(text: str, name: str) -> "Node | None":
    """Parse text into a tree, with libyaml where PyYAML was built with it.

    Reads the parser's events instead of composing: PyYAML's composer in C overflows the stack on deep nesting.
    """
    import yaml

    events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    try:
        return _Builder(name, events).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        hint = _syntax_hint(text.splitlines()[line - 1 : line], error.problem or "")
        raise UsageProblem(f"{name}:{line}: this can't be read as YAML", hint=hint) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UsageProblem(f"{name}:{line}: a control character", hint="remove the invisible character") from None


def _syntax_hint(line: list[str], problem: str) -> str:
    if line and "\t" in line[0]:
        return "the line holds a tab character: indent with spaces"
    if "tag" in problem:
        return "a value that starts with ! is a tag, which isn't allowed: put the value in quotes"
    return "look at this line and the one above: indentation, a missing space after the colon, an open quote or bracket"


class _Builder:
    """Builds the tree from the parser's events."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self._name = name
        self._events = events

    def document(self) -> Node | None:
        """Build the only document of the stream."""
        import yaml

        root = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise self._problem(event, "a second document starts", "keep one document per file")
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, 0)
        return root

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 - one of PyYAML's events
        """Build the node that an event starts."""
        import yaml

        if isinstance(event, yaml.AliasEvent) or event.anchor:
            hint = "write the value out, or put it in quotes if * or & belongs to it"
            raise self._problem(event, "anchors (&name) and aliases (*name) aren't allowed", hint)
        if event.tag:
            hint = "write the plain value, or put it in quotes if ! belongs to it"
            raise self._problem(event, "tags (!name) aren't allowed", hint)
        if depth > MAX_DEPTH:
            raise self._problem(event, "nested too deeply", f"use at most {MAX_DEPTH} levels")
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            return Node(line, event.value if event.style else _scalar(event.value), event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            items = list(self._until(yaml.SequenceEndEvent, depth + 1))
            return Node(line, [item.data for item in items], items=items)
        members = self._members(depth + 1)
        return Node(line, {key: node.data for key, (_, node) in members.items()}, members=members)

    def _until(self, end: type, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth)

    def _members(self, depth: int) -> dict[Any, tuple[int, Node]]:
        import yaml

        members: dict[Any, tuple[int, Node]] = {}
        nodes = self._until(yaml.MappingEndEvent, depth)
        for key, value in zip(nodes, nodes, strict=True):
            if isinstance(key.data, list | dict):
                message = f"{self._name}:{key.line}: a list or mapping can't be a key"
                raise UsageProblem(message, hint="put the key in quotes")
            if key.data in members:
                message = f"{self._name}:{key.line}: the key {key.data!r} stands twice"
                raise UsageProblem(message, hint=f"first on line {members[key.data][0]}: keep one")
            members[key.data] = (key.line, value)
        return members

    def _problem(self, event: Any, message: str, hint: str) -> UsageProblem:  # noqa: ANN401 - one of PyYAML's events
        return UsageProblem(f"{self._name}:{event.start_mark.line + 1}: {message}", hint=hint)


def _scalar(written: str) -> object:
    """Read a plain, unquoted value."""
    if written in _WORDS:
        return _WORDS[written]
    if _INTEGER.fullmatch(written):
        return int(written)
    return float(written) if _NUMBER.fullmatch(written) else written


def _keys_at(model: type[BaseModel], path: KeyPath) -> set[str]:
    """Collect the keys that are right at a place, by following the path through the models' types."""
    kinds: list[Any] = [model]
    for part in path:
        kinds = [inner for kind in kinds for inner in _step(kind, part)]
    return {key for kind in kinds if _is_model(kind) for key in kind.model_fields}


def _homes(model: type[BaseModel], key: str) -> Iterator[str]:
    """Give the sections of a model that know a key, as dotted paths."""
    for name, details in model.model_fields.items():
        for kind in _alternatives(details.annotation):
            if _is_model(kind):
                if key in kind.model_fields:
                    yield name
                yield from (f"{name}.{inner}" for inner in _homes(kind, key))


def _step(kind: Any, part: str | int) -> Iterator[Any]:  # noqa: ANN401 - any type annotation
    """Give the types that may stand one step further; a union member's own name is a step in pydantic's paths."""
    if _is_model(kind):
        if part in kind.model_fields:
            yield from _alternatives(kind.model_fields[part].annotation)
        elif part == kind.__name__:
            yield kind
        return
    inner = [argument for argument in get_args(kind) if argument is not Ellipsis]
    if get_origin(kind) is dict:
        inner = inner[1:]
    for argument in inner:
        yield from _alternatives(argument)


def _alternatives(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - any type annotation
    """Spread a union into its members."""
    if get_origin(annotation) in {Union, UnionType}:
        for member in get_args(annotation):
            yield from _alternatives(member)
    else:
        yield annotation


def _is_model(kind: Any) -> bool:  # noqa: ANN401 - any type annotation
    return isinstance(kind, type) and issubclass(kind, BaseModel)
