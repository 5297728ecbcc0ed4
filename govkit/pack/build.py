"""What goes into a pack, and under which names."""

from collections.abc import Mapping
from contextlib import redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from typing import TYPE_CHECKING, Final

from govkit import __version__
from govkit.core.digest import canonical
from govkit.core.record import AuditRecord
from govkit.pack.archive import packed
from govkit.pack.envelope import sealed, statement
from govkit.pack.keys import public_pem
from govkit.resources import rendering_digest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FILE: Final = "evidence-pack.zip"
RECORD, MANIFEST, PUBLIC_KEY = "audit.json", "manifest.intoto.json", "public-key.pem"
PROFILE, CONFIG, MADE_WITH = "profile.json", "configuration.json", "made-with.json"
EVIDENCE, METADATA = "evidence/", "metadata/"
LIBRARIES: Final = ("weasyprint", "pydyf", "fonttools", "tinycss2", "cssselect2", "jinja2")
"""Packages whose version may change the bytes of a rendered report."""


def made_with() -> dict[str, str]:
    """Give what the bytes of rendered reports depend on: versions and templates; a missing package has none."""
    found = {"govkit": __version__, "rendering": rendering_digest()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    try:
        # WeasyPrint prints a page of advice where a system library is missing.
        with redirect_stdout(StringIO()):
            from weasyprint.text.ffi import pango
    except (ImportError, OSError):
        return found
    return {**found, "pango": str(pango.pango_version())}


def derived(record: AuditRecord) -> dict[str, bytes]:
    """Give the files of a pack that follow from its record, reports aside."""
    result = record.result
    return {
        RECORD: canonical(record),
        PROFILE: canonical(result.profile),
        CONFIG: canonical(result.config),
    }


def evidence_pack(
    record: AuditRecord,
    reports: Mapping[str, bytes],
    evidence: Mapping[str, bytes],
    metadata: Mapping[str, bytes],
    key: "Ed25519PrivateKey | None",
) -> bytes:
    """Pack an audit. The same audit gives the same bytes; with a key, Ed25519 signs without chance too.

    Args:
        record: the audit record.
        reports: rendered reports by file name.
        evidence: files that checks left, by `check/name`.
        metadata: metadata files as they were read, by name.
        key: signs the statement over all files; None leaves it unsigned.
    """
    files = {**reports, **derived(record), MADE_WITH: canonical(made_with())}
    files |= {EVIDENCE + name: content for name, content in evidence.items()}
    files |= {METADATA + name: content for name, content in metadata.items()}
    files |= {PUBLIC_KEY: public_pem(key.public_key())} if key else {}
    return packed({**files, MANIFEST: sealed(statement(files, record), key)})
