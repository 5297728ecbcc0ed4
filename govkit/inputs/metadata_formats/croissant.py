"""Croissant (MLCommons): JSON-LD whose terms are resolved through its own inline context only."""

import re
from collections.abc import Iterator, Mapping

from govkit.inputs.metadata_formats.statement import (
    Content,
    DeclaredFile,
    DeclaredParent,
    DeclaredTable,
    as_digest,
    as_size,
    file_name,
    is_placeholder,
    items,
    texts,
)

SCHEMA = "https://schema.org/"
CROISSANT = "http://mlcommons.org/croissant/"
RAI = "http://mlcommons.org/croissant/RAI/"
TERMS = "http://purl.org/dc/terms/"
PROV = "http://www.w3.org/ns/prov#"
PREFIXES = {"sc": SCHEMA, "schema": SCHEMA, "cr": CROISSANT, "rai": RAI, "dct": TERMS, "prov": PROV}
DEPTH = 8
"""Levels of nested objects that are read."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": (SCHEMA + "name",),
    "description": (SCHEMA + "description",),
    "source": (SCHEMA + "creator", SCHEMA + "publisher", PROV + "wasAttributedTo"),
    "license": (SCHEMA + "license", TERMS + "license"),
    "version": (SCHEMA + "version",),
    "issued": (SCHEMA + "datePublished", SCHEMA + "dateCreated"),
    "geography": (SCHEMA + "spatialCoverage", SCHEMA + "countryOfOrigin"),
    "contact": (SCHEMA + "contactPoint", RAI + "dataReleaseMaintenancePlan", SCHEMA + "maintainer"),
    "intended_use": (RAI + "dataUseCases", SCHEMA + "usageInfo"),
    "processing": (
        RAI + "dataPreprocessingProtocol",
        RAI + "dataManipulationProtocol",
        RAI + "dataAnnotationProtocol",
        PROV + "wasGeneratedBy",
    ),
    "personal_data": (RAI + "personalSensitiveInformation",),
}
"""Terms that state a field; the first one present is taken."""


REQUIRED = ("name", "description", "license", "url", "creator", "datePublished", "distribution")
"""Properties of schema.org that a data set must have besides its type, by the Croissant specification."""
OF_A_FILE = ("contentUrl", "encodingFormat")


def is_croissant(document: object) -> bool:
    """Say whether JSON is JSON-LD that claims to conform to Croissant."""
    if not isinstance(document, Mapping):
        return False
    return any(
        "mlcommons.org/croissant" in text
        for key in ("conformsTo", "dct:conformsTo")
        for text in texts(document.get(key))
    )


def read(document: Mapping[str, object], source: str) -> Content:
    """Give what a Croissant file says."""
    terms = _context(document.get("@context"))
    plain = {_resolved(key, terms): (key, value) for key, value in document.items()}
    content = Content()
    for name, candidates in FIELDS.items():
        for term in candidates:
            key, value = plain.get(term, ("", None))
            content.say(name, _expanded(value, terms), f"/{key}")
    _period(content, plain)
    _files(content, plain, terms, source)
    _parents(content, plain, terms, source)
    _tables(content, plain, terms, source)
    content.lacks += _lacks(plain, terms)
    return content


def _lacks(plain: Mapping[str, tuple[str, object]], terms: Mapping[str, str]) -> Iterator[str]:
    """Name what the specification calls required, of the data set and of each file, and is not there."""
    for name in REQUIRED:
        key, value = plain.get(SCHEMA + name, (name, None))
        stated = [text for text in texts(value) if not is_placeholder(text)]
        if not stated and not (isinstance(value, list | Mapping) and value):
            yield f"/{key}"
    key, value = plain.get(SCHEMA + "distribution", ("", None))
    for index, item in items(value):
        found = _expanded(item, terms)
        assert isinstance(found, dict)
        if any("FileSet" in text for text in texts(found.get("@type"))):
            continue
        needed = [
            *OF_A_FILE,
            *([] if found.keys() & {CROISSANT + "containedIn", SCHEMA + "containedIn"} else ["sha256"]),
        ]
        for name in needed:
            also = [CROISSANT + "sha256", SCHEMA + "md5", CROISSANT + "md5"] if name == "sha256" else []
            if not any(texts(found.get(term)) for term in (SCHEMA + name, *also)):
                yield f"/{key}/{index}/{name}"


def _context(context: object) -> dict[str, str]:
    """Give the prefix and term map of the inline context; what it would fetch is ignored."""
    terms: dict[str, str] = {"@vocab": SCHEMA, **PREFIXES}
    for part in context if isinstance(context, list) else [context]:
        for key, value in part.items() if isinstance(part, Mapping) else ():
            target = value.get("@id") if isinstance(value, Mapping) else value
            if isinstance(target, str):
                terms[str(key)] = target
    return terms


def _resolved(key: str, terms: Mapping[str, str]) -> str:
    """Expand a term to its address, with http and https of schema.org taken as one."""
    for _ in range(DEPTH):
        prefix, colon, rest = key.partition(":")
        if key in terms and not key.startswith("@") and terms[key] != key:
            key = terms[key]
        elif colon and prefix in terms and not rest.startswith("//"):
            key = terms[prefix] + rest
        else:
            break
    if ":" not in key and not key.startswith("@"):
        key = terms["@vocab"] + key
    key = key.replace("http://schema.org/", SCHEMA, 1)
    return key.replace("https://mlcommons.org/", "http://mlcommons.org/", 1)


def _expanded(value: object, terms: Mapping[str, str], depth: int = 0) -> object:
    if depth > DEPTH:
        return None
    if isinstance(value, Mapping):
        return {_resolved(str(key), terms): _expanded(item, terms, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_expanded(item, terms, depth + 1) for item in value[:1_000]]
    return value


def _period(content: Content, plain: Mapping[str, tuple[str, object]]) -> None:
    key, value = plain.get(RAI + "dataCollectionTimeframe") or plain.get(SCHEMA + "temporalCoverage") or ("", None)
    dates = [part for text in texts(value) for part in text.split("/") if part.strip()]
    if dates:
        content.say("collected_from", dates[0], f"/{key}")
        content.say("collected_to", dates[-1], f"/{key}")


def _files(content: Content, plain: Mapping[str, tuple[str, object]], terms: Mapping[str, str], source: str) -> None:
    key, value = plain.get(SCHEMA + "distribution", ("", None))
    for index, item in items(value):
        found = _expanded(item, terms)
        assert isinstance(found, dict)
        address = (
            texts(found.get(SCHEMA + "contentUrl")) or texts(found.get(SCHEMA + "name")) or texts(found.get("@id"))
        )
        if address:
            digest = as_digest(found.get(SCHEMA + "sha256") or found.get(CROISSANT + "sha256"))
            size = as_size(found.get(SCHEMA + "contentSize"))
            content.files.append(DeclaredFile(file_name(address[0]), digest, size, source, f"/{key}/{index}"))


TYPES: Mapping[str, str] = {
    "Integer": "integer",
    "Float": "number",
    "Number": "number",
    "Boolean": "boolean",
    "Date": "date",
    "DateTime": "date",
    "Text": "text",
}
"""Names of data types, without their prefix, and what they are here."""


def _tables(content: Content, plain: Mapping[str, tuple[str, object]], terms: Mapping[str, str], source: str) -> None:
    """Take the fields of each record set by the file that they are read from."""
    key, value = plain.get(CROISSANT + "recordSet", ("", None))
    for index, item in items(value):
        columns: dict[str, list[tuple[str, str]]] = {}
        fields = _expanded(item, terms)
        assert isinstance(fields, dict)
        for _, field in items(fields.get(CROISSANT + "field")):
            origin = field.get(CROISSANT + "source")
            origin = origin if isinstance(origin, Mapping) else {}
            extract = origin.get(CROISSANT + "extract")
            column = texts(extract.get(CROISSANT + "column")) if isinstance(extract, Mapping) else ()
            file = texts(origin.get(CROISSANT + "fileObject"))
            if column:
                content.describe(column[0], field.get(SCHEMA + "description"))
            if column and file:
                kind = (texts(field.get(CROISSANT + "dataType")) or ("",))[0]
                short = re.split(r"[:/#]", kind)[-1]
                columns.setdefault(file_name(file[0]), []).append((column[0], TYPES.get(short, "")))
        for file_of, found in columns.items():
            content.tables.append(DeclaredTable(file_of, tuple(found), None, source, f"/{key}/{index}"))


def _parents(content: Content, plain: Mapping[str, tuple[str, object]], terms: Mapping[str, str], source: str) -> None:
    for term in (PROV + "wasDerivedFrom", SCHEMA + "isBasedOn"):
        key, value = plain.get(term, ("", None))
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            found = _expanded(item, terms)
            name = texts(found)
            if name:
                digest = as_digest(found.get(SCHEMA + "sha256")) if isinstance(found, dict) else ""
                content.parents.append(DeclaredParent(name[0], digest, source, f"/{key}/{index}"))
