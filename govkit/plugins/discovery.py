"""Find plugins by walking a package's folder, then the entry points of installed distributions."""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from typing import Generic, TypeVar

Plugin = TypeVar("Plugin")


@cache
def load_all(package: str) -> None:
    """Import every module below `package` and every entry point of the group of the same name, once."""
    root = importlib.import_module(package)
    for module in sorted(pkgutil.walk_packages(root.__path__, prefix=f"{package}."), key=lambda found: found.name):
        importlib.import_module(module.name)
    for entry in sorted(entry_points(group=package), key=lambda found: found.name):
        entry.load()


class Registry(Generic[Plugin]):
    """Plugins of one kind by id, filled by the kind's decorator while `load_all` imports the modules."""

    def __init__(self, package: str) -> None:
        """Name the package whose modules register here."""
        self._package = package
        self._plugins: dict[str, Plugin] = {}

    def add(self, key: str, plugin: Plugin) -> None:
        """Register a plugin; a second one with the same id is a programming error."""
        if key in self._plugins:
            message = f"two plugins are called {key!r}"
            raise ValueError(message)
        self._plugins[key] = plugin

    def find(self, key: str) -> Plugin | None:
        """Give one plugin, None where nothing has the id.

        A plugin whose module is called as its id is imported alone, which is much faster than importing all of them.
        """
        if all(part.isidentifier() for part in key.split(".")):
            try:
                importlib.import_module(f"{self._package}.{key}")
            except ModuleNotFoundError:
                return self.all().get(key)
        return self._plugins[key] if key in self._plugins else self.all().get(key)

    def all(self) -> dict[str, Plugin]:
        """Give every plugin by id, in order of id."""
        load_all(self._package)
        return dict(sorted(self._plugins.items()))
