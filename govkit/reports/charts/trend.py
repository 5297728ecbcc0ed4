"""How the audits of one system went: gated criteria that pass, fail and are open, one bar an audit."""

from typing import Final

from govkit.core.record import AuditRecord, PastAudit, in_a_line
from govkit.reports.drawing import WIDTH, hatched, shape, svg, text
from govkit.reports.wording import VERDICTS, things

TOP, TALL, BOTTOM = 26.0, 120.0, 40.0
MOST_BARS: Final = 12


def trend(record: AuditRecord) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """Draw the course of the audits up to this one; give the picture and its rows, the oldest first.

    The rows hold date, verdict and how many gated criteria pass, fail and are open.
    """
    audits = [*record.run.past, in_a_line(record)][-MOST_BARS:]
    rows = tuple(
        (one.as_of.isoformat(), VERDICTS[one.verdict].word, str(one.passed), str(one.failed), str(one.open))
        for one in audits
    )
    most = max((one.passed + one.failed + one.open for one in audits), default=0)
    if most == 0:
        return "", rows
    wide = (WIDTH - 20.0) / len(audits)
    body = "".join(_bar(one, 10 + wide * place, min(wide - 6, 70.0), most) for place, one in enumerate(audits))
    said = "; ".join(
        f"{day} {verdict}: {good} pass, {bad} fail, {unsure} open" for day, verdict, good, bad, unsure in rows
    )
    title = f"Gated criteria of {things(len(audits), 'audit')}"
    return svg(f"{title}. {said}", body, height=int(TOP + TALL + BOTTOM)), rows


def _bar(audit: PastAudit, left: float, wide: float, most: int) -> str:
    """Draw one audit: solid for pass, hatched for open, a dark frame with a cross for fail."""
    body, foot = "", TOP + TALL
    for count, tone, sign in ((audit.passed, "good", "✓"), (audit.open, "unsure", "▲"), (audit.failed, "bad", "✗")):
        tall = TALL * count / most
        if not count:
            continue
        foot -= tall
        if tone == "unsure":
            body += shape("rect", "", tone, x=left, y=foot, width=wide, height=tall)
            body += hatched(tone, left, foot, (wide, tall))
        else:
            body += shape("rect", tone, "paper", x=left, y=foot, width=wide, height=tall)
        if tall > 14 and wide > 26:  # noqa: PLR2004 - room for a label
            body += shape("rect", "paper", x=left + wide / 2 - 14, y=foot + tall / 2 - 8, width=28, height=16)
            body += text(left + wide / 2, foot + tall / 2 + 4, f"{sign} {count}", tone=tone, anchor="middle", bold=True)
    mark = VERDICTS[audit.verdict]
    body += text(left + wide / 2, TOP - 8, mark.sign, tone=mark.tone, anchor="middle", bold=True)
    body += text(left + wide / 2, TOP + TALL + 16, audit.as_of.isoformat()[5:], anchor="middle")
    return body + text(left + wide / 2, TOP + TALL + 30, str(audit.as_of.year), anchor="middle")
