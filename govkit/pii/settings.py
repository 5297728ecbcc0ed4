"""The govkit.yaml that a scan or a redaction goes by: given, or the nearest one to the data."""

from pathlib import Path

from govkit.config import Config, find
from govkit.strict_yaml import read


def settings_for(config: Path | None, data: Path) -> Config:
    """Read the configuration; the defaults where there is none.

    Raises:
        UsageProblem: the file has a mistake.
    """
    place = config if config is not None else find(data if data.is_dir() else data.parent)
    return read(place).parse(Config) if place is not None else Config()
