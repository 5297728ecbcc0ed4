"""The model card as a web page, as a PDF, and as Markdown that a model hub understands."""

import re
from typing import Final

from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.card import CardView, card_view, metrics
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
