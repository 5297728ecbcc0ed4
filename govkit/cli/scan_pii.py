"""`govkit scan-pii`: personal data in data files of any size."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import ConfigOption, app


@app.command(name="scan-pii")
def scan_pii(
    data: Annotated[list[Path], typer.Argument(metavar="DATA...", help="Data files or folders of them.")],
    config: ConfigOption = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=256, help="Processes; one a core if not set.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Look for personal data in data files."""
    import os

    from govkit.cli.pii_report import report_text
    from govkit.pii.scan import in_processes, rate, scan
    from govkit.pii.settings import settings_for

    settings = settings_for(config, data[0])
    since = time.monotonic()
    watched = sys.stderr.isatty() and not (quiet or as_json)

    def told(done: int, total: int) -> None:
        if watched:
            sys.stderr.write(f"\r\x1b[K  … {rate(done, total, since)}"[:80])
            sys.stderr.flush()

    try:
        found = scan(
            data,
            options=settings.csv,
            countries=[code.lower() for code in settings.provenance.geography],
            run=in_processes(jobs or os.cpu_count() or 1),
            told=told,
        )
    finally:
        if watched:
            sys.stderr.write("\r\x1b[K")
    if as_json:
        json.dump(found.model_dump(mode="json"), sys.stdout, indent=2)
        print()
    else:
        print(report_text(found, settings))
