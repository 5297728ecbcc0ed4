"""One place that decides which cell values may be shown: declared categories with enough rows, nothing else."""

from govkit.config import Config
from govkit.inputs.task import same

MIN_ROWS = 10
"""Fewest rows a value must have to be named."""


class Disclosure:
    """Labels cell values for reports."""

    def __init__(self, config: Config) -> None:
        """Take the declared categories."""
        self._declared = config.columns.categories

    def value(self, column: str, value: object, *, position: int, rows: int) -> str:
        """Give a declared category that at least `MIN_ROWS` rows have as it is, any other value as `value 3`."""
        declared = any(same(value, shown) for shown in self._declared.get(column, ()))
        return str(value) if declared and rows >= MIN_ROWS else f"value {position + 1}"
