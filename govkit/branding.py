"""The organisation's logo, checked before anything runs and kept in the record, so that reports need no other file."""

from base64 import b64encode
from pathlib import Path
from typing import Final

from govkit.core.errors import UsageProblem

MOST_BYTES: Final = 100_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def read_logo(root: Path, name: str) -> str:
    """Give a PNG file beside govkit.yaml in base64; nothing where none is named.

    Raises:
        UsageProblem: it can't be read, is too large, or no PNG.
    """
    if not name:
        return ""
    hint = f"report: {{logo: ...}} names a PNG of at most {MOST_BYTES:,} bytes beside govkit.yaml"
    try:
        with (root / name).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no name of a file"
        raise UsageProblem(f"the logo {name} can't be read: {reason}", hint=hint) from None
    if len(content) > MOST_BYTES or not content.startswith(_PNG):
        problem = "is too large" if len(content) > MOST_BYTES else "is no PNG"
        raise UsageProblem(f"the logo {name} {problem}", hint=hint)
    return b64encode(content).decode()
