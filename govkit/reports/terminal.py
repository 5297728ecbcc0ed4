"""The verdict as plain text for a terminal: the same words and marks as every other report."""

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from govkit.core.control import Result
from govkit.core.record import AuditRecord
from govkit.reports.areas import Area, CheckView, FindingRow
from govkit.reports.gaps import Gap, Gaps
from govkit.reports.view import Blocking, ReportView, report_view
from govkit.reports.wording import RESULTS, Mark, clean, lead

MOST_FAILURES: Final = 8
MOST_GAPS: Final = 5
MOST_ITEMS: Final = 6
_COLUMNS: Final = ("Pass", "Fail", "Inconclusive", "Not run")
_INDENT: Final = "  "
_ASCII: Final = {
    "✓": "[ok]",
    "✗": "[x]",
    "▲": "[?]",
    "○": "[ ]",
    "●": "[w]",
    "≤": "<=",
    "≥": ">=",
    "ε": "eps",
    "→": "->",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "─": "-",
    "…": "...",
    "·": "-",
    "∞": "inf",
    "\u202f": " ",
    "\u00a0": " ",
}
_TONES: Final = {"good": "32", "bad": "31", "unsure": "33", "none": "2", "waived": "35", "strong": "1"}


@dataclass(frozen=True)
class _Paper:
    """What the terminal can show."""

    width: int
    colour: bool
    unicode: bool

    def plain(self, text: str) -> str:
        """Keep to what the terminal's encoding has."""
        text = " ".join(clean(text).split())
        if self.unicode:
            return text
        replaced = "".join(_ASCII.get(letter, letter) for letter in text)
        return replaced.encode("ascii", "backslashreplace").decode()

    def tinted(self, text: str, tone: str) -> str:
        """Colour a text, if at all."""
        return f"\x1b[{_TONES[tone]}m{text}\x1b[0m" if self.colour else text

    def wrapped(self, text: str, indent: str = _INDENT) -> Iterator[str]:
        """Break a text into lines, a word longer than a line left whole so that it can be copied."""
        yield from textwrap.wrap(
            self.plain(text),
            self.width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def marked(self, mark: Mark, text: str) -> Iterator[str]:
        """Break a text into lines that start with a mark."""
        sign = self.plain(mark.sign)
        lines = list(self.wrapped(text, " " * (len(sign) + 1))) or [""]
        yield f"{self.tinted(sign, mark.tone)} {lines[0].lstrip()}"
        yield from lines[1:]


def _table(paper: _Paper, areas: tuple[Area, ...]) -> Iterator[str]:
    rows = [(paper.plain(area.title)[:30], _counts(area)) for area in areas if any(_counts(area))]
    if not rows:
        return
    wide = max(len(title) for title, _ in rows) + 2
    widths = [len(title) + 3 for title in _COLUMNS]
    head = "Area".ljust(wide) + "".join(title.rjust(width) for title, width in zip(_COLUMNS, widths, strict=True))
    yield " " + paper.tinted(head, "strong")
    yield " " + paper.plain("─") * len(head)
    for title, counts in rows:
        yield (
            " "
            + title.ljust(wide)
            + "".join(f"{count:,}".rjust(width) for count, width in zip(counts, widths, strict=True))
        )
    yield ""


def _counts(area: Area) -> tuple[int, int, int, int]:
    """Count an area's criteria by result; errors count as not run, waived failures as failures."""
    seen = Counter(row.mark.word for check in area.checks for row in check.criteria)
    one = {result: seen[RESULTS[result].word] for result in Result}
    return one[Result.PASS], one[Result.FAIL], one[Result.INCONCLUSIVE], one[Result.NOT_RUN] + one[Result.ERROR]


def _blocking(paper: _Paper, row: Blocking) -> Iterator[str]:
    yield from paper.marked(row.mark, f"{row.title} ({row.mark.word})")
    if row.because and (row.mark.tone == "unsure" or not row.measured):
        yield from paper.wrapped(row.because, _INDENT * 2)
    elif row.measured:
        first = row.measured[0]
        number = " ".join(part for part in (first.text, first.interval, f"(n {first.n:,})", first.about) if part)
        more = f", and {len(row.measured) - 1 + row.unshown} more" if len(row.measured) + row.unshown > 1 else ""
        yield from paper.wrapped(f"{number}; limit {row.limit}{more}", _INDENT * 2)
    advice = (
        f"{lead(row.ask, row.ask_kind).lower()}: {row.ask}" if row.ask else f"to do: {row.remedy}" if row.remedy else ""
    )
    if advice:
        yield from paper.wrapped(advice, _INDENT * 2)
    for note in row.notes:
        yield from paper.wrapped(note, _INDENT * 2)


def _ignored(paper: _Paper, rows: tuple[FindingRow, ...]) -> Iterator[str]:
    """Name first what was brought and doesn't count: whoever brought it relies on it."""
    if not rows:
        return
    yield paper.tinted("Brought, but not counted", "strong")
    for row in rows[:MOST_FAILURES]:
        yield from paper.wrapped(f"{row.where}: {row.text}", _INDENT)
    if len(rows) > MOST_FAILURES:
        yield f"{_INDENT}and {len(rows) - MOST_FAILURES} more in the report"
    yield ""


def _section(paper: _Paper, title: str, rows: list[Blocking]) -> Iterator[str]:
    if not rows:
        return
    yield paper.tinted(title, "strong")
    for row in rows[:MOST_FAILURES]:
        yield from _blocking(paper, row)
    if len(rows) > MOST_FAILURES:
        yield f"{_INDENT}and {len(rows) - MOST_FAILURES} more in the report"
    yield ""


def _beside(paper: _Paper, areas: tuple[Area, ...]) -> Iterator[str]:
    """Name what fails and does not gate, since the table counts it."""
    word = RESULTS[Result.FAIL].word
    rows = [(row, check) for area in areas for check in area.checks for row in check.criteria if row.mark.word == word]
    rows = [(row, check) for row, check in rows if not row.gated and not row.waiver]
    if not rows:
        return
    yield paper.tinted("Failed, not gated by the profile", "strong")
    for row, check in rows[:MOST_FAILURES]:
        number = ""
        if row.measured:
            shown = f"{row.measured[0].text} {row.measured[0].about}".strip()
            number = f": {shown}; limit {row.limit}{'' if row.measured[0].about else _see(check)}"
        yield from paper.marked(row.mark, f"{row.title}{number}")
    if len(rows) > MOST_FAILURES:
        yield f"{_INDENT}and {len(rows) - MOST_FAILURES} more in the report"
    yield ""


def _see(check: CheckView) -> str:
    """Name the columns that a check's first findings are about."""
    columns = dict.fromkeys(found.where for found in check.findings if found.where.startswith("column "))
    more = ", ..." if len(columns) > MOST_ITEMS else ""
    return f"; see {', '.join(list(columns)[:MOST_ITEMS])}{more}" if columns else ""


def _missing(paper: _Paper, gaps: tuple[Gap, ...]) -> Iterator[str]:
    if not gaps:
        return
    yield paper.tinted("Not assessed", "strong")
    for gap in gaps[:MOST_GAPS]:
        listed = ", ".join(item.title for item in gap.items[:MOST_ITEMS])
        more = f" and {len(gap.items) - MOST_ITEMS} more" if len(gap.items) > MOST_ITEMS else ""
        yield from paper.marked(RESULTS[Result.NOT_RUN], listed + more)
        yield from paper.wrapped(" ".join(gap.reasons), _INDENT * 2)
        if gap.ask:
            yield from paper.wrapped(f"{lead(gap.ask, gap.ask_kind).lower()}: {gap.ask}", _INDENT * 2)
    if len(gaps) > MOST_GAPS:
        yield f"{_INDENT}and {len(gaps) - MOST_GAPS} more in the report"
    yield ""


def _unmeasured(paper: _Paper, gaps: Gaps) -> Iterator[str]:
    if gaps.unmeasured:
        yield from paper.wrapped(f"Controls call for what this version does not measure: {gaps.families}.", "")
        yield ""


def _decision(paper: _Paper, view: ReportView) -> Iterator[str]:
    counts = ", ".join(f"{count} {mark.word}" for mark, count in view.tally)
    word = f"{paper.plain(view.verdict.sign)} {view.verdict.word}"
    gated = f"  {counts} of {sum(count for _, count in view.tally)} gated criteria" if counts else ""
    yield paper.tinted(word, view.verdict.tone) + gated
    for sentence in view.sentences:
        yield from paper.wrapped(sentence, "")


def verdict(record: AuditRecord, *, width: int = 80, colour: bool, unicode: bool, quiet: bool = False) -> str:
    """Write the verdict: a table by area, failures with number and fix, what is missing, and the decision last.

    Args:
        record: the audit record.
        width: columns of the terminal; at most this many are used, but a line to copy is never broken in a word.
        colour: whether ANSI colours may be used; without them no escape sequence is written at all.
        quiet: leave out all but failures and the decision.
        unicode: whether the output's encoding has marks such as ✓; otherwise ASCII stands in for them.
    """
    paper, view = _Paper(width, colour, unicode), report_view(record)
    failed = [row for row in view.blocking if row.mark.tone == "bad"]
    undecided = [row for row in view.blocking if row.mark.tone == "unsure" and row.kind == "criterion"]
    required = [row for row in view.blocking if row.mark.tone != "bad" and row.kind == "control"]
    lines = [
        *_table(paper, () if quiet else view.areas),
        *_ignored(paper, view.ignored),
        *_section(paper, "Failed", failed),
        *_section(paper, "Failed and accepted by a waiver", list(view.waived)),
        *_beside(paper, () if quiet else view.areas),
        *_section(paper, "Not decided", [] if quiet else undecided),
        *_section(paper, "Required and open", [] if quiet else required),
        *_missing(paper, () if quiet else view.gaps.missing),
        *(() if quiet else _unmeasured(paper, view.gaps)),
        *_decision(paper, view),
    ]
    return "\n".join(lines) + "\n"
