"""Which columns hold personal data, judged from their values, their names and the columns beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govkit.config import Config
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.dataset import MISSING, Dataset
from govkit.pii.verdict import REASONS, Claim, Thresholds, judge_table
from govkit.pii.verdict import Column as Seen
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check

if TYPE_CHECKING:
    import pyarrow as pa

VALUES_PER_COLUMN: Final = {"quick": 300, "standard": 1_000, "thorough": 5_000}
RULES: Final = {
    "secret": ("PII-007", Severity.HIGH, "pii.columns.secret"),
    "direct identifier": ("PII-001", Severity.HIGH, "pii.columns.direct"),
    "special category": ("PII-003", Severity.MEDIUM, "pii.columns.special"),
    "quasi-identifier": ("PII-002", Severity.LOW, "pii.columns.quasi"),
}


class ColumnsParams(Params):
    """How much of a column must look like an entity."""

    min_share: float = 0.3
    """Share of distinct values from which a column is claimed by what its values look like."""
    min_share_by_name: float = 0.5
    """Share of distinct values that must fit what the column's name announces."""
    min_distinct: int = 2
    """Fewest distinct values that must match."""


@dataclass(frozen=True)
class Found:
    """A claim with the place it was made for."""

    column: str
    role: str
    claim: Claim
    cells: int


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Resolve the budget to the number of distinct values read in each column."""
    del params
    values = VALUES_PER_COLUMN[budget]
    files = 2 if sizes.train_rows else 1
    return Work({"values_per_column": values}, seconds=2 + files * sizes.features * min(values, sizes.test_rows) * 1e-4)


@check(
    "pii.columns",
    title="Personal data in columns",
    params=ColumnsParams,
    emits=(
        Emit("direct_identifier_columns", "count", "columns whose values name a person"),
        Emit("personal_columns", "count", "columns with personal data of any category"),
        Emit("secret_columns", "count", "columns of passwords' kin: keys, tokens, connection strings"),
        Emit("columns_scanned", "count", "columns looked at in DATA and TRAIN"),
    ),
    messages={
        "pii.columns.direct": "{column} {holds} {entity} ({share} of its distinct values, in {data}): it names "
        "people. By: {reasons}.",
        "pii.columns.quasi": "{column} {holds} {entity} ({share} of its distinct values, in {data}): it helps to "
        "single people out. By: {reasons}.",
        "pii.columns.special": "{column} {holds} {entity} ({share} of its distinct values, in {data}): a special "
        "category of personal data. By: {reasons}.",
        "pii.columns.secret": "{column} {holds} secrets ({share} of its distinct values, in {data}): whoever has the "
        "file can use them. By: {reasons}.",
    },
    libraries=("presidio-analyzer", "phonenumbers", "python-stdnum", "tldextract"),
    plan=plan,
)
def columns(  # noqa: PLR0913, PLR0917 - a parameter is an input of the check
    test: Dataset,
    params: ColumnsParams,
    config: Config,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Tell which columns of DATA and TRAIN hold personal data, by entity type.

    Why it matters: a model may only be trained and tested on personal data for which there is a reason, and names or
    numbers of people that nobody knew of are the commonest privacy incident in data sets.

    Method: up to `values_per_column` distinct values a column, drawn with the check's seed, go through Presidio's
    recognisers and checksums (no language model, no network), national numbers' check digits, lists of first names,
    last names, places and everyday words, and words of the special categories. The column's name, in eight languages,
    and the columns beside it count as evidence too. Each claim has a likelihood on five levels; from `likely` on it
    counts, and a `possible` one is listed only. Passport, licence and bank numbers need a fitting name; numbers with
    decimals are never phone numbers.

    Limits: names of people outside the lists, in scripts of which the lists hold few, need a column name that says so;
    so do user names and numbers without a check digit. Values that stand in fewer than the required share of cells are
    left to pii.free_text. A small number is not proof of absence.

    References: Presidio analyzer; python-stdnum; GDPR articles 4 and 9; ISO/IEC 29100.
    """
    thresholds = Thresholds(
        share=params.min_share, share_by_name=params.min_share_by_name, distinct=params.min_distinct
    )
    countries = tuple(code.lower() for code in config.provenance.geography)
    listed: list[Found] = []
    names: set[str] = set()
    for dataset in (test, train):
        if dataset is None:
            continue
        names.update(dataset.columns)
        samples = {
            name: _sample(dataset.strings.column(name), work["values_per_column"], seed) for name in dataset.columns
        }
        seen = [Seen(name, values, distinct) for name, (values, distinct, _) in samples.items()]
        claims = judge_table(seen, thresholds, countries=countries)
        listed += [Found(name, dataset.role, claim, samples[name][2]) for name, claim in claims.items()]
    yield from _measured([item for item in listed if item.claim.found], len(names))
    yield _table(listed)


def _measured(found: list[Found], scanned: int) -> Iterator[Product]:
    for name, category in (
        ("direct_identifier_columns", "direct identifier"),
        ("personal_columns", None),
        ("secret_columns", "secret"),
    ):
        matching = {item.column for item in found if category in (None, item.claim.category)}
        yield Measurement(name=name, value=len(matching), unit="count", n=scanned)
    yield Measurement(name="columns_scanned", value=scanned, unit="count", n=scanned)
    for column in dict.fromkeys(item.column for item in found):
        yield _finding([item for item in found if item.column == column])


def _finding(claims: list[Found]) -> Finding:
    strongest = min(claims, key=lambda item: list(RULES).index(item.claim.category))
    claim = strongest.claim
    rule, severity, message = RULES[claim.category]
    arguments = {
        "column": strongest.column,
        "holds": "holds" if claim.likelihood.name == "VERY_LIKELY" else "most likely holds",
        "entity": claim.entity,
        "share": f"{claim.share:.0%}",
        "data": " and ".join("TRAIN" if item.role == "train" else "DATA" for item in claims),
        "reasons": ", ".join(REASONS[reason] for reason in claim.reasons),
    }
    message_with_arguments = Message(id=message, args=arguments)
    return Finding(rule=rule, severity=severity, message=message_with_arguments, where=f"column {strongest.column}")


def _table(listed: list[Found]) -> Table:
    return Table(
        name="columns_found",
        title="Columns with personal data",
        columns=(
            Column(name="column"),
            Column(name="data"),
            Column(name="entity"),
            Column(name="category"),
            Column(name="share of distinct values", unit="share"),
            Column(name="cells", unit="count"),
            Column(name="likelihood"),
            Column(name="kind"),
        ),
        rows=tuple(
            (
                item.column,
                item.role,
                item.claim.entity,
                item.claim.category,
                item.claim.share,
                item.cells,
                item.claim.likelihood.words,
                item.claim.kind,
            )
            for item in listed
        ),
    )


def _sample(column: "pa.ChunkedArray", most: int, seed: int) -> tuple[tuple[str, ...], int, int]:
    """Give some distinct values, the number of all of them, and the number of cells that hold any."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = pa.array([*sorted(MISSING), None], pa.large_string())
    present = column.filter(pc.invert(pc.is_in(column, value_set=missing)))
    unique = pc.unique(present)
    if len(unique) > most:
        drawn = np.sort(np.random.default_rng(seed).choice(len(unique), size=most, replace=False))
        values = unique.take(pa.array(drawn)).to_pylist()
    else:
        values = unique.to_pylist()
    stripped = tuple(dict.fromkeys(text for text in (value.strip() for value in values) if text))
    return stripped, len(unique), len(present)
