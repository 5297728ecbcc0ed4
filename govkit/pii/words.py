"""Words as the dictionaries hold them: small letters, without accents, in any script."""

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

FOLDER: Final = "dictionaries"
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’`][^\W\d_]+)*")


def plain(text: str) -> str:
    """Fold case, drop accents and outer blanks: ` Müller ` and `MULLER` become `muller`."""
    if text.isascii():
        return text.strip().lower()
    parts = unicodedata.normalize("NFKD", text.strip().casefold())
    return unicodedata.normalize("NFC", "".join(mark for mark in parts if not unicodedata.combining(mark)))


def words_of(text: str) -> list[str]:
    """Give the words of letters in a text, each as `plain` writes it; an apostrophe inside a word is dropped."""
    return [re.sub(r"['’`]", "", word) for word in _WORD.findall(plain(text))]


@cache
def dictionary(name: str) -> frozenset[str]:
    """Give a packaged word list: `first_names`, `last_names`, `places` or `common_words`."""
    text = (files("govkit.pii") / FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(text.split("\n")) - {""}
