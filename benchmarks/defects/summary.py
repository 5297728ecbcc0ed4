"""What came of many audits: a table of defects, the shares with their limits, and the picture of both."""

import statistics
from collections import Counter
from collections.abc import Sequence
from html import escape

from benchmarks.defects.audits import Outcome
from benchmarks.defects.planted import DEFECTS
from govkit.stats.intervals import proportion

GOALS = {"caught": 0.95, "audits": 0.05, "checks": 0.01}
"""At least so many defects found; at most so many clean audits, and their checks, with a failing criterion."""


def table(outcomes: Sequence[Outcome]) -> str:
    """Lay out what was caught, what was missed, and the false alarms, as Markdown."""
    seeded, clean = sides(outcomes)
    lines = ["| defect | caught | of | missed in |", "| --- | ---: | ---: | --- |"]
    for name in DEFECTS:
        mine = [outcome for outcome in seeded if outcome.trial.defect == name]
        missed = Counter(outcome.trial.table for outcome in mine if not outcome.caught)
        where = ", ".join(f"{table} {count}" for table, count in sorted(missed.items()))
        if mine:
            lines.append(f"| {name} | {len(mine) - missed.total()} | {len(mine)} | {where} |")
    lines.append("")
    lines += [f"- {sentence}" for sentence in sentences(seeded, clean)]
    lines += _alarms(clean)
    return "\n".join(lines)


def sides(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Part audits of planted defects from clean ones."""
    seeded = [outcome for outcome in outcomes if outcome.trial.planted]
    return seeded, [outcome for outcome in outcomes if not outcome.trial.planted]


def sentences(seeded: Sequence[Outcome], clean: Sequence[Outcome]) -> list[str]:
    """Say the shares."""
    said = []
    if seeded:
        said.append(f"Caught: {_share(sum(outcome.caught for outcome in seeded), len(seeded))} of planted defects.")
    if clean:
        failed = sum(len(outcome.failed_checks) for outcome in clean)
        checks = sum(outcome.checks for outcome in clean)
        said.append(f"Failing checks on clean systems: {_share(failed, checks)} of those that could be decided.")
        alarmed = sum(bool(outcome.failed) for outcome in clean)
        said.append(f"Clean systems with any failing check: {_share(alarmed, len(clean))}.")
    spent = [outcome.seconds for outcome in (*seeded, *clean)]
    said.append(f"CPU seconds an audit: median {statistics.median(spent):.1f}, largest {max(spent):.1f}.")
    died = sum(outcome.verdict == "died" for outcome in (*seeded, *clean))
    return [*said, f"{died} audits died."] if died else said


def _alarms(clean: Sequence[Outcome]) -> list[str]:
    """Name each false alarm and where it was."""
    found: dict[str, Counter[str]] = {}
    for outcome in clean:
        for name in outcome.failed:
            found.setdefault(name, Counter())[f"{outcome.trial.defect or 'as drawn'} ({outcome.trial.table})"] += 1
    if not found:
        return []
    lines = ["", "| failing criterion on clean systems | times | where |", "| --- | ---: | --- |"]
    for name, places in sorted(found.items(), key=lambda item: (-item[1].total(), item[0])):
        where = ", ".join(f"{place} {count}" for place, count in places.most_common())
        lines.append(f"| {name} | {places.total()} | {where} |")
    return lines


def _share(found: int, of: int) -> str:
    limits = proportion(found, of)
    return f"{found} of {of}, {found / of:.1%} [{limits.low:.1%}, {limits.high:.1%}]"


ROW, LEFT, WIDE = 17, 168, 620


def picture(outcomes: Sequence[Outcome]) -> str:
    """Draw the share caught of every defect, and of failing checks on clean systems, as SVG."""
    seeded, clean = sides(outcomes)
    drawn = []
    for name in DEFECTS:
        mine = [outcome.caught for outcome in seeded if outcome.trial.defect == name]
        if mine:
            drawn.append((name.replace("_", " "), sum(mine), len(mine), sum(mine) / len(mine) >= GOALS["caught"]))
    all_caught = sum(outcome.caught for outcome in seeded)
    drawn.sort(key=lambda row: (row[1] / row[2], row[0]))
    drawn.append(("all defects", all_caught, len(seeded), all_caught / max(len(seeded), 1) >= GOALS["caught"]))
    alarmed = sum(bool(outcome.failed) for outcome in clean)
    drawn.append(("clean, any alarm", alarmed, len(clean), alarmed / max(len(clean), 1) <= GOALS["audits"]))
    bars = [_bar(index, *row) for index, row in enumerate(drawn) if row[2]]
    height = 34 + ROW * len(drawn)
    title = f"Defects found in {len(seeded)} systems that have one, and alarms in {len(clean)} that have none"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {height}" font-family="sans-serif" '
        f'font-size="11" role="img"><title>{escape(title)}</title>'
        f'<rect width="{WIDE}" height="{height}" fill="#fff"/>'
        f'<text x="8" y="18" font-size="12" font-weight="bold" fill="#222">{escape(title)}</text>'
        f"{''.join(bars)}</svg>\n"
    )


def _bar(index: int, name: str, found: int, of: int, good: bool) -> str:
    top, room = 28 + ROW * index, WIDE - LEFT - 76
    limits = proportion(found, of)
    low, high = (LEFT + room * edge for edge in (limits.low, limits.high))
    colour = "#2c6e8f" if good else "#b3541e"
    middle = top + ROW / 2 - 1.5
    return (
        f'<text x="{LEFT - 6}" y="{top + 11}" text-anchor="end" fill="#222">{escape(name)}</text>'
        f'<rect x="{LEFT}" y="{top + 1}" width="{room}" height="{ROW - 5}" fill="#f0f0f0"/>'
        f'<rect x="{LEFT}" y="{top + 1}" width="{room * found / of:.1f}" height="{ROW - 5}" fill="{colour}"/>'
        f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 3}v6M{high:.1f} {middle - 3}v6" '
        f'stroke="#222" fill="none"/>'
        f'<text x="{LEFT + room + 6}" y="{top + 11}" fill="#222">{found} of {of}</text>'
    )
