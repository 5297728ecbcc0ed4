"""What people wrote between the note lines of a Markdown document, carried over when it is rendered again."""

import re
from typing import Final

_NOTES: Final = re.compile(r"(<!-- notes on (\S+): [^\n]*-->\n)(.*?)(<!-- end of notes -->)", re.DOTALL)


def with_notes(new: bytes, old: bytes) -> bytes:
    """Put the notes of an earlier document into the same places of a new one.

    Notes on a section that the new document lacks are put at its end, so that nothing that people wrote is lost.
    """
    kept = {found[2]: found[3] for found in _NOTES.finditer(old.decode("utf-8", "replace")) if found[3].strip()}
    if not kept:
        return new

    def place(found: re.Match[str]) -> str:
        return f"{found[1]}{kept.pop(found[2], found[3])}{found[4]}"

    text = _NOTES.sub(place, new.decode("utf-8"))
    left = "".join(
        f"\n<!-- notes on {name}: its section is no longer in this document -->\n{words}<!-- end of notes -->\n"
        for name, words in kept.items()
    )
    return (text + left).encode()
