"""Whether the metadata describes features as something that stands in for a protected attribute."""

from collections.abc import Iterator

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.metadata import Metadata
from govkit.inputs.naming import protected_word
from govkit.plugins.check import EVERY_TASK, Emit, NotApplicable, Product, check


@check(
    "fairness.described",
    title="Features described as protected",
    emits=(
        Emit("described_features", "count", "undeclared features whose description speaks of a protected attribute"),
    ),
    messages={
        "fairness.described.nothing": "No metadata file describes a feature.",
        "fairness.described.feature": "{file} describes {column} by the word {word}. If it is a protected attribute or "
        "made from one, add the line: columns: {{protected: [{column}]}}",
    },
    tasks=EVERY_TASK,
)
def described(columns: Columns, metadata: Metadata) -> Iterator[Product]:
    """Read what metadata says about the features, and point at those that are about a protected attribute.

    Why it matters: a column can be a share of an ethnic group or be computed from one under a name that tells nobody;
    the description in the metadata is often the only place that says so.

    Method: titles and descriptions of fields in Croissant files and data packages are split into words; words such as
    ethnic, gender or religion count, and names of groups (black, white) beside a share or people. Only the word is
    shown. Features that are declared as protected don't count.

    Limits: English only. A description that keeps silent, and columns without one, show nothing. A word can be there to
    say that the column is not about it.

    References: Croissant 1.1 and Data Package, descriptions of fields; ISO/IEC TR 24027 on proxies.
    """
    told = [name for name in columns.features if name in metadata.descriptions]
    if not told:
        raise NotApplicable("fairness.described.nothing")
    words = {name: protected_word(metadata.descriptions[name].text) for name in told}
    found = [name for name, word in words.items() if word and name not in columns.protected]
    yield Measurement(name="described_features", value=len(found), unit="count", n=len(told))
    for name in found:
        message = Message(
            id="fairness.described.feature",
            args={"file": metadata.descriptions[name].source, "column": name, "word": words[name]},
        )
        yield Finding(rule="FAIR-032", severity=Severity.MEDIUM, message=message, where=f"column {name}")
