"""Cut the shipped fonts down to ASCII and the signs of the reports, for web pages with little room left.

Writes templates/fonts/core/; run it again when a font or a sign of the reports changes.
"""

from io import BytesIO
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FONTS = Path(__file__).parents[1] / "templates" / "fonts"
SIGNS = "✓✗▲○●·…≤≥±→ε°∞“”\u00a0\u202f\u2013\u2212\u00d7\u2018\u2019"


def main() -> None:
    """Write each font's core, the same bytes for the same font."""
    (FONTS / "core").mkdir(exist_ok=True)
    options = Options(flavor="woff2", layout_features=["kern", "tnum", "ccmp"], hinting=False, name_IDs=[1, 2])
    for source in sorted(FONTS.glob("*.woff2")):
        font = TTFont(source, recalcTimestamp=False)
        subset = Subsetter(options)
        subset.populate(unicodes=[*range(0x20, 0x7F), *map(ord, SIGNS)])
        subset.subset(font)
        font.flavor = "woff2"
        content = BytesIO()
        font.save(content)
        (FONTS / "core" / source.name).write_bytes(content.getvalue())


if __name__ == "__main__":
    main()
