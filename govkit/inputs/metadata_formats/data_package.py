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
        content.lacks += [] if texts(item.get("name")) else [f"/resources/{index}/name"]
        content.lacks += [] if item.get("path") or item.get("data") else [f"/resources/{index}/path"]
        path = texts(item.get("path")) or texts(item.get("name"))
        if path:
            digest = as_digest(item.get("hash"))
            size = as_size(item.get("bytes"))
            content.files.append(DeclaredFile(file_name(path[0]), digest, size, source, f"/resources/{index}"))
            schema = item.get("schema")
            fields = schema.get("fields") if isinstance(schema, Mapping) else None
            columns = tuple(
                (str(field["name"]), TYPES.get(str(field.get("type")), ""))
                for _, field in items(fields)
                if isinstance(field.get("name"), str)
            )
            if columns:
                where = f"/resources/{index}/schema"
                content.tables.append(
                    DeclaredTable(file_name(path[0]), columns, as_size(item.get("rows")), source, where)
                )
    return content
