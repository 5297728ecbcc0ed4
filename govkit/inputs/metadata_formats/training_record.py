"""A training record: an in-toto statement with SLSA provenance, which `govkit provenance record` writes at training."""

from collections.abc import Mapping

from govkit.inputs.metadata_formats.statement import Content, DeclaredFile, as_digest, file_name, items, texts

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"


def is_training_record(document: object) -> bool:
    """Say whether JSON is an in-toto statement with SLSA provenance."""
    return (
        isinstance(document, Mapping)
        and document.get("_type") == STATEMENT
        and document.get("predicateType") == PREDICATE
    )


def read(document: Mapping[str, object], source: str) -> Content:
    """Give what a training record says: digests of model and data, the code's revision, library versions."""
    content = Content()
    for index, item in items(document.get("subject")):
        _file(content, item, source, f"/subject/{index}")
    definition = _inside(_inside(document, "predicate"), "buildDefinition")
    where = "/predicate/buildDefinition/resolvedDependencies"
    for index, item in items(definition.get("resolvedDependencies")):
        name, digest = texts(item.get("name")), _inside(item, "digest")
        revision = texts(digest.get("gitCommit"))
        version = texts(_inside(item, "annotations").get("version"))
        if revision:
            content.say("code_revision", revision[0], f"{where}/{index}")
        elif version and name:
            content.environment[name[0]] = version[0]
        else:
            _file(content, item, source, f"{where}/{index}")
    return content


def _file(content: Content, item: Mapping[str, object], source: str, pointer: str) -> None:
    name, digest = texts(item.get("name")), as_digest(_inside(item, "digest").get("sha256"))
    if name and digest:
        content.files.append(DeclaredFile(file_name(name[0]), digest, None, source, pointer))


def _inside(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}
