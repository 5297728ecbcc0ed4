"""Look at the installation: versions, data files, fonts, the PDF engine, and what can confine the model."""

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from govkit.inputs.environment import LIBRARIES, installed
from govkit.resources import shipped


@dataclass(frozen=True)
class Part:
    """One part of the installation."""

    part: str
    works: bool
    detail: str
    needed: bool = True


def diagnose() -> tuple[Part, ...]:
    """Give every part of the installation and whether it works."""
    return (*_versions(), *_files(), _pdf(), *_isolation())


def _versions() -> Iterator[Part]:
    yield Part("python", sys.version_info >= (3, 11), platform.python_version())
    for name in LIBRARIES:
        version = installed(name)
        yield Part(name, version is not None, version or f"pip install {name}")


def _files() -> Iterator[Part]:
    for kind in ("templates", "controls"):
        count = sum(1 for _ in shipped(kind).iterdir()) if shipped(kind).is_dir() else 0
        yield Part(kind, count > 0, f"{count} entries" if count else "reinstall govkit")
    fonts = shipped("templates") / "fonts"
    names = sorted(item.name for item in fonts.iterdir() if item.name.endswith(".woff2")) if fonts.is_dir() else []
    yield Part("fonts", bool(names), ", ".join(names) or "reinstall govkit")


def _pdf() -> Part:
    try:
        import weasyprint  # noqa: F401 - importing it loads Pango
    except (ImportError, OSError):
        return Part(
            "pdf",
            works=False,
            detail="apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; HTML works without",
            needed=False,
        )
    return Part("pdf", works=True, detail="WeasyPrint with Pango", needed=False)


def _isolation() -> Iterator[Part]:
    from govkit.inputs.sandbox import abilities

    for layer, state in abilities().items():
        yield Part(f"isolation: {layer}", state == "held", state, needed=False)
