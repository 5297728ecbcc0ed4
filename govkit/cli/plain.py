"""Print text whatever the terminal can show: one line stays one line, and signs have stand-ins in ASCII."""

import sys
from typing import Final

from govkit.cli.console import can_show

_STAND_INS: Final = str.maketrans(
    {
        "≤": "<=",
        "≥": ">=",
        "\u2212": "-",
        "\u2013": "-",
        "…": "...",
        "∞": "inf",
        "ε": "eps",
        "\u202f": " ",
        "\u200b": "",
        "✓": "[ok]",
        "✗": "[x]",
        "▲": "[?]",
        "○": "[ ]",
    }
)


def say(text: str) -> None:
    """Print a text, in ASCII where the terminal's encoding lacks a sign of it."""
    if not can_show(sys.stdout, text):
        text = text.translate(_STAND_INS).encode("ascii", "backslashreplace").decode()
    print(text)
