"""govkit.yaml as typed objects: what the user declares about the system, its data and its limits."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from govkit.core.frozen import Frozen, added
from govkit.core.record import TaskName

FILE_NAME = "govkit.yaml"
Label = StrictBool | StrictInt | StrictFloat | StrictStr
Budget = Literal["quick", "standard", "thorough"]
Share = Annotated[float, Field(ge=0, le=1)]


class System(Frozen):
    """The system under audit."""

    id: str = ""
    """Short stable identifier, used by attestations and waivers."""
    name: str = ""
    """Name shown in reports."""
    version: str = ""
    """Version of this release; quote it."""
    owner: str = ""
    """Person or team that answers for it."""
    purpose: str = ""
    """What the system decides or supports, in one sentence."""
    use: Literal["", "commercial", "non-commercial", "research"] = ""
    """How it will be used; held against the data's licence."""
    regions: tuple[str, ...] = ()
    """ISO 3166 country codes where it runs; held against where the data may be processed."""


class Split(Frozen):
    """Training rows marked by a column of DATA."""

    column: str
    """The column that marks the split."""
    value: Label
    """Its value in training rows; every other row is hold-out."""


class Csv(Frozen):
    """How CSV files are written, where it can't be told from the file."""

    delimiter: Literal[",", ";", "\t", "|"] | None = None
    """The cell separator."""
    encoding: str | None = None
    """The character encoding, `utf-8` or `cp1252` for instance."""


class Columns(Frozen):
    """Roles of columns besides target and row id."""

    ignore: tuple[str, ...] = ()
    """Columns that are no features."""
    labels: tuple[str, ...] = ()
    """Multilabel tasks: the columns with 0 or 1, one for each label, in the order of the model's answers."""
    protected: tuple[str, ...] | None = None
    """Protected attributes, whether features or not; `[]` says that there are none."""
    time: str | None = None
    """When a row was observed."""
    group: str | None = None
    """Rows that belong together: person, household, device."""
    weight: str | None = None
    """Sample weight: used where the model is fitted again; figures count every row the same."""
    kinds: dict[str, Literal["number", "integer", "boolean", "category", "text", "identifier", "date"]] = Field(
        default_factory=dict
    )
    """Column kinds where the inferred one is wrong."""
    categories: dict[str, tuple[Label, ...]] = Field(default_factory=dict)
    """Values of a column that may be shown in reports."""
    cuts: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Where the groups of a numeric column begin, `{age: [25, 40, 65]}`; else it is cut at its median."""


class PassedOver(Frozen):
    """Something that a scan takes for personal data and that isn't; needs a reason and someone who answers for it."""

    column: str
    """The column."""
    entity: str
    """The entity type that the scan takes it for."""
    reason: str = Field(min_length=1)
    """Why it is none."""
    owner: str = Field(min_length=1)
    """Who says so."""


class Service(Frozen):
    """How a model behind a URL is asked."""

    allowed_hosts: tuple[str, ...] = ()
    """Hosts that rows may be sent to, besides this machine."""
    token_env: str = "GOVKIT_MODEL_TOKEN"  # noqa: S105 - the name of a variable
    """Environment variable that holds the bearer token, where the service wants one."""
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 30
    """How long one request may take."""
    retries: Annotated[int, Field(ge=0, le=10)] = 5
    """Further attempts where a request fails for a reason that may pass."""
    requests_per_second: Annotated[float, Field(gt=0)] = 100
    """Requests are sent no faster than this."""
    rows_per_request: Annotated[int, Field(gt=0, le=1_000_000)] = 1_000
    """Rows that one request carries at most."""


class PersonalData(Frozen):
    """Personal data that is known to be in the data."""

    declared: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column to entity types, `{customer_name: [PERSON]}`."""
    quasi_identifiers: tuple[str, ...] = ()
    """Columns by which someone who knows a person could find their row; suggested where none are named."""
    sensitive: tuple[str, ...] = ()
    """Columns that nobody should learn about a person."""
    passed_over: tuple[PassedOver, ...] = ()
    """Findings that are mistaken."""
    redact: dict[str, Literal["replace", "mask", "hash", "generalise", "drop", "keep"]] = Field(default_factory=dict)
    """What `govkit redact` does, by column or entity type: `{email: hash, DATE_OF_BIRTH: generalise}`."""
    language_model: str | None = None
    """What finds names and places in sentences: an installed spaCy package, or the folder of a spaCy, transformers or
    GLiNER model; word lists where none is named. Nothing is downloaded."""


class PopulationCell(Frozen):
    """A group that is described by several columns."""

    when: Annotated[dict[str, Label], Field(min_length=1)]
    """Column to value, `{sex: female, housing: tenant}`."""
    share: Share
    """Its share of the population."""


class Population(Frozen):
    """Shares of groups in the population that the system is used on."""

    shares: dict[str, Annotated[dict[Label, Share], Field(min_length=2)]] = Field(default_factory=dict)
    """Column to value to share, `{sex: {female: 0.51, male: 0.49}}`."""
    cells: tuple[PopulationCell, ...] = ()
    """Intersections, `{when: {sex: female, housing: tenant}, share: 0.2}`."""


class Parent(Frozen):
    """A data set that the data was derived from."""

    name: str
    """Name or file of the parent."""
    sha256: str = ""
    """Its digest."""


class Provenance(Frozen):
    """Where data and model come from, for what the metadata beside the data doesn't say."""

    source: str = ""
    """Named person or organisation that the data comes from."""
    license: str = ""
    """SPDX identifier, or `LicenseRef-` with a text beside the data."""
    version: str = ""
    """Version of the data set."""
    collected_from: date | None = None
    """First day of collection."""
    collected_to: date | None = None
    """Last day of collection."""
    issued: date | None = None
    """Day the data set was issued."""
    geography: tuple[str, ...] = ()
    """ISO 3166 country codes of origin."""
    lawful_basis: str = ""
    """GDPR article 6 basis or consent document, where personal data is used."""
    retention_until: date | None = None
    """Day by which the data is deleted."""
    contact: str = ""
    """Who answers questions about the data."""
    intended_use: str = ""
    """What the data was collected for."""
    processing: str = ""
    """Cleaning and labelling steps with tool and version."""
    original: bool | None = None
    """True: the data was not derived from other data sets."""
    parents: tuple[Parent, ...] = ()
    """Data sets it was derived from."""
    digests: dict[str, str] = Field(default_factory=dict)
    """File name to SHA-256 of model and data, as recorded when they were made."""
    privacy_techniques: tuple[str, ...] = ()
    """What was done to protect people: `pseudonymised`, `anonymised`, `aggregated`, `synthetic`, ..."""
    regions_allowed: tuple[str, ...] = ()
    """ISO 3166 country codes, or `EU` and `EEA`, where the data may be stored and processed."""
    regions_forbidden: tuple[str, ...] = ()
    """Likewise, where it may not."""
    code_revision: str = ""
    """Revision of the code that trained the model."""
    model_origin: str = ""
    """`trained from scratch`, or the base model and revision."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Library versions at training, `{scikit-learn: "1.9.1"}`."""


class PrivacyClaim(Frozen):
    """A claim of differential privacy with respect to single training rows."""

    epsilon: Annotated[float, Field(ge=0)]
    """The claimed epsilon."""
    delta: Share = 0.0
    """The claimed delta."""


Positive = Annotated[float, Field(gt=0)]


class Swaps(Frozen):
    """Categories that may be exchanged for others."""

    columns: dict[str, Literal["any"] | tuple[tuple[Label, Label], ...]] = Field(default_factory=dict)
    """Column to `any`, or to pairs from and to, `{housing: [[tenant, owner]]}`. A one-hot group goes by its first
    column, and its categories by the names of its columns."""
    support: Annotated[int, Field(ge=1)] = 10
    """Rows of TRAIN that must hold a category before it may be taken on."""
    at_once: Annotated[int, Field(ge=1)] = 1
    """Swaps that one change may consist of."""


class Sum(Frozen):
    """Columns that add up to another one, or to an amount that does not change."""

    parts: Annotated[tuple[str, ...], Field(min_length=2)]
    """The columns that are added."""
    total: str | None = None
    """The column that holds their sum; without it the sum itself stays as it is in every row."""


class Robustness(Frozen):
    """What somebody who wants another answer may change in a row, and which answers would be harmful."""

    immutable: tuple[str, ...] = ()
    """Columns that can't be changed."""
    direction: dict[str, Literal["increase", "decrease"]] = Field(default_factory=dict)
    """Columns that change in one direction only."""
    bounds: dict[str, tuple[float | None, float | None]] = Field(default_factory=dict)
    """Lowest and highest possible value, in place of the range seen."""
    max_change: dict[str, Positive] = Field(default_factory=dict)
    """Largest change of a column, in its own unit."""
    less_equal: tuple[tuple[str, str], ...] = ()
    """Pairs of columns of which the first never exceeds the second."""
    sums: tuple[Sum, ...] = ()
    """Columns that add up."""
    one_hot: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    """Groups of 0/1 columns of which exactly one is 1."""
    derived: dict[str, str] = Field(default_factory=dict)
    """Columns worked out from others: `{instalment_share: amount / term / income}`."""
    category_swaps: Swaps = Swaps()
    cost: dict[str, Positive] = Field(default_factory=dict)
    """What a change of one robust standard deviation, or a swap, costs compared with other columns; 1 if not named."""
    hold_zero: tuple[str, ...] | None = None
    """Columns in which 0 means `none` and stays; without this line, columns of which half or more hold one value."""
    harmful_class: Label | None = None
    """The answer that an attacker is after; any other answer counts as one without this line."""
    harmful_change: Positive | None = None
    """Regression: by how much an answer must move to do harm, in the target's unit."""
    monotone: dict[str, Literal["increasing", "decreasing"]] = Field(default_factory=dict)
    """How the positive label's probability, or the value, must move when a column grows."""


class Report(Frozen):
    """How the reports are headed."""

    organisation: str = ""
    """Whose audit it is."""
    classification: str = ""
    """Who may read it, on every page: `Internal`, `Confidential: model risk committee`."""
    logo: str = ""
    """A PNG file beside govkit.yaml, at most 100 kB."""


class CriterionOverride(Frozen):
    """A threshold of one's own. A looser one needs a reason and an owner and is shown in the report."""

    threshold: float
    reason: str = ""
    owner: str = ""


class Config(Frozen):
    """The whole of govkit.yaml. Every line is optional; govkit names the one that it misses."""

    model_config = ConfigDict(title="govkit.yaml")

    system: System = System()
    train: str | Split | None = None
    """TRAIN: a file beside govkit.yaml, or the column of DATA that marks training rows."""
    production: str | None = None
    """A sample of rows from production: a file beside govkit.yaml."""
    champion: str | None = None
    """The model in use, to hold this one against: a file beside govkit.yaml."""
    regression_set: str | None = None
    """Rows that must still be answered rightly: a file beside govkit.yaml."""
    target: str | None = None
    """The column the model predicts."""
    task: TaskName | None = None
    """binary, multiclass, multilabel, regression or anomaly."""
    positive_label: Label | None = None
    """Binary tasks: the label that counts as the event."""
    favourable_label: Label | None = None
    """The answer that is good for the person concerned, for selection rates; else the positive label."""
    decision_threshold: Share | None = None
    """Binary tasks: probability from which the positive label is predicted."""
    class_names: dict[Label, str] = Field(default_factory=dict)
    """Names of the model's classes as they may be shown in reports; also matches encoded labels to the data's."""
    row_id: str | None = None
    """Column that identifies a row; never a feature."""
    training_function: str = ""
    """`module:function` that fits the model anew, called with rows, target and seed, where it can't be cloned."""
    differential_privacy: PrivacyClaim | None = None
    """The differential privacy that the training claims."""
    columns: Columns = Columns()
    csv: Csv = Csv()
    service: Service = Service()
    personal_data: PersonalData = PersonalData()
    population: Population = Population()
    robustness: Robustness = Robustness()
    """What may be changed in a row, for the attacks and the tests of behaviour."""
    provenance: Provenance = Provenance()
    report: Report = added(Report())
    """Organisation, classification and logo of the reports."""
    model_card: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Declarations for the model card: `intended_use`, `out_of_scope`, `limitations`, ..."""
    profile: str = "release"
    """Profile that the gate applies."""
    budget: Budget = "standard"
    """How much work the probes may do."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 20261
    """Everything random is derived from it."""
    checks: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Parameters by check id, see `govkit checks list`."""
    criteria: dict[str, CriterionOverride] = Field(default_factory=dict)
    """Thresholds of your own by criterion id."""
    frameworks: tuple[str, ...] = ()
    """Framework files or folders of your own, and ids of shipped frameworks to show as well."""
    attestations: str = "attestations.yaml"
    """File of signed statements, where it exists."""
    waivers: str = "waivers.yaml"
    """File of accepted failures, where it exists."""


def json_schema() -> dict[str, Any]:
    """Give the JSON schema of govkit.yaml, with every installed check's parameters."""
    from govkit.plugins.check import CHECKS

    schema = Config.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"]["checks"] = {
        "title": "Checks",
        "description": "Parameters by check id.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            check_id: {"title": found.title, **found.params.model_json_schema()}
            for check_id, found in CHECKS.all().items()
        },
    }
    return schema


def find(start: Path) -> Path | None:
    """Look for govkit.yaml from a folder upward to the version-control root."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / FILE_NAME).is_file():
            return candidate / FILE_NAME
        if (candidate / ".git").exists():
            return None
    return None
