"""What a scan found against what govkit.yaml declares, and what it says may be passed over."""

from collections.abc import Iterator

from govkit.config import Config
from govkit.core.frozen import Frozen
from govkit.pii.entities import CATEGORIES, family
from govkit.pii.scan import ScanReport


class Undeclared(Frozen):
    """Personal data that nobody declared."""

    table: str
    column: str
    entity: str
    category: str


def undeclared(report: ScanReport, config: Config) -> list[Undeclared]:
    """Give what was found and is declared nowhere; a column with an empty list of types is declared as a whole."""
    found = []
    passed = passed_over(config)
    for table, column, entity in _found(report):
        if (column, entity) in passed:
            continue
        declared = config.personal_data.declared.get(column)
        if declared is None or (declared and entity not in {family(name) for name in declared}):
            found.append(Undeclared(table=table, column=column, entity=entity, category=CATEGORIES[entity]))
    return found


def passed_over(config: Config) -> frozenset[tuple[str, str]]:
    """Give the columns and entity types that govkit.yaml says are mistaken."""
    return frozenset((item.column, family(item.entity)) for item in config.personal_data.passed_over)


def _found(report: ScanReport) -> Iterator[tuple[str, str, str]]:
    for table in report.tables:
        for column in table.columns:
            if column.found and column.entity:
                yield table.table, column.column, column.entity
            yield from ((table.table, column.column, item.entity) for item in column.inside if item.cells)
