"""OSCAL 1.2.1 catalog: the frameworks of a record, in our own words."""

from govkit.core.control import Control, Framework, Group
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.oscal import (
    CATALOG_FILE,
    NAMESPACE,
    Json,
    control_id,
    identifier,
    line,
    metadata,
    props,
    token,
    written,
)
from govkit.reports.outcomes import one_line


def _control(control: Control) -> Json:
    name = control_id(control)
    return {
        "id": name,
        "title": line(control.label),
        "props": [
            {"name": "label", "value": one_line(control.id) or "-"},
            {"name": "evidence-kind", "ns": NAMESPACE, "value": control.evidence_kind},
            {"name": "automation", "ns": NAMESPACE, "value": control.automation},
        ],
        "parts": [
            {"id": f"{name}_smt", "name": "statement", "prose": line(control.statement)},
            {"id": f"{name}_gdn", "name": "guidance", "prose": line(control.remedy)},
        ],
    }


def _group(framework: Framework, name: str, group: Group | None) -> Json:
    members = [_control(control) for control in framework.controls if control.group == name]
    return {
        "id": token(f"{framework.id} {name}"),
        "title": line(group.label if group else name),
        **props(label=name, parent=group.parent if group else ""),
        "controls": members,
    }


def _framework(framework: Framework) -> Json:
    labels = {group.id: group for group in framework.groups}
    names = dict.fromkeys(control.group for control in framework.controls)
    groups = [_group(framework, name, labels.get(name)) for name in names]
    return {
        "id": token(framework.id),
        "class": "framework",
        "title": line(f"{framework.title} {framework.version}"),
        **props(reference=framework.reference, as_of=framework.as_of, catalog_version=framework.catalog_version),
        "parts": [{"name": "overview", "prose": line(framework.wording)}],
        **({"groups": groups} if groups else {}),
    }


@report_format("oscal-catalog", file=CATALOG_FILE)
def catalog(record: AuditRecord) -> bytes:
    """Write the record's frameworks as one OSCAL catalog, a group each, in our own words."""
    frameworks = [_framework(framework) for framework in record.result.frameworks]
    document = {
        "uuid": identifier("catalog", record.result_sha256),
        "metadata": metadata(record, "Frameworks of a govkit audit"),
        **({"groups": frameworks} if frameworks else {}),
    }
    return written("catalog", document)
