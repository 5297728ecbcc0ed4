"""Rows that can be singled out by what is easily known of a person: age, place, gender."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from govkit.config import Config
from govkit.core.evidence import Column, Evidence, Finding, Measurement, Message, Outcome, Severity, Table
from govkit.inputs.dataset import Dataset
from govkit.pii.risk import SMALL, Diversity, diversity, group_risk, groups_of, telling_sets
from govkit.plugins.check import Emit, NotApplicable, NotDeclared, NotPossible, Params, Product, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUASI = ("quasi-identifier",)
SPECIAL = ("special category",)


class ReidentificationParams(Params):
    """Which sets of columns are worth naming."""

    telling_share: float = 0.5
    """Share of rows that a set of columns makes unique from which it is named."""


@check(
    "privacy.reidentification",
    title="Singling out by quasi-identifiers",
    requires=("pii.columns",),
    params=ReidentificationParams,
    emits=(
        Emit("smallest_group", "count", "rows of the smallest group of equal quasi-identifiers: k"),
        Emit("unique_share", "share", "rows that no other row equals in all quasi-identifiers"),
        Emit("small_group_share", "share", "rows in groups of fewer than five"),
        Emit("declared_quasi_identifiers", "count", "quasi-identifiers that govkit.yaml declares"),
        Emit("least_distinct", "count", "fewest different values of a sensitive column in any group: l"),
        Emit("largest_distance", "share", "largest distance of a group's sensitive values from all rows': t"),
        Emit("telling_columns", "count", "columns of the smallest set that makes most rows unique; 0 where none does"),
    ),
    messages={
        "privacy.reidentification.small": "By {columns}, {share} of the rows of DATA share their values with fewer "
        "than {least} rows and {unique} with none: whoever knows these of a person finds the row.",
        "privacy.reidentification.telling": "{columns} together make {share} of the rows of DATA unique.",
        "privacy.reidentification.no_quasi": "No column of DATA is declared or known as a quasi-identifier.",
        "privacy.reidentification.no_scan": "No quasi-identifier is declared, and the scan for personal data gave no "
        "result to take them from.",
        "privacy.reidentification.not_there": "{column} is declared as a quasi-identifier and is no column of DATA.",
    },
    libraries=("numpy", "pyarrow"),
)
def reidentification(
    test: Dataset, config: Config, params: ReidentificationParams, evidence: Mapping[str, Evidence]
) -> Iterator[Product]:
    """Count how many rows share their quasi-identifiers, and what such a group gives away.

    Why it matters: without a name in it, a row is still about a person; the 1990 census of the United States shows that
    birth date, gender and postcode alone single out most inhabitants.

    Method: rows are grouped by the columns of `personal_data.quasi_identifiers`, or where none are declared by those
    that pii.columns takes for quasi-identifiers or dates of birth and by protected columns. Measured are the smallest
    group (k), the shares of rows that are alone and in groups of fewer than five, and for sensitive columns
    (`personal_data.sensitive`, else special categories) the fewest different values in a group (l) and the largest
    total variation distance from all rows (t). All sets of up to four of the twelve most varied columns are tried for
    the smallest that make most rows unique. Counts are exact for the rows of DATA.

    Limits: DATA is a sample; in the population behind it groups are larger, so the shares are upper bounds for someone
    who doesn't know that a person is in the data. What an attacker knows is a judgement; declare it.

    References: Sweeney 2002; Machanavajjhala et al. 2007; Li et al. 2007; ISO/IEC 20889; WP 216 of the EU's data
    protection working party.
    """
    quasi = _quasi(test, config, evidence)
    sensitive = [name for name in _sensitive(config, evidence) if name in test.columns and name not in quasi]
    codes = {name: _codes(test, name) for name in quasi}
    group = groups_of(list(codes.values()))
    risk = group_risk(group)
    for name, value, unit in (
        ("smallest_group", risk.k, "count"),
        ("unique_share", risk.unique, "share"),
        ("small_group_share", risk.small, "share"),
    ):
        yield Measurement(name=name, value=value, unit=unit, n=test.rows)
    declared = len(config.personal_data.quasi_identifiers)
    yield Measurement(name="declared_quasi_identifiers", value=declared, unit="count", n=len(quasi))
    found = [diversity(name, group, _codes(test, name)) for name in sensitive]
    yield from _diversity(found, test.rows)
    sets = list(telling_sets(codes, params.telling_share))
    smallest = min((len(names) for names, _ in sets), default=0)
    yield Measurement(name="telling_columns", value=smallest, unit="count", n=test.rows)
    if risk.small:
        arguments = {
            "columns": ", ".join(quasi),
            "share": f"{risk.small:.1%}",
            "unique": f"{risk.unique:.1%}",
            "least": SMALL,
        }
        message = Message(id="privacy.reidentification.small", args=arguments)
        yield Finding(rule="PRI-010", severity=Severity.MEDIUM, message=message, where="DATA")
    for names, share in sets:
        message = Message(
            id="privacy.reidentification.telling", args={"columns": " and ".join(names), "share": f"{share:.1%}"}
        )
        yield Finding(rule="PRI-011", severity=Severity.LOW, message=message, where=f"column {names[0]}")
    yield Table(
        name="telling_sets",
        title="Sets of columns that make most rows unique",
        columns=(Column(name="columns"), Column(name="number", unit="count"), Column(name="unique rows", unit="share")),
        rows=tuple((" + ".join(names), len(names), share) for names, share in sets),
    )


def _diversity(found: list[Diversity], rows: int) -> Iterator[Measurement]:
    for item in found:
        group = {"column": item.column}
        yield Measurement(name="least_distinct", value=item.distinct, unit="count", n=rows, group=group)
        yield Measurement(name="largest_distance", value=item.distance, unit="share", n=rows, group=group)


def _quasi(test: Dataset, config: Config, evidence: Mapping[str, Evidence]) -> tuple[str, ...]:
    declared = config.personal_data.quasi_identifiers
    missing = [name for name in declared if name not in test.columns]
    if missing:
        raise NotDeclared("privacy.reidentification.not_there", column=missing[0])
    claimed = {name for name, entity, category in _claims(evidence) if category in QUASI or entity == "DATE_OF_BIRTH"}
    suggested = tuple(name for name in test.columns if name in claimed or name in (config.columns.protected or ()))
    quasi = declared or suggested
    scan = evidence.get("pii.columns")
    if not quasi and (scan is None or scan.outcome is not Outcome.MEASURED):
        raise NotPossible("privacy.reidentification.no_scan")
    if not quasi:
        raise NotApplicable(
            "privacy.reidentification.no_quasi", ask="personal_data: {quasi_identifiers: [age, postcode, ...]}"
        )
    return quasi


def _sensitive(config: Config, evidence: Mapping[str, Evidence]) -> list[str]:
    return list(config.personal_data.sensitive) or [
        name for name, _, category in _claims(evidence) if category in SPECIAL
    ]


def _claims(evidence: Mapping[str, Evidence]) -> Iterator[tuple[str, str, str]]:
    """Give column, entity type and category of what pii.columns counts as found in DATA."""
    columns = evidence.get("pii.columns")
    for table in columns.tables if columns else ():
        yield from (
            (str(row[0]), str(row[2]), str(row[3]))
            for row in table.rows
            if row[1] == "test" and str(row[6]) in ("likely", "very likely")
        )


def _codes(test: Dataset, name: str) -> "NDArray[np.int64]":
    """Give a column's values as numbers from 0 on; absent cells are a value too."""
    import numpy as np
    import pyarrow.compute as pc

    coded = pc.fill_null(test.strings.column(name), "").combine_chunks().dictionary_encode()
    return np.asarray(coded.indices, dtype=np.int64)
