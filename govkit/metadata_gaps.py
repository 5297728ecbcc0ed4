"""What metadata files lack, told without the data that they describe."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from govkit.checks.provenance.datasheet_complete import datasheet_complete
from govkit.checks.provenance.geography import geography
from govkit.checks.provenance.license import data_license
from govkit.config import Config
from govkit.core.evidence import Finding
from govkit.core.messages import sentence
from govkit.inputs.metadata import read_metadata_file
from govkit.plugins.check import Product, Unavailable
from govkit.sentences import templates

MISSING, STANDARD, PLACEHOLDER = (
    f"provenance.datasheet_complete.{kind}" for kind in ("missing", "standard", "placeholder")
)
NOT_OF_THE_FILE = frozenset(("provenance.license.no_use", "provenance.geography.no_regions"))
"""What govkit.yaml lacks."""


@dataclass(frozen=True)
class FileGaps:
    """What one metadata file lacks."""

    file: str
    format: str
    by_standard: tuple[str, ...]
    """Pointers to what its own standard requires and it doesn't have."""
    not_stated: tuple[str, ...]
    """Fields that every data sheet needs and it doesn't state."""
    placeholders: tuple[str, ...]
    """Fields that hold `TBD` or the like."""
    other: tuple[str, ...]
    """Sentences on what it states and nobody can use: a licence that is none, a place that isn't known."""

    @property
    def count(self) -> int:
        """How many gaps there are."""
        return len(self.by_standard) + len(self.not_stated) + len(self.placeholders) + len(self.other)


def gaps_of(path: Path) -> FileGaps:
    """List what a metadata file lacks.

    Raises:
        InputProblem: it can't be read, or is no metadata that govkit knows.
    """
    metadata, config = read_metadata_file(path), Config()
    runs = (datasheet_complete(metadata, config), data_license(metadata, config), geography(metadata, config))
    found = [finding for run in runs for finding in _findings(run)]
    kinds = {
        kind: [finding for finding in found if finding.message.id == kind] for kind in (MISSING, STANDARD, PLACEHOLDER)
    }
    said = templates()
    return FileGaps(
        file=str(path),
        format=metadata.sources[0].format,
        by_standard=tuple(str(finding.message.args["place"]) for finding in kinds[STANDARD]),
        not_stated=tuple(str(finding.message.args["field"]) for finding in kinds[MISSING]),
        placeholders=tuple(str(finding.message.args["field"]) for finding in kinds[PLACEHOLDER]),
        other=tuple(
            sentence(finding.message, said)
            for finding in found
            if finding.message.id not in kinds and finding.message.id not in NOT_OF_THE_FILE
        ),
    )


def _findings(run: Iterable[Product]) -> list[Finding]:
    """Take a check's findings; one that has nothing to look at, because a field is not stated, finds nothing more."""
    try:
        return [product for product in run if isinstance(product, Finding)]
    except Unavailable:
        return []
