"""The list of globals that model files may refer to, as it comes with govkit."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from govkit.plugins.model_format import Global, Policy, Role

FILE = "allowlist.json"


@cache
def shipped_roles() -> Mapping[Global, Role]:
    """Read the list; `tools/make_allowlist.py` makes it by looking at the installed libraries."""
    plain: dict[Role, dict[str, list[str]]] = json.loads((files("govkit.inputs") / FILE).read_text())
    return {
        (module, name): role for role, modules in plain.items() for module, names in modules.items() for name in names
    }


def policy(trusted: tuple[str, ...] = (), *, everything: bool = False) -> Policy:
    """Give the shipped list with the globals that the user vouches for, which may be called.

    Args:
        trusted: exact dotted paths.
        everything: load whatever the file names; what the scan says of it stays the same.
    """
    extra: dict[Global, Role] = {}
    for path in trusted:
        module, _, name = path.rpartition(".")
        extra[module, name] = "call"
    return Policy({**shipped_roles(), **extra}, everything)
