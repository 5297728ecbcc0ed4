"""The verdict on one screen of Markdown, for a pull request or a build's summary page."""

from collections.abc import Iterator
from typing import Final

from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.gaps import Gap
from govkit.reports.markdown import literal, table
from govkit.reports.outcomes import Outcome, outcomes
from govkit.reports.view import ReportView, report_view
from govkit.reports.wording import lead, things

MOST_ROWS: Final = 30


def _rows(listed: list[Outcome], title: str) -> Iterator[str]:
    if not listed:
        return
    yield f"### {title}"
    yield ""
    rows = [(one.title, one.text, one.remedy or one.waiver, one.id) for one in listed[:MOST_ROWS]]
    yield from table(("What", "Found", "To do", "Id"), rows)
    if len(listed) > MOST_ROWS:
        yield ""
        yield f"and {len(listed) - MOST_ROWS:,} more in the report"
    yield ""


def _missing(missing: tuple[Gap, ...]) -> Iterator[str]:
    asked = [gap for gap in missing if gap.ask]
    if not asked:
        return
    yield "### What would supply what is missing"
    yield ""
    for gap in asked[:MOST_ROWS]:
        titles = ", ".join(item.title for item in gap.items)
        yield f"- {lead(gap.ask, gap.ask_kind)}: **{literal(gap.ask)}** for {literal(titles)}"
    yield ""


def _waivers(view: ReportView) -> Iterator[str]:
    if not view.waivers:
        return
    yield "### Waivers"
    yield ""
    rows = [(one.id, one.title, one.reason, one.people, one.expires_on) for one in view.waivers]
    yield from table(("Waiver", "Criterion", "Reason", "People", "Until"), rows)
    yield ""


def _checklists(view: ReportView) -> Iterator[str]:
    shown = [one for one in view.checklists if one.total]
    if not shown:
        return
    yield "### Controls"
    yield ""
    words = [mark.word for mark, _ in shown[0].counts]
    rows = [(one.title, *(f"{count}" for _, count in one.counts), f"{one.total}") for one in shown]
    yield from table(("Framework", *words, "of"), rows)
    yield ""


def _subject(record: AuditRecord) -> Iterator[str]:
    result = record.result
    rows = [("model", result.model.name, result.model.sha256)] if result.model else []
    rows += [(f"{facts.role} data, {facts.rows:,} rows", facts.name, facts.sha256) for facts in result.data]
    rows += [("record", "audit.json", record.result_sha256)]
    yield "<details><summary>What was audited</summary>"
    yield ""
    yield from table(("Part", "File", "SHA-256"), rows)
    yield ""
    version = literal(result.govkit_version)
    yield f"govkit {version}, budget {result.plan.budget}, seed {result.seed}, as of {result.as_of.isoformat()}"
    yield ""
    yield "</details>"


@report_format("summary-md", file="summary.md")
def summary(record: AuditRecord) -> bytes:
    """Write the verdict, what blocks, what is missing and what was accepted as Markdown for a pull request."""
    view, listed = report_view(record), outcomes(record)
    counts = ", ".join(f"{count} {mark.word}" for mark, count in view.tally)
    gated = sum(count for _, count in view.tally)
    version = f" {literal(view.version)}" if view.version else ""
    lines = [
        f"## {view.verdict.sign} {view.verdict.word}: {literal(view.name)}{version}",
        "",
        *(literal(sentence) for sentence in view.sentences),
        "",
        f"Profile {literal(view.profile)}: {counts} of {things(gated, 'gated criterion', 'gated criteria')}"
        if counts
        else f"Profile {literal(view.profile)}",
        "",
        *_rows([one for one in listed if one.standing == "failed"], "Failed"),
        *_rows([one for one in listed if one.standing == "incomplete"], "Not decided"),
        *_missing(view.gaps.missing),
        *_waivers(view),
        *_checklists(view),
        *_subject(record),
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")
