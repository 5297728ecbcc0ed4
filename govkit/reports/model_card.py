"""The model card and the data sheet as web pages, as PDFs, as JSON, and as Markdown that a model hub understands."""

import re
from typing import Final

from govkit.core.digest import canonical
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.card import CardView, Section, card_view, metrics, sheet_view
from govkit.reports.pages import fill, paper, screen
from govkit.reports.pdf import document
from govkit.reports.wording import clean, shortened

_TASKS: Final = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}
MOST_LETTERS: Final = 120
"""Front matter holds names on one line each, no longer than this."""
_LICENCE_ID: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{1,40}")


@report_format("card-html", file="model_card.html", default=True)
def card_page(record: AuditRecord) -> bytes:
    """Write the model card as one self-contained web page."""
    return screen("model_card.html.j2", view=card_view(record))


@report_format("card-pdf", file="model_card.pdf", default=True)
def card_pdf(record: AuditRecord) -> bytes:
    """Write the model card as an accessible PDF with the record attached."""
    return document(paper("model_card.html.j2", view=card_view(record)), record)


@report_format("card-md", file="model_card.md", default=True)
def card_markdown(record: AuditRecord) -> bytes:
    """Write the model card as Markdown with the front matter that Hugging Face reads."""
    view = card_view(record)
    return clean(_front_matter(record, view) + fill("model_card.md.j2", view=view)).encode()


@report_format("card-json", file="model_card.json")
def card_json(record: AuditRecord) -> bytes:
    """Write the model card as canonical JSON for other programs."""
    return _json(card_view(record))


@report_format("data-html", file="data_sheet.html")
def sheet_page(record: AuditRecord) -> bytes:
    """Write the data sheet as one self-contained web page."""
    return screen("model_card.html.j2", view=sheet_view(record))


@report_format("data-pdf", file="data_sheet.pdf")
def sheet_pdf(record: AuditRecord) -> bytes:
    """Write the data sheet as an accessible PDF with the record attached."""
    return document(paper("model_card.html.j2", view=sheet_view(record)), record)


@report_format("data-md", file="data_sheet.md")
def sheet_markdown(record: AuditRecord) -> bytes:
    """Write the data sheet as Markdown with the front matter of a data set card."""
    import yaml

    view = sheet_view(record)
    matter: dict[str, object] = {**_licence(view), "pretty_name": view.report.name, "tags": ["tabular", "govkit"]}
    front = f"---\n{yaml.safe_dump(matter, sort_keys=False, allow_unicode=True, width=1000)}---\n"
    return clean(front + fill("model_card.md.j2", view=view)).encode()


@report_format("data-json", file="data_sheet.json")
def sheet_json(record: AuditRecord) -> bytes:
    """Write the data sheet as canonical JSON for other programs."""
    return _json(sheet_view(record))


def _json(view: CardView) -> bytes:
    report = view.report
    return canonical(
        {
            "kind": view.kind,
            "name": report.name,
            "version": report.version,
            "audited_on": view.iso_day,
            "record_sha256": report.digest,
            "verdict": report.verdict.word,
            "sections": [_section(section) for section in view.sections],
            "not_assessed": [item.title for gap in report.gaps.missing for item in gap.items],
            "lacking": [{"key": f"{view.block}.{one.key}", "question": one.question} for one in view.lacking],
            "owner": report.owner,
        }
    )


def _section(section: Section) -> dict[str, object]:
    return {
        "title": section.title,
        "filled": section.fill,
        "declared": {one.title: list(one.paragraphs) for one in section.told},
        "facts": dict(section.pairs),
        "from_the_audit": list(section.points),
        "criteria": [
            {
                "id": row.id,
                "title": row.title,
                "result": row.mark.word,
                "limit": row.limit,
                "measured": [{"value": one.raw, "n": one.n, "interval": one.interval} for one in row.measured],
            }
            for row in section.criteria
        ],
        "numbers": [
            {"name": row.name, "meaning": row.meaning, "value": row.number.raw, "n": row.number.n}
            for row in section.numbers
        ],
    }


def _licence(view: CardView) -> dict[str, str]:
    given = shortened(view.licence, MOST_LETTERS)
    if not given:
        return {}
    plain = given.lower()
    return {"license": plain} if _LICENCE_ID.fullmatch(plain) else {"license": "other", "license_name": given}


def _front_matter(record: AuditRecord, view: CardView) -> str:
    import yaml

    result = record.result
    task = _TASKS.get(result.task or "", "")
    library = "scikit-learn" if result.model and result.model.estimator.startswith("sklearn.") else ""
    matter: dict[str, object] = {**_licence(view)}
    matter |= {"library_name": library} if library else {}
    matter |= {"pipeline_tag": task} if task else {}
    matter["tags"] = [tag for tag in ("tabular", task, "govkit") if tag]
    measured = metrics(record)
    if measured and task:
        data = next((facts for facts in result.data if facts.role == "test"), None)
        name = shortened(data.name, MOST_LETTERS) if data else "hold-out data"
        found = [
            {"type": kind, "name": shortened(meaning, MOST_LETTERS), "value": value}
            for kind, meaning, value in measured
        ]
        results = {"task": {"type": task}, "dataset": {"type": "tabular", "name": name}, "metrics": found}
        matter["model-index"] = [{"name": view.report.name, "results": [results]}]
    return f"---\n{yaml.safe_dump(matter, sort_keys=False, allow_unicode=True, width=1000)}---\n"
