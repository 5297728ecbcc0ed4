"""Print the verdict of a record as the last thing a command says."""

import sys
from contextlib import nullcontext
from pathlib import Path

from govkit.cli.console import can_show, colour, width
from govkit.cli.github import commands_stopped, on_github, tell_github
from govkit.core.record import AuditRecord


def print_pack(out: Path) -> None:
    """Print where the evidence pack is, its digest and who signed it."""
    from govkit.core.digest import sha256_of_file
    from govkit.pack.archive import unpacked
    from govkit.pack.build import FILE, MANIFEST
    from govkit.pack.envelope import opened

    _, signer, _ = opened(unpacked(out / FILE)[MANIFEST])
    signed = f"signed ed25519:{signer[:12]}" if signer else "not signed"
    print(f"Evidence {out / FILE}: sha256 {sha256_of_file(out / FILE)[:12]}, {signed}")


def print_verdict(record: AuditRecord, out: Path | None, *, quiet: bool = False) -> None:
    """Print the compact table, what failed or is missing, the decision, and where the files are."""
    from govkit.plugins.report import FORMATS
    from govkit.reports.terminal import verdict

    with commands_stopped(record) if on_github() else nullcontext():
        print(verdict(record, width=width(), colour=colour(sys.stdout), unicode=can_show(sys.stdout), quiet=quiet))
        if out is not None:
            files = [found.file for found in FORMATS.all().values() if (out / found.file).exists()]
            print(f"Reports  {out}/: {', '.join(files)}")
    if on_github():
        tell_github(record)
