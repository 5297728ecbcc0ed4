"""What a check hands over: measurements, findings, tables and files, and how they came about."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from govkit.core.frozen import Frozen, added

Scalar = StrictBool | StrictInt | StrictFloat | StrictStr
Cell = Scalar | None
AskKind = Literal["", "line", "command", "advice"]
"""What an `ask` is: a line of govkit.yaml, a command to run, or advice; empty in records of earlier versions."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Outcome(StrEnum):
    """What became of a check. Whether that is good enough is for the criteria to say."""

    MEASURED = "measured"
    NOT_APPLICABLE = "not_applicable"
    """The question does not arise for this subject, by the check's own precondition."""
    NOT_DECLARED = "not_declared"
    """An input or a declaration is missing; the reason names the line to add."""
    ERROR = "error"


class Severity(StrEnum):
    """How much a finding matters if it is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Message(Frozen):
    """A sentence by id with typed arguments; the record keeps the sentence's template once."""

    id: str
    args: dict[str, Scalar] = Field(default_factory=dict)


class Interval(Frozen):
    """A two-sided interval for a measured value."""

    low: float | None
    """None: unbounded below."""
    high: float | None
    """None: unbounded above."""
    level: float = Field(default=0.95, gt=0, lt=1)
    method: str
    """How it was computed, in the field's words: `wilson`, `clopper-pearson`, `delong`."""


class Measurement(Frozen):
    """One number with everything needed to judge it."""

    name: str
    """Declared by the check in `emits`; criteria refer to it."""
    value: float
    unit: str
    """`share` (0 to 1), `count`, `auc`, `days`, ... as declared in `emits`."""
    n: int = Field(ge=0)
    """How many rows, cells or items the value rests on."""
    interval: Interval | None = None
    """None only where the value is exact, a count over everything for instance."""
    group: dict[str, str] = Field(default_factory=dict)
    """What the value is about when there are several: `{"column": "age"}`, `{"eps": "0.1"}`. Never a raw cell value."""


class Finding(Frozen):
    """A place a person should look at."""

    rule: str
    """Stable id within the check's family: `PII-001`, `PRV-003`."""
    severity: Severity
    message: Message
    where: str
    """A file, column or object path; never a cell value."""


class Column(Frozen):
    """A column of an evidence table."""

    name: str
    unit: str = ""


class Table(Frozen):
    """Rows that a chart is drawn from or that a reader may want to check."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: int = Field(default=0, ge=0)
    """Rows beyond the cap, said in the report."""
    printed: bool = added(default=False)
    """Whether a report lays out the rows beside the check's results, where a picture can't say it."""


class Artefact(Frozen):
    """A file written beside the record, per-record results for instance."""

    name: str
    media_type: str
    sha256: Sha256
    size: int = Field(ge=0)


class Evidence(Frozen):
    """The result of one check, with what it takes to get it again. Durations live in the record's `run` part."""

    check: str
    check_version: str
    outcome: Outcome
    reason: Message | None = None
    """Why there is nothing, or less than all; never None unless the outcome is `measured`."""
    ask: str = ""
    """What would supply what is missing, as `ask_kind` says."""
    ask_kind: AskKind = added("")
    measurements: tuple[Measurement, ...] = ()
    findings: tuple[Finding, ...] = ()
    tables: tuple[Table, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    params: dict[str, object] = Field(default_factory=dict)
    work: dict[str, int] = Field(default_factory=dict)
    """The plan's integer work counts for this check."""
    seed: int = 0
    inputs: dict[str, str] = Field(default_factory=dict)
    """Digest of each input the check asked for."""
    software: dict[str, str] = Field(default_factory=dict)
    """Versions of the libraries the check names."""
