"""`govkit scan-pii`: personal data in data files of any size."""

import csv
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from govkit.cli.app import ConfigOption, app

if TYPE_CHECKING:
    from govkit.config import Config
    from govkit.pii.exact import CellFinding


@app.command(name="scan-pii")
def scan_pii(
    data: Annotated[list[Path], typer.Argument(metavar="DATA...", help="Data files or folders of them.")],
    config: ConfigOption = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, max=256, help="Processes; else one a core.")] = None,
    engine: Annotated[Literal["local", "dask"], typer.Option("--engine", help="Where parts are read.")] = "local",
    scheduler: Annotated[str | None, typer.Option("--scheduler", help="Dask: address of a running cluster.")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Presidio's own findings, cell by cell.")] = False,
    threshold: Annotated[float, typer.Option("--threshold", min=0, max=1, help="--exact: lowest score.")] = 0.5,
    findings: Annotated[Path | None, typer.Option("--findings", help="--exact: list places in this CSV.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Language model on this disk that finds names in sentences.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Look for personal data in data files."""
    from govkit.pii.settings import settings_for

    settings = settings_for(config, data[0], model)
    if exact:
        _exact(data, settings, threshold, findings, as_json=as_json)
        return
    _verdicts(data, settings, (engine, scheduler, jobs), as_json=as_json, quiet=quiet)


def _verdicts(
    data: list[Path],
    settings: "Config",
    where: tuple[str, str | None, int | None],
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    import os

    from govkit.cli.pii_report import report_text
    from govkit.pii.cluster import on_dask
    from govkit.pii.models import load_model
    from govkit.pii.scan import in_processes, rate, scan

    engine, scheduler, jobs = where
    named = settings.personal_data.language_model
    since = time.monotonic()
    watched = sys.stderr.isatty() and not (quiet or as_json)
    count = jobs or os.cpu_count() or 1

    def told(done: int, total: int) -> None:
        if watched:
            sys.stderr.write(f"\r\x1b[K  … {rate(done, total, since)}"[:80])
            sys.stderr.flush()

    try:
        found = scan(
            data,
            options=settings.csv,
            countries=[code.lower() for code in settings.provenance.geography],
            run=on_dask(scheduler, count) if engine == "dask" else in_processes(count),
            told=told,
            model=load_model(named) if named else None,
        )
    finally:
        if watched:
            sys.stderr.write("\r\x1b[K")
    if as_json:
        json.dump(found.model_dump(mode="json"), sys.stdout, indent=2)
        print()
    else:
        print(report_text(found, settings))


def _exact(data: list[Path], settings: "Config", threshold: float, findings: Path | None, *, as_json: bool) -> None:
    from govkit.cli.console import table
    from govkit.pii.scan import scan_exact
    from govkit.pii.writing import whole_or_absent

    if findings is None:
        reports = scan_exact(data, threshold, options=settings.csv)
    else:
        with whole_or_absent(findings) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("table", "row", "column", "entity", "start", "end", "score"))

            def listed(name: str, column: str, found: "CellFinding") -> None:
                finding = found.finding
                rows.writerow((name, found.row, column, finding.entity, finding.start, finding.end, finding.score))

            reports = scan_exact(data, threshold, options=settings.csv, listed=listed)
    if as_json:
        json.dump([report.model_dump(mode="json") for report in reports], sys.stdout, indent=2)
        print()
        return
    lines = [
        (f"  {report.column}", entity, f"{count:,}") for report in reports for entity, count in report.findings.items()
    ]
    print(f"Presidio's findings with a score of at least {threshold}:")
    print(table(("  column", "entity", "findings"), lines) if lines else "  none")
