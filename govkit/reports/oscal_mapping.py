"""OSCAL 1.2.1 mapping: the crosswalk between the frameworks of a record."""

from collections.abc import Mapping

from govkit.core.control import Control, ControlRef, Link
from govkit.core.errors import NothingToWrite
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.oscal import (
    CATALOG_FILE,
    Identifiers,
    Json,
    control_id,
    line,
    metadata,
    props,
    resource,
    token,
    written,
)
from govkit.reports.outcomes import controls


def _map(link: Link, known: Mapping[tuple[str, str], Control], bases: Mapping[str, str], ids: Identifiers) -> Json:
    def end(reference: ControlRef) -> list[Json]:
        return [{"type": "control", "id-ref": control_id(known[reference.framework, reference.control])}]

    ends = (link.source, link.target)
    return {
        "uuid": ids("map", *(part for one in ends for part in (one.framework, one.control)), link.relation, link.basis),
        "relationship": link.relation,
        "sources": end(link.source),
        "targets": end(link.target),
        **props(basis=link.basis),
        "remarks": line(bases.get(link.basis, link.basis)),
    }


def _mapping(source: str, target: str, maps: list[Json], ids: Identifiers) -> Json:
    ends = {"source-resource": source, "target-resource": target}
    return {
        "uuid": ids("mapping", source, target),
        **{name: {"type": "catalog", "href": f"#{ids('catalog', end)}"} for name, end in ends.items()},
        "maps": maps,
    }


@report_format("oscal-mapping", file="oscal-mapping.json")
def mapping(record: AuditRecord) -> bytes:
    """Write the crosswalk between the record's frameworks as an OSCAL mapping collection.

    Raises:
        NothingToWrite: the record holds no links, and OSCAL has no empty mapping.
    """
    ids, known, crosswalk = Identifiers(record), controls(record), record.result.crosswalk
    pairs: dict[tuple[str, str], list[Json]] = {}
    for link in crosswalk.links if crosswalk else ():
        ends = [(one.framework, one.control) for one in (link.source, link.target)]
        if crosswalk and all(end in known for end in ends):
            row = _map(link, known, crosswalk.bases, ids)
            pairs.setdefault((ends[0][0], ends[1][0]), []).append(row)
    if not pairs:
        raise NothingToWrite("the record links no two frameworks", hint="show two frameworks that the crosswalk links")
    titles = {framework.id: framework.title for framework in record.result.frameworks}
    used = dict.fromkeys(name for pair in pairs for name in pair)
    resources = [resource(ids("catalog", name), titles[name], f"{CATALOG_FILE}#{token(name)}") for name in used]
    document = {
        "uuid": ids("mapping-collection"),
        "metadata": metadata(record, "Crosswalk between the frameworks of a govkit audit"),
        "provenance": {
            "method": "human",
            "matching-rationale": "semantic",
            "status": "not-complete",
            "mapping-description": "Controls that touch each other. Meeting one side never proves the other.",
        },
        "mappings": [_mapping(source, target, maps, ids) for (source, target), maps in pairs.items()],
        "back-matter": {"resources": resources},
    }
    return written("mapping-collection", document)
