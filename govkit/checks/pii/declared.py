"""Personal data that was found against personal data that was declared."""

from collections.abc import Iterator, Mapping
from typing import Final

from govkit.config import Config
from govkit.core.evidence import Evidence, Finding, Measurement, Message, Outcome, Severity
from govkit.inputs.metadata import Metadata
from govkit.pii.declarations import passed_over
from govkit.pii.entities import CATEGORIES, Likelihood, family
from govkit.pii.headers import announced
from govkit.plugins.check import Emit, NotPossible, Product, check

SEVERITIES: Final = {
    "secret": Severity.HIGH,
    "direct identifier": Severity.HIGH,
    "special category": Severity.HIGH,
    "quasi-identifier": Severity.MEDIUM,
}


@check(
    "pii.declared",
    title="Personal data declared and found",
    requires=("pii.columns", "pii.free_text"),
    emits=(
        Emit("undeclared_direct_columns", "count", "columns with a direct identifier that is not declared"),
        Emit("undeclared_special_columns", "count", "columns with a special category that is not declared"),
        Emit("undeclared_columns", "count", "columns with any personal data that is not declared"),
    ),
    messages={
        "pii.declared.undeclared": "{column} holds {entity} ({category}), which is declared nowhere. If that is meant, "
        "add the line: personal_data: {declared: {{column}: [{entity}]}}",
        "pii.declared.not_found": "{column} is declared to hold {entity}, which was not found in it.",
        "pii.declared.no_scan": "The scan for personal data gave no result to compare with.",
    },
)
def declared(evidence: Mapping[str, Evidence], config: Config, metadata: Metadata) -> Iterator[Product]:
    """Compare the personal data that was found with what govkit.yaml and the metadata declare.

    Why it matters: personal data that is known can be justified, protected and deleted; personal data that nobody
    declared can't.

    Method: an entity type found in a column counts as declared when `personal_data.declared` lists it for that column
    (an empty list declares the whole column), or when metadata beside the data names the column or the entity type
    among its sensitive information. What is declared and not found is told too. The lawful basis and the end of
    retention are held against what is stated by provenance.lawful_basis and provenance.collection_dates.

    Limits: it is only as good as pii.columns and pii.free_text, and a declaration is not a lawful basis.

    References: GDPR articles 5, 9 and 30; Croissant RAI, personalSensitiveInformation.
    """
    columns = evidence.get("pii.columns")
    if columns is None or columns.outcome is not Outcome.MEASURED:
        raise NotPossible("pii.declared.no_scan")
    text = evidence.get("pii.free_text")
    if text is None or text.outcome not in {Outcome.MEASURED, Outcome.NOT_APPLICABLE}:
        raise NotPossible("pii.declared.no_scan")
    scanned = next(item.n for item in columns.measurements if item.name == "columns_scanned")
    found = _found(evidence)
    undeclared = sorted(
        (column, entity)
        for column, entity in found
        if not _is_declared(column, entity, config) and not _is_named(column, entity, metadata)
    )
    for name, category in (
        ("undeclared_direct_columns", "direct identifier"),
        ("undeclared_special_columns", "special category"),
        ("undeclared_columns", None),
    ):
        matching = {column for column, entity in undeclared if category in (None, CATEGORIES[entity])}
        yield Measurement(name=name, value=len(matching), unit="count", n=scanned)
    for column, entity in undeclared:
        category = CATEGORIES[entity]
        yield Finding(
            rule="PII-006",
            severity=SEVERITIES[category],
            message=Message(
                id="pii.declared.undeclared", args={"column": column, "entity": entity, "category": category}
            ),
            where=f"column {column}",
        )
    yield from _not_found(config, found)


def _not_found(config: Config, found: set[tuple[str, str]]) -> Iterator[Finding]:
    """Tell what is declared for a column and was not found in it."""
    for column, entities in config.personal_data.declared.items():
        for entity in (family(name) for name in entities):
            if (column, entity) not in found:
                yield Finding(
                    rule="PII-011",
                    severity=Severity.INFO,
                    message=Message(id="pii.declared.not_found", args={"column": column, "entity": entity}),
                    where=f"column {column}",
                )


def _found(evidence: Mapping[str, Evidence]) -> set[tuple[str, str]]:
    """Give column and entity type of everything that either scan counts as found."""
    found = set()
    for scan in ("pii.columns", "pii.free_text"):
        for table in evidence[scan].tables if scan in evidence else ():
            levels = [index for index, column in enumerate(table.columns) if column.name == "likelihood"]
            found |= {
                (str(row[0]), family(str(row[2])))
                for row in table.rows
                if all(row[index] in _COUNTED for index in levels)
            }
    return found


_COUNTED: Final = frozenset(level.words for level in Likelihood if level >= Likelihood.LIKELY)


def _is_declared(column: str, entity: str, config: Config) -> bool:
    if (column, entity) in passed_over(config):
        return True
    entities = config.personal_data.declared.get(column)
    return entities is not None and (not entities or entity in {family(name) for name in entities})


def _is_named(column: str, entity: str, metadata: Metadata) -> bool:
    """Say whether metadata lists the column, or a word that stands for the entity type, as sensitive."""
    return any(
        term.casefold() == column.casefold() or entity in announced(term) or family(term) == entity
        for term in metadata.values("personal_data")
    )
