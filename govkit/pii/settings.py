"""The govkit.yaml that a scan or a redaction goes by: given, or the nearest one to the data."""

from pathlib import Path

from govkit.config import Config, find
from govkit.strict_yaml import read


def settings_for(config: Path | None, data: Path, model: str | None = None) -> Config:
    """Read the configuration; the defaults where there is none.

    Args:
        config: the file that was named.
        data: beside which the nearest one is looked for.
        model: the language model that the command line names; goes before the file's.

    Raises:
        UsageProblem: the file has a mistake.
    """
    place = config if config is not None else find(data if data.is_dir() else data.parent)
    found = read(place).parse(Config) if place is not None else Config()
    if model is None:
        return found
    return found.model_copy(update={"personal_data": found.personal_data.model_copy(update={"language_model": model})})
