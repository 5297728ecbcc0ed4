"""Whether the data is a public data set with documented faults."""

from collections.abc import Iterator

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.known_data import plain, recognised
from govkit.plugins.check import Emit, NotApplicable, Product, check


@check(
    "provenance.known_data",
    title="Public data sets with documented faults",
    emits=(Emit("unfit_features", "count", "features that are documented as unfit: proxies, identifiers, outcomes"),),
    messages={
        "provenance.known_data.unknown": "The columns are those of none of the public data sets that govkit has a list "
        "of faults for.",
        "provenance.known_data.column": "The columns are those of {data_set}. Documented about {column}: {fault} "
        "({reference}).",
        "provenance.known_data.whole": "The columns are those of {data_set}. Documented about it: {fault} "
        "({reference}).",
    },
    libraries=("pyyaml",),
)
def known_data(test: Dataset, columns: Columns) -> Iterator[Product]:
    """Recognise public data sets by their columns, and repeat what is documented about them.

    Why it matters: models are built on well-known tables again and again, and their faults were found long ago: a
    column made from ethnicity, a value that stands for missing, an outcome among the features. The data alone doesn't
    show them.

    Method: column names are compared with a packaged list, without case, spaces and punctuation; four in five of a
    set's distinctive columns are enough. Columns that are documented as unfit for a feature are counted where the model
    takes them.

    Limits: only listed sets are recognised, and only under their usual column names; data that isn't recognised can
    have the same faults. A table of its own that happens to use these names would be taken for one.

    References: Gebru et al. (2021), Datasheets for Datasets; each finding names its own.
    """
    found = recognised(test.columns)
    if found is None:
        raise NotApplicable("provenance.known_data.unknown")
    unfit = [name for name in columns.features if plain(name) in found.unfit]
    yield Measurement(name="unfit_features", value=len(unfit), unit="count", n=len(columns.features))
    about = {"data_set": found.title, "reference": found.reference}
    for name in test.columns:
        if plain(name) in found.columns:
            fault = found.columns[plain(name)]
            severity = Severity.MEDIUM if name in unfit else Severity.LOW
            yield _finding("column", severity, f"column {name}", column=name, fault=fault, **about)
    for fault in found.whole:
        yield _finding("whole", Severity.LOW, test.name, fault=fault, **about)


def _finding(kind: str, severity: Severity, where: str, **arguments: str) -> Finding:
    message = Message(id=f"provenance.known_data.{kind}", args=dict(arguments))
    return Finding(rule="PRV-025", severity=severity, message=message, where=where)
