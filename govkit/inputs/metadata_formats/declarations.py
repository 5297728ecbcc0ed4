"""The `provenance` block of govkit.yaml, which says what no other file does and counts before all of them."""

from govkit.config import Provenance
from govkit.inputs.metadata_formats.statement import FIELDS, Content, DeclaredFile, DeclaredParent, as_digest, file_name


def read(declared: Provenance, source: str) -> Content:
    """Give what govkit.yaml says about the origin of data and model."""
    content = Content()
    plain = declared.model_dump(mode="json")
    for name in FIELDS:
        if plain.get(name) is not None:
            content.say(name, plain[name], f"provenance.{name}")
    for name, digest in sorted(declared.digests.items()):
        content.files.append(
            DeclaredFile(file_name(name), as_digest(digest), None, source, f"provenance.digests.{name}")
        )
    for index, parent in enumerate(declared.parents):
        content.parents.append(
            DeclaredParent(parent.name, as_digest(parent.sha256), source, f"provenance.parents.{index}")
        )
    return content
