"""Make the case that is fit for release: data, a regularised model, and the metadata that goes with them."""

import argparse
import json
import shutil
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipe  # noqa: E402 - it stands one folder up

CONTEXT = {
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "recordSet": "cr:recordSet",
    "source": "cr:source",
}
"""The terms of Croissant that are used below."""
TYPES = {"f": "sc:Float", "i": "sc:Integer", "b": "sc:Boolean"}
"""Croissant type by NumPy kind; anything else is text."""


def make(out: Path) -> None:
    """Write model, data and metadata into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "govkit.yaml").exists():
        shutil.copy(HERE / "govkit.yaml", out / "govkit.yaml")
    data, train = recipe.halves()
    recipe.write(out, recipe.regularised(train), data, train)
    recipe.record(out, recipe.digests_of(out))
    text = json.dumps(croissant(out, data), indent=2) + "\n"
    (out / "croissant.json").write_text(text, encoding="utf-8")


def croissant(folder: Path, data: pd.DataFrame) -> dict[str, object]:
    """Describe the data in MLCommons Croissant 1.1: licence, origin, files with digests, columns with types."""
    digests = recipe.digests_of(folder, ("data.csv", "train.csv"))
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "consumer-loans",
        "description": "Made-up consumer loan applications with their outcomes, drawn from a documented rule.",
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "url": "https://example.org/consumer-loans",
        "version": "2026.07",
        "datePublished": "2026-07-01",
        "creator": {"@type": "sc:Organization", "name": "The govkit project"},
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "contentSize": f"{(folder / name).stat().st_size} B",
                "encodingFormat": "text/csv",
                "sha256": digest,
            }
            for name, digest in digests.items()
        ],
        "recordSet": [_columns(name, data) for name in digests],
    }


def _columns(name: str, data: pd.DataFrame) -> dict[str, object]:
    rows = name.removesuffix(".csv")
    return {
        "@type": "cr:RecordSet",
        "@id": rows,
        "name": rows,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{rows}/{column}",
                "name": column,
                "dataType": TYPES.get(data[column].dtype.kind, "sc:Text"),
                "source": {"fileObject": {"@id": name}, "extract": {"column": column}},
            }
            for column in data.columns
        ],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to; this one unless given")
    make(parser.parse_args().out)
