"""Data Provenance Standards 1.0.0 of the Data & Trust Alliance: `*.provenance.json` with source, provenance and use."""

from collections.abc import Mapping

from govkit.inputs.metadata_formats.statement import Content, DeclaredParent, texts

FIELDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "title": (("source", "title"),),
    "description": (("source", "description"),),
    "version": (("source", "version"),),
    "source": (("source", "issuer"), ("provenance", "origin"), ("provenance", "source")),
    "geography": (("provenance", "origin-geography"),),
    "issued": (("provenance", "date"),),
    "processing": (("provenance", "generation-method"),),
    "personal_data": (("use", "classification"),),
    "lawful_basis": (("use", "consents"),),
    "intended_use": (("use", "intended-purpose"),),
    "license": (("use", "license"),),
    "privacy_techniques": (("use", "privacy-enhancing"), ("use", "privacy-enhancing-technologies")),
    "regions_allowed": (("use", "processing-included"), ("use", "storage-allowed")),
    "regions_forbidden": (("use", "processing-excluded"), ("use", "storage-forbidden")),
}
"""Group and key that state a field; the first one present is taken."""


REQUIRED = (
    *(("source", key) for key in ("title", "id", "version", "issuer", "description")),
    *(("provenance", key) for key in ("origin-geography", "date", "generation-method")),
    ("use", "intended-purpose"),
)
"""Group and key of the fields that the standard requires."""


def is_data_trust(document: object) -> bool:
    """Say whether JSON has the three groups of the standard."""
    return isinstance(document, Mapping) and all(
        isinstance(document.get(key), Mapping) for key in ("source", "provenance")
    )


def read(document: Mapping[str, object], source: str) -> Content:
    """Give what a provenance file says."""
    content = Content()
    for name, places in FIELDS.items():
        for group, key in places:
            content.say(name, _at(document, group, key), f"/{group}/{key}")
    period = _at(document, "provenance", "generation-period")
    start, end = (
        (period.get("start"), period.get("end"))
        if isinstance(period, Mapping)
        else ([*(texts(period) or ("",))[0].split("/"), None, None][:2])
    )
    content.say("collected_from", start, "/provenance/generation-period")
    content.say("collected_to", end or start, "/provenance/generation-period")
    for index, name in enumerate(texts(_at(document, "provenance", "sub-provenance"))):
        content.parents.append(DeclaredParent(name, "", source, f"/provenance/sub-provenance/{index}"))
    content.lacks += [f"/{group}/{key}" for group, key in REQUIRED if not texts(_at(document, group, key))]
    return content


def _at(document: Mapping[str, object], group: str, key: str) -> object:
    """Give a value, its key written with hyphens, underscores or in camel case."""
    inside = document.get(group)
    if not isinstance(inside, Mapping):
        return None
    wanted = key.replace("-", "")
    return next((value for name, value in inside.items() if _plain(name) == wanted), None)


def _plain(name: object) -> str:
    return str(name).replace("-", "").replace("_", "").lower()
