"""Frictionless `datapackage.json`."""

from collections.abc import Mapping

from govkit.inputs.metadata_formats.statement import (
    Content,
    DeclaredFile,
    DeclaredParent,
    DeclaredTable,
    as_digest,
    as_size,
    file_name,
    items,
    texts,
)

TYPES: Mapping[str, str] = {
    "integer": "integer",
    "year": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "date",
    "string": "text",
}


def read(document: Mapping[str, object], source: str) -> Content:
    """Give what a data package says about itself and its resources."""
    content = Content()
    content.say("title", document.get("title") or document.get("name"), "/title")
    for name, key in (("description", "description"), ("version", "version"), ("issued", "created")):
        content.say(name, document.get(key), f"/{key}")
    licenses = [item.get("name") or item.get("path") for _, item in items(document.get("licenses"))]
    content.say("license", [text for text in licenses if text] or document.get("license"), "/licenses")
    people = [item for _, item in items(document.get("contributors"))]
    content.say("source", [dict(item) for item in people], "/contributors")
    content.say("contact", [item.get("email") for item in people if item.get("email")], "/contributors")
    for index, item in items(document.get("sources")):
        called = texts(item)
        if called:
            content.parents.append(DeclaredParent(called[0], as_digest(item.get("hash")), source, f"/sources/{index}"))
    if not document.get("resources"):
        content.lacks.append("/resources")
    for index, item in items(document.get("resources")):
        _resource(content, item, source, f"/resources/{index}")
    return content


def _resource(content: Content, item: Mapping[str, object], source: str, where: str) -> None:
    """Take what is said about one file."""
    content.lacks += [] if texts(item.get("name")) else [f"{where}/name"]
    content.lacks += [] if item.get("path") or item.get("data") else [f"{where}/path"]
    path = texts(item.get("path")) or texts(item.get("name"))
    if not path:
        return
    digest, size = as_digest(item.get("hash")), as_size(item.get("bytes"))
    content.files.append(DeclaredFile(file_name(path[0]), digest, size, source, where))
    schema = item.get("schema")
    listed = schema.get("fields") if isinstance(schema, Mapping) else None
    fields = [field for _, field in items(listed) if isinstance(field.get("name"), str)]
    for field in fields:
        content.describe(str(field["name"]), field.get("title"), field.get("description"))
    columns = tuple((str(field["name"]), TYPES.get(str(field.get("type")), "")) for field in fields)
    if columns:
        rows = as_size(item.get("rows"))
        content.tables.append(DeclaredTable(file_name(path[0]), columns, rows, source, f"{where}/schema"))
