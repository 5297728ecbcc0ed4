"""Where the data comes from, and whether it may be used where the system runs."""

from collections.abc import Iterator

from govkit.config import Config
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.countries import countries
from govkit.inputs.metadata import Metadata
from govkit.plugins.check import Emit, NotDeclared, Product, check

PLACES = ("geography", "regions_allowed", "regions_forbidden")


@check(
    "provenance.geography",
    title="Countries of the data",
    emits=(
        Emit("unknown_places", "count", "stated places that are no country code, country or EU, EEA, worldwide"),
        Emit("region_conflicts", "count", "countries where the system runs and the data may not be processed"),
    ),
    messages={
        "provenance.geography.nothing": "It is not stated which countries the data comes from.",
        "provenance.geography.unknown": "{field} in {file} holds a place that is no ISO 3166 country code.",
        "provenance.geography.conflict": "The system runs in {country}, where the data may not be processed by {file}.",
        "provenance.geography.no_regions": "Whether the data may be processed where the system runs can't be said. Add "
        "the line: system: {{regions: [DE]}}",
    },
    libraries=("tzdata",),
)
def geography(metadata: Metadata, config: Config) -> Iterator[Product]:
    """Check that the data's countries are stated, and hold where it may be processed against where the system runs.

    Why it matters: people differ between countries, and so do the laws on what may be done with their data.

    Method: each stated place is read as an ISO 3166-1 code, a part of a country (ISO 3166-2), a country's English name,
    EU, EEA or worldwide. A country of `system.regions` is in conflict when it is forbidden, or not among the allowed;
    where a place can't be read, nothing is concluded but a conflict that is there.

    Limits: declarations; neither the rows nor the machines are looked at. No legal advice on transfers.

    References: ISO 3166-1; Data & Trust Alliance Data Provenance Standards 1.0.0, origin-geography, processing and
    storage; PRV-014.
    """
    if not metadata.get("geography"):
        raise NotDeclared("provenance.geography.nothing", ask="provenance: {geography: [DE]}")
    stated = [(name, place) for name in PLACES for place in metadata.values(name)]
    unknown = [(name, place) for name, place in stated if countries(place) is None]
    yield Measurement(name="unknown_places", value=len(unknown), unit="count", n=len(stated))
    for name, _ in unknown:
        field = metadata.fields[name]
        yield _finding("unknown", f"{field.source} {field.pointer}", Severity.LOW, field=name, file=field.source)
    limits = [name for name in PLACES[1:] if metadata.values(name)]
    if limits and not config.system.regions:
        yield _finding("no_regions", "govkit.yaml system.regions", Severity.INFO)
        return
    conflicts = [
        (place, name) for place in config.system.regions for name in limits if _conflict(place, name, metadata)
    ]
    compared = [*config.system.regions, *(place for name, place in stated if name in limits)]
    if conflicts or all(countries(place) is not None for place in compared):
        counted = max(len(config.system.regions), 1)
        yield Measurement(name="region_conflicts", value=len(conflicts), unit="count", n=counted)
    for place, name in conflicts:
        field = metadata.fields[name]
        where = f"{field.source} {field.pointer}"
        yield _finding("conflict", where, Severity.HIGH, country=place, file=field.source)


def _conflict(place: str, name: str, metadata: Metadata) -> bool:
    """Say whether a country may not process the data by the field of that name."""
    runs = countries(place)
    listed = [found for text in metadata.values(name) if (found := countries(text)) is not None]
    anywhere = any(not found for found in listed)
    named = frozenset[str]().union(*listed)
    if runs is None:
        return False
    if name == "regions_forbidden":
        return anywhere or bool(runs & named) or (not runs and bool(named))
    return not (anywhere or (runs and runs <= named))


def _finding(kind: str, where: str, severity: Severity, /, **arguments: str) -> Finding:
    message = Message(id=f"provenance.geography.{kind}", args=dict(arguments))
    return Finding(rule="PRV-014", severity=severity, message=message, where=where)
