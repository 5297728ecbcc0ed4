"""Run some checks and print what they measured; shared by the commands for one stage."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from govkit.cli.console import Console, table
from govkit.core.errors import Exit
from govkit.core.evidence import Evidence, Measurement, Outcome, Table
from govkit.core.messages import sentence, shown
from govkit.reports.wording import lead


def examine(
    *,
    model: str | None,
    data: str,
    only: tuple[str, ...],
    train: str | None = None,
    config: Path | None = None,
    budget: str | None = None,
    seed: int | None = None,
    as_json: bool = False,
    tables: bool = False,
    checks: Mapping[str, Mapping[str, object]] | None = None,
) -> Exit:
    """Print the evidence of some checks, with their tables if asked; the exit code says whether all could measure."""
    from govkit import flow

    console = Console(quiet=as_json)
    try:
        evidence, templates = flow.examine(
            model=model,
            data=data,
            only=only,
            train=train,
            config=config,
            budget=budget,
            seed=seed,
            checks=checks,
            progress=console,
        )
    finally:
        console.finish()
    if as_json:
        json.dump([found.model_dump(mode="json") for found in evidence], sys.stdout, indent=2)
        print()
    else:
        parts = [_told(found, templates) for found in evidence]
        parts += [_laid_out(each) for found in evidence for each in found.tables if tables]
        print("\n\n".join(parts))
    stuck = any(found.outcome in (Outcome.ERROR, Outcome.NOT_DECLARED) for found in evidence)
    return Exit.INCOMPLETE if stuck else Exit.PASSED


def _told(evidence: Evidence, templates: dict[str, str]) -> str:
    lines = [f"{evidence.check}: {evidence.outcome.value.replace('_', ' ')}"]
    if evidence.reason is not None:
        lines.append(f"  {sentence(evidence.reason, templates)}")
    if evidence.ask:
        lines.append(f"  {lead(evidence.ask, evidence.ask_kind).lower()}: {evidence.ask}")
    if evidence.measurements:
        rows = [_row(measured) for measured in evidence.measurements]
        lines.append(table(("  measured", "value", "interval", "n", "of"), rows))
    lines += [
        f"  {finding.rule} {finding.severity.value}: {sentence(finding.message, templates)} ({finding.where})"
        for finding in evidence.findings
    ]
    return "\n".join(lines)


def _laid_out(found: Table) -> str:
    headers = tuple(f"{column.name} ({column.unit})" if column.unit else column.name for column in found.columns)
    rows = [tuple("" if cell is None else shown(cell) for cell in row) for row in found.rows]
    return f"{found.title}\n{table(headers, rows)}"


def _row(measured: Measurement) -> tuple[str, ...]:
    interval = measured.interval
    bounds = "exact"
    if interval is not None:
        low = "-inf" if interval.low is None else shown(interval.low)
        high = "inf" if interval.high is None else shown(interval.high)
        bounds = f"{low} to {high}"
    group = ", ".join(f"{key} {value}" for key, value in measured.group.items())
    return f"  {measured.name}", f"{shown(measured.value)} {measured.unit}", bounds, shown(measured.n), group
