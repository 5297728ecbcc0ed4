"""Skops archives: a tree of named types in JSON, which says by itself what would be made."""

import json
from collections.abc import Iterator
from pathlib import Path

from govkit.inputs.zip_archive import DamagedArchive, names_in, read_entry
from govkit.plugins.model_format import Policy, Scanned, model_format

SCHEMA = "schema.json"
MAX_NODES = 2_000_000
REFUSED_LOADERS = frozenset({"MethodNode", "OperatorFuncNode"})
"""Nodes that hand out attributes of other objects."""


@model_format("skops", needs="skops")
class SkopsFormat:
    """What neither skops itself nor govkit's allowlist knows is refused, as is every node that walks attributes."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise a zip archive of that name."""
        return head.startswith(b"PK\x03\x04") and path.suffix.lower() == ".skops"

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Hold every type that the archive names against skops's own list and govkit's."""
        try:
            names_in(content)
            tree = json.loads(read_entry(content, SCHEMA))
            nodes = list(_nodes(tree))
        except DamagedArchive as problem:
            return Scanned(unreadable=str(problem))
        except (ValueError, RecursionError):
            return Scanned(unreadable="its description is damaged")
        scanned = Scanned()
        for node in nodes:
            _judge(node, policy, scanned)
        if scanned.findings:
            return scanned
        scanned.findings += [
            ("GK-M02", "refers to something that is not on the allowlist", name)
            for name in _untrusted(content)
            if not _allowed(name, policy)
        ]
        return scanned

    def load(self, content: bytes, policy: Policy) -> object:
        """Load with the types that the scan let through named one by one."""
        import skops.io

        named = [name for name in _untrusted(content) if policy.everything or _allowed(name, policy)]
        loaded: object = skops.io.loads(content, trusted=named)
        return loaded


def _untrusted(content: bytes) -> list[str]:
    import skops.io

    return [str(name) for name in skops.io.get_untrusted_types(data=content)]


def _allowed(name: str, policy: Policy) -> bool:
    module, _, last = name.rpartition(".")
    return policy.allows((module, last))


def _nodes(tree: object) -> Iterator[dict[str, object]]:
    """Give every node of the description.

    Raises:
        DamagedArchive: there are too many.
    """
    todo, seen = [tree], 0
    while todo:
        found = todo.pop()
        seen += 1
        if seen > MAX_NODES:
            raise DamagedArchive("its description is too large")
        if isinstance(found, dict):
            if "__loader__" in found:
                yield found
            todo.extend(found.values())
        elif isinstance(found, list):
            todo.extend(found)


def _judge(node: dict[str, object], policy: Policy, scanned: Scanned) -> None:
    module, name = str(node.get("__module__", "")), str(node.get("__class__", ""))
    path = f"{module}.{name}"[:200]
    if module and name:
        scanned.globals.add(path)
    if node["__loader__"] in REFUSED_LOADERS and not _allowed(path, policy):
        scanned.findings.append(("GK-M03", "looks up attributes of other objects", path))
    elif not all(part.isidentifier() for part in path.split(".")):
        scanned.findings.append(("GK-M02", "refers to something that is not on the allowlist", ascii(path)[1:-1]))
