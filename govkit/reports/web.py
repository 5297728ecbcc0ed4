"""The audit report as one web page that needs nothing else."""

from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.pages import screen
from govkit.reports.view import report_view


@report_format("html", file="report.html", default=True)
def web_report(record: AuditRecord) -> bytes:
    """Write the report as one self-contained web page; a script finds rows, and nothing needs it."""
    return screen("report.html.j2", script="find.js.j2", view=report_view(record))
