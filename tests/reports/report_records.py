"""Audit records as the flow would write them, for reports to be tested and looked at."""

from datetime import date
from functools import cache

from govkit.core.control import (
    Blocker,
    Control,
    ControlRef,
    ControlResult,
    Criterion,
    CriterionResult,
    Decision,
    DocumentResult,
    DocumentState,
    Framework,
    Group,
    Observed,
    Profile,
    Result,
    Status,
    Verdict,
    Waiver,
)
from govkit.core.digest import sha256, sha256_of
from govkit.core.errors import Exit
from govkit.core.evidence import (
    Artefact,
    Column,
    Evidence,
    Finding,
    Interval,
    Measurement,
    Message,
    Outcome,
    Severity,
    Table,
)
from govkit.core.record import (
    AuditRecord,
    CheckFacts,
    ColumnFacts,
    DataFacts,
    Inference,
    ModelFacts,
    Plan,
    ReportFact,
    Run,
    SystemFacts,
)
from govkit.core.record import Result as Audited

DAY = date(2026, 11, 21)
MODEL = sha256(b"model")
MESSAGES = {
    "met": "{measurement} is {value} [{low}, {high}], {sign} {threshold} over {n} rows.",
    "across": (
        "{measurement} is {value} [{low}, {high}]: the interval lies across the limit {threshold}; about "
        "{needed} rows would decide it."
    ),
    "not.run": "{check} has no measurement, so the criterion could not be held against anything.",
    "no.train": "No training rows were given, so members could not be told from non-members.",
    "no.datasheet": "No metadata was found beside the data.",
    "control.met": "Every criterion it rests on passes.",
    "control.fails": "{count} of its criteria fail.",
    "control.partial": "What was measured is good; documents are missing.",
    "control.open": "Nothing was assessed: {what}.",
    "found.pii": "{count} cells look like {entity}.",
    "found.digest": "The digest in the metadata differs from the file's.",
    "ignored.expired": "The waiver expired on {day} and does not count.",
    "inferred.target": "It is the only column of DATA that the model was not fitted on.",
    "inferred.task": "The target holds {count} different values.",
    "suggested": "Column {column} looks like a protected attribute; it was not used.",
    "read.delimiter": "Read with the delimiter semicolon.",
    "document.valid": "Signed and in date.",
    "fact.html": "The report was written with every section.",
}


def facts(name: str, title: str, emits: dict[str, tuple[str, str]], method: str = "", limits: str = "") -> CheckFacts:
    return CheckFacts(
        id=name,
        title=title,
        summary=f"Measure {title[0].lower()}{title[1:]}.",
        why=(
            "A release that goes wrong here harms the people the data is about, and nobody notices from accuracy alone."
        ),
        method=method or "Every row is compared with its own answer. Intervals are Wilson's at 95 %.",
        limits=limits or "It says nothing about rows that look different from the ones given.",
        references="Wilson 1927, doi:10.2307/2276774.",
        emits=emits,
    )


CHECKS = (
    facts(
        "pii.columns",
        "Personal data by column",
        {
            "cells_direct": ("count", "cells that hold a direct identifier"),
            "share": ("share", "share of cells with personal data"),
        },
    ),
    facts(
        "privacy.membership",
        "Membership inference",
        {
            "auc": ("auc", "area under the attack's ROC curve"),
            "tpr_at_1pct_fpr": ("share", "members found at 1 % false claims"),
            "gap": ("share", "accuracy on training rows minus accuracy on hold-out rows"),
        },
        (
            "Three attacks guess from the model's answer whether a row was used for training. Attacks "
            "are fitted on one half of the rows and scored on the other; AUC intervals are DeLong's, "
            "Bonferroni-corrected over the attacks."
        ),
        (
            "A stronger attacker, with other models of the same kind, may find more. Covers the rows "
            "given, not single persons."
        ),
    ),
    facts(
        "robustness.evasion",
        "Adversarial changes to the input",
        {
            "robust_accuracy": ("share", "rows still answered rightly under attack"),
            "noise_accuracy": ("share", "rows still answered rightly under random noise"),
        },
        (
            "HopSkipJump starts from rows that the model answers rightly and searches the smallest "
            "change within each feature's range that flips the answer. Random noise of the same size is "
            "the baseline."
        ),
        (
            "An upper bound on robustness: a stronger attack could do more. Integer and categorical "
            "features are not searched."
        ),
    ),
    facts(
        "provenance.datasheet", "Data sheet complete", {"missing_fields": ("count", "required fields that are empty")}
    ),
    facts("provenance.digest", "Digests match the metadata", {"mismatches": ("count", "files whose digest differs")}),
    facts("quality.missing", "Missing values", {"share_missing": ("share", "cells without a value")}),
    facts(
        "quality.overlap",
        "Rows in both training and hold-out data",
        {"overlap": ("share", "hold-out rows that are also training rows")},
    ),
    facts(
        "performance.holdout",
        "Performance on hold-out rows",
        {
            "accuracy": ("share", "rows answered rightly"),
            "baseline": ("share", "rows that always answering the larger class gets right"),
            "auc": ("auc", "area under the ROC curve"),
            "lift": ("share", "accuracy above the baseline"),
        },
        (
            "The model answers every hold-out row once. Intervals are Wilson's for shares and DeLong's "
            "for the area under the curve, at 95 %."
        ),
    ),
    facts(
        "performance.calibration",
        "Calibration",
        {"ece": ("share", "mean distance between predicted and observed shares"), "brier": ("score", "Brier score")},
    ),
    facts(
        "security.artifact",
        "Model file scanned before loading",
        {"disallowed": ("count", "globals outside the allow list"), "globals": ("count", "globals in the pickle")},
    ),
    facts(
        "security.training_rows",
        "Training rows kept inside the model",
        {"rows_kept": ("count", "training rows found in the model's structure")},
    ),
)


def crit(  # noqa: PLR0917 - rows of a table
    name,
    title,
    check,
    measurement,
    unit,
    operator,
    threshold,
    severity=Severity.MEDIUM,
    remedy="Change the model or the data, then run the audit again.",
    **more,
):
    return Criterion(
        id=name,
        title=title,
        check=check,
        measurement=measurement,
        unit=unit,
        operator=operator,
        threshold=threshold,
        severity=severity,
        why="A convention, not a norm: above it a person's record begins to show.",
        remedy=remedy,
        **more,
    )


CRITERIA = (
    crit(
        "pii.no-direct-identifiers",
        "No direct identifiers in the data",
        "pii.columns",
        "cells_direct",
        "count",
        "<=",
        0,
        Severity.HIGH,
        (
            "Drop or pseudonymise the columns named in the findings, fit the model again, and declare "
            "what has to stay under `pii.declared`."
        ),
    ),
    crit(
        "privacy.attack-auc",
        "Attack hardly better than guessing",
        "privacy.membership",
        "auc",
        "auc",
        "<=",
        0.6,
        Severity.HIGH,
        "Regularise the model or prune it (fewer and shallower trees), then fit it again.",
    ),
    crit(
        "privacy.members-found",
        "Few members found",
        "privacy.membership",
        "tpr_at_1pct_fpr",
        "share",
        "<=",
        0.03,
        Severity.HIGH,
        "Regularise the model, and release labels or rounded scores instead of exact probabilities.",
    ),
    crit(
        "robustness.attack",
        "Answers hold under attack",
        "robustness.evasion",
        "robust_accuracy",
        "share",
        ">=",
        0.75,
        Severity.MEDIUM,
        "Use smoother features or a stronger penalty; check the features that flip the answer first.",
    ),
    crit(
        "provenance.fields",
        "Data sheet has every required field",
        "provenance.datasheet",
        "missing_fields",
        "count",
        "<=",
        0,
        Severity.MEDIUM,
        "Fill the fields named in the findings in croissant.json or under `provenance:` in govkit.yaml.",
    ),
    crit(
        "provenance.digests",
        "Digests are those declared",
        "provenance.digest",
        "mismatches",
        "count",
        "==",
        0,
        Severity.HIGH,
        "Find out which of file and metadata is the right one, then write the right digest.",
    ),
    crit(
        "quality.missing", "Few missing values", "quality.missing", "share_missing", "share", "<=", 0.05, Severity.LOW
    ),
    crit(
        "quality.overlap",
        "Hold-out rows were not trained on",
        "quality.overlap",
        "overlap",
        "share",
        "<=",
        0.01,
        Severity.HIGH,
        "Take the shared rows out of DATA or TRAIN and evaluate again; every other number rests on this split.",
    ),
    crit(
        "performance.lift",
        "Better than the trivial baseline",
        "performance.holdout",
        "lift",
        "share",
        ">=",
        0.02,
        Severity.HIGH,
        "A model that is not better than always giving the larger class should not be released.",
    ),
    crit(
        "performance.auc",
        "Ranks cases well",
        "performance.holdout",
        "auc",
        "auc",
        ">=",
        0.7,
        loosened_by="Risk office",
        loosened_because="pilot phase, reviewed monthly",
    ),
    crit(
        "performance.calibration",
        "Probabilities can be believed",
        "performance.calibration",
        "ece",
        "share",
        "<=",
        0.05,
        remedy="Calibrate with sigmoid or isotonic regression on rows that neither TRAIN nor DATA holds.",
    ),
    crit(
        "security.allowlist",
        "Only allowed globals in the model file",
        "security.artifact",
        "disallowed",
        "count",
        "<=",
        0,
        Severity.HIGH,
    ),
    crit(
        "security.no-rows",
        "No training rows inside the model",
        "security.training_rows",
        "rows_kept",
        "count",
        "<=",
        0,
        Severity.HIGH,
    ),
)
BY_ID = {criterion.id: criterion for criterion in CRITERIA}


def wilson(value: float, n: int, method: str = "wilson") -> Interval:
    half = 1.96 * (max(value * (1 - value), 1e-4) / n) ** 0.5
    return Interval(low=max(value - half, 0.0), high=min(value + half, 1.0), method=method)


def measured(
    name: str, value: float, unit: str, n: int, *, exact: bool = False, method: str = "wilson", **group: str
) -> Measurement:
    return Measurement(
        name=name, value=value, unit=unit, n=n, interval=None if exact else wilson(value, n, method), group=group
    )


def evidence(
    check: str, *items, outcome: Outcome = Outcome.MEASURED, reason: Message | None = None, ask: str = "", **more
) -> Evidence:
    return Evidence(
        check=check,
        check_version="3f9c1a7b20de",
        outcome=outcome,
        reason=reason,
        ask=ask,
        measurements=tuple(item for item in items if isinstance(item, Measurement)),
        findings=tuple(item for item in items if isinstance(item, Finding)),
        tables=tuple(item for item in items if isinstance(item, Table)),
        artefacts=tuple(item for item in items if isinstance(item, Artefact)),
        params=more.pop("params", {}),
        work=more.pop("work", {}),
        seed=more.pop("seed", 1234),
        inputs={"test": sha256(b"data")},
        software=more.pop("software", {"scikit-learn": "1.9.1"}),
    )


def reliability() -> Table:
    rows = []
    for place, (predicted, observed, n) in enumerate(
        (
            (0.06, 0.05, 410),
            (0.15, 0.13, 370),
            (0.25, 0.27, 290),
            (0.34, 0.31, 230),
            (0.45, 0.41, 190),
            (0.55, 0.57, 160),
            (0.65, 0.6, 130),
            (0.75, 0.64, 110),
            (0.84, 0.8, 70),
            (0.93, 0.95, 40),
        )
    ):
        interval = wilson(observed, n)
        rows.append((place / 10, (place + 1) / 10, predicted, observed, interval.low, interval.high, n))
    columns = tuple(
        Column(name=name, unit="count" if name == "n" else "")
        for name in ("bin_low", "bin_high", "predicted", "observed", "low", "high", "n")
    )
    return Table(name="reliability", title="Reliability of predicted probabilities", columns=columns, rows=tuple(rows))


def curve(robust: tuple[float, ...]) -> Table:
    rows = tuple(
        (eps, value, wilson(value, 300).low, wilson(value, 300).high, 0.87 - eps * 0.06)
        for eps, value in zip((0.0, 0.05, 0.1, 0.25, 0.5), robust, strict=True)
    )
    units = {
        "eps": "of each feature's spread",
        "robust_accuracy": "share",
        "low": "share",
        "high": "share",
        "noise_accuracy": "share",
    }
    return Table(
        name="robustness_curve",
        title="Accuracy under attack",
        columns=tuple(Column(name=name, unit=unit) for name, unit in units.items()),
        rows=rows,
    )


def roc(strength: float) -> Table:
    rows = []
    for attack, power in (("confidence", strength), ("modified entropy", strength * 1.1), ("label gap", 1.02)):
        for step in range(40):
            fpr = 10 ** (-3 + 3 * step / 39)
            rows.append((fpr, min(fpr ** (1 / power), 1.0), attack))
    return Table(
        name="membership_roc",
        title="ROC of the attacks",
        columns=(Column(name="fpr", unit="share"), Column(name="tpr", unit="share"), Column(name="attack")),
        rows=tuple(rows),
    )


def confusion(classes: tuple[str, ...] = ("repaid", "defaulted")) -> Table:
    rows = tuple(
        (true, said, 1290 - 70 * a if a == b else 160 + 37 * a + 11 * b)
        for a, true in enumerate(classes)
        for b, said in enumerate(classes)
    )
    return Table(
        name="confusion_matrix",
        title="Answers by true class",
        columns=(Column(name="true"), Column(name="predicted"), Column(name="n", unit="count")),
        rows=rows,
    )


def good_evidence() -> tuple[Evidence, ...]:
    return (
        evidence(
            "pii.columns",
            measured("cells_direct", 0.0, "count", 28_000, exact=True),
            measured("share", 0.0, "share", 28_000, exact=True),
            Table(
                name="columns",
                title="Columns looked at",
                columns=(
                    Column(name="column"),
                    Column(name="kind"),
                    Column(name="cells", unit="count"),
                    Column(name="direct", unit="count"),
                ),
                rows=(("income", "number", 2000, 0), ("purpose", "category", 2000, 0), ("note", "text", 2000, 0)),
            ),
            params={"languages": ["en"], "min_score": 0.6},
            software={"presidio-analyzer": "2.2.360"},
        ),
        evidence(
            "privacy.membership",
            measured("auc", 0.512, "auc", 4000, method="delong"),
            measured("tpr_at_1pct_fpr", 0.0121, "share", 1000, method="clopper-pearson"),
            measured("gap", 0.0114, "share", 4000),
            roc(1.04),
            Artefact(name="membership_scores.csv", media_type="text/csv", sha256=sha256(b"x"), size=81_233),
            params={"alpha": 0.05},
            work={"rows": 2000, "models": 4},
            software={"adversarial-robustness-toolbox": "1.20.1", "scikit-learn": "1.9.1"},
        ),
        evidence(
            "robustness.evasion",
            measured("robust_accuracy", 0.823, "share", 300, method="clopper-pearson", eps="0.1"),
            measured("noise_accuracy", 0.864, "share", 300, eps="0.1"),
            curve((0.87, 0.85, 0.823, 0.71, 0.52)),
            work={"rows": 300, "queries": 1200},
            params={"eps": [0.05, 0.1, 0.25, 0.5], "norm": "inf"},
        ),
        evidence("provenance.datasheet", measured("missing_fields", 0.0, "count", 14, exact=True)),
        evidence("provenance.digest", measured("mismatches", 0.0, "count", 3, exact=True)),
        evidence("quality.missing", measured("share_missing", 0.0042, "share", 28_000)),
        evidence("quality.overlap", measured("overlap", 0.0, "share", 2000)),
        evidence(
            "performance.holdout",
            measured("accuracy", 0.8175, "share", 2000),
            measured("baseline", 0.64, "share", 2000),
            measured("auc", 0.842, "auc", 2000, method="delong"),
            measured("lift", 0.1775, "share", 2000, method="bootstrap-percentile"),
            confusion(),
        ),
        evidence(
            "performance.calibration",
            measured("ece", 0.0213, "share", 2000, method="bootstrap-percentile"),
            measured("brier", 0.131, "score", 2000, method="bootstrap-percentile"),
            reliability(),
            work={"bootstraps": 500},
        ),
        evidence(
            "security.artifact",
            measured("disallowed", 0.0, "count", 47, exact=True),
            measured("globals", 47.0, "count", 47, exact=True),
        ),
        evidence("security.training_rows", measured("rows_kept", 0.0, "count", 2000, exact=True)),
    )


def bad_evidence() -> tuple[Evidence, ...]:
    changed = {
        "pii.columns": evidence(
            "pii.columns",
            measured("cells_direct", 1912.0, "count", 28_000, exact=True),
            measured("share", 0.0683, "share", 28_000, exact=True),
            Finding(
                rule="PII-001",
                severity=Severity.HIGH,
                message=Message(id="found.pii", args={"count": 1604, "entity": "e-mail addresses"}),
                where="DATA, column note",
            ),
            Finding(
                rule="PII-001",
                severity=Severity.HIGH,
                message=Message(id="found.pii", args={"count": 308, "entity": "telephone numbers"}),
                where="DATA, column contact",
            ),
            params={"languages": ["en"], "min_score": 0.6},
            software={"presidio-analyzer": "2.2.360"},
        ),
        "privacy.membership": evidence(
            "privacy.membership",
            measured("auc", 0.914, "auc", 4000, method="delong"),
            measured("tpr_at_1pct_fpr", 0.364, "share", 1000, method="clopper-pearson"),
            measured("gap", 0.2141, "share", 4000),
            roc(4.5),
            work={"rows": 2000, "models": 4},
        ),
        "robustness.evasion": evidence(
            "robustness.evasion",
            measured("robust_accuracy", 0.762, "share", 300, method="clopper-pearson", eps="0.1"),
            measured("noise_accuracy", 0.864, "share", 300, eps="0.1"),
            curve((0.82, 0.78, 0.762, 0.51, 0.27)),
            work={"rows": 300, "queries": 1200},
        ),
        "provenance.digest": evidence(
            "provenance.digest",
            measured("mismatches", 1.0, "count", 3, exact=True),
            Finding(
                rule="PRV-003",
                severity=Severity.HIGH,
                message=Message(id="found.digest"),
                where="croissant.json: data.csv",
            ),
        ),
        "provenance.datasheet": evidence(
            "provenance.datasheet",
            outcome=Outcome.NOT_DECLARED,
            reason=Message(id="no.datasheet"),
            ask="provenance: {source: …, licence: …}",
        ),
        "quality.overlap": evidence("quality.overlap", measured("overlap", 0.1085, "share", 2000)),
        "performance.calibration": evidence(
            "performance.calibration",
            measured("ece", 0.0513, "share", 2000, method="bootstrap-percentile"),
            measured("brier", 0.171, "score", 2000, method="bootstrap-percentile"),
            reliability(),
        ),
    }
    return tuple(changed.get(item.check, item) for item in good_evidence())


def without_train() -> tuple[Evidence, ...]:
    ask = "train: train.csv"
    lacking = {
        name: evidence(name, outcome=Outcome.NOT_DECLARED, reason=Message(id="no.train"), ask=ask)
        for name in ("privacy.membership", "quality.overlap")
    }
    return tuple(lacking.get(item.check, item) for item in good_evidence())


def held(value: float, operator: str, threshold: float) -> bool:
    return {
        "<=": value <= threshold,
        ">=": value >= threshold,
        "==": value == threshold,
        "<": value < threshold,
        ">": value > threshold,
    }[operator]


def judge(criterion: Criterion, found: Evidence | None) -> CriterionResult:
    every = [item for item in found.measurements if item.name == criterion.measurement] if found else []
    if not every:
        return CriterionResult(
            criterion=criterion.id,
            result=Result.NOT_RUN,
            because=Message(id="not.run", args={"check": criterion.check}),
        )
    observed = []
    for item in every:
        low, high = (item.interval.low, item.interval.high) if item.interval else (item.value, item.value)
        sides = {
            held(low, criterion.operator, criterion.threshold),
            held(high, criterion.operator, criterion.threshold),
        }
        result = Result.INCONCLUSIVE if len(sides) == 2 else Result.PASS if sides.pop() else Result.FAIL
        interval = {"low": low, "high": high, "level": 0.95} if item.interval else {}
        observed.append(Observed(value=item.value, n=item.n, group=item.group, result=result, **interval))
    order = [Result.FAIL, Result.INCONCLUSIVE, Result.PASS]
    observed.sort(key=lambda one: order.index(one.result))
    worst = observed[0]
    because = Message(
        id="across" if worst.result is Result.INCONCLUSIVE else "met",
        args={
            "measurement": criterion.measurement,
            "value": worst.value,
            "low": worst.low if worst.low is not None else worst.value,
            "high": worst.high if worst.high is not None else worst.value,
            "sign": criterion.operator,
            "threshold": criterion.threshold,
            "n": worst.n,
            "needed": 4800,
        },
    )
    return CriterionResult(criterion=criterion.id, result=worst.result, because=because, observed=tuple(observed))


LABELS = (
    (
        "Legal and regulatory duties for AI",
        (
            "Someone owns the list of laws and rules that apply to the organisation's AI, and the list "
            "is written down and acted on."
        ),
    ),
    (
        "Trustworthiness traits built into policy",
        "Policies say what valid, safe, secure, fair and private mean here, and projects have to show it.",
    ),
    (
        "Performance measured where it is used",
        "Measured performance covers the conditions of use, with its uncertainty.",
    ),
    ("Privacy risk examined", "What the system could reveal about people is examined and written down."),
    (
        "Security and resilience tested",
        "The system is attacked on purpose, and what was found is recorded and answered.",
    ),
)


def framework(
    name: str, title: str, prefix: str, count: int, results: dict[str, CriterionResult]
) -> tuple[Framework, tuple[ControlResult, ...]]:
    controls, found = [], []
    names = list(results)
    for place in range(count):
        label, statement = LABELS[place % len(LABELS)]
        group = f"{prefix} {place // 8 + 1}"
        identity = f"{group}.{place % 8 + 1}"
        resting = (
            tuple(names[(place + offset) % len(names)] for offset in range(place % 3))
            if names and place % 5 > 1
            else ()
        )
        controls.append(
            Control(
                id=identity,
                token=identity.lower().replace(" ", "-"),
                group=group,
                label=label,
                statement=statement,
                evidence_kind="automated" if resting else "document",
                automation="partial" if resting else "none",
                needs=("checks",) if resting else ("documents",),
                criteria=resting,
                unmeasured=("fairness.groups",) if place == 4 else (),
                facts=("report.html",) if place == 2 else (),
                documents=("legal and regulatory register",),
                remedy="Name an owner, write the list down, and review it each quarter.",
            )
        )
        states = {name: results[name].result for name in resting}
        if not resting:
            status, because, missing = (
                Status.NOT_ASSESSED,
                Message(id="control.open", args={"what": "documents are missing"}),
                ("legal and regulatory register", "an attestation"),
            )
        elif Result.FAIL in states.values():
            status, because, missing = (
                Status.NOT_MET,
                Message(id="control.fails", args={"count": sum(state is Result.FAIL for state in states.values())}),
                (),
            )
        elif set(states.values()) == {Result.PASS}:
            status, because, missing = (
                (Status.MET, Message(id="control.met"), ())
                if place % 2
                else (Status.PARTIALLY_MET, Message(id="control.partial"), ("legal and regulatory register",))
            )
        else:
            status, because, missing = (
                Status.INCONCLUSIVE,
                Message(id="control.open", args={"what": "a criterion is undecided"}),
                tuple(name for name, state in states.items() if state is Result.NOT_RUN),
            )
        found.append(
            ControlResult(
                framework=name, control=identity, status=status, because=(because,), criteria=states, missing=missing
            )
        )
    groups = tuple(
        Group(id=group, label=LABELS[index % 5][0])
        for index, group in enumerate(dict.fromkeys(control.group for control in controls))
    )
    return Framework(
        id=name,
        title=title,
        version="1.0",
        reference="NIST AI 100-1, doi:10.6028/NIST.AI.100-1",
        as_of=DAY,
        catalog_version="1",
        wording=(
            "Labels and statements are our own summaries, not the text of the framework; read the source for the text."
        ),
        groups=groups,
        controls=tuple(controls),
    ), tuple(found)


CARD = {
    "intended_use": "Ranks consumer credit applications up to 20,000 euro for review by a credit officer.",
    "out_of_scope": ["Business loans", "Decisions without a person in between"],
    "training_data": "Applications of 2023 and 2024, generated by a documented recipe.",
    "owners": ["Credit Risk Modelling"],
    "contact": "model-risk@example.org",
    "licence": "apache-2.0",
    "oversight": "A credit officer sees each rejection and may overrule it.",
    "limitations": "Not evaluated on applicants under 21.",
}


def build(
    found: tuple[Evidence, ...] = (),
    *,
    name: str = "Credit decision",
    counts: tuple[int, int, int] = (20, 12, 0),
    criteria: tuple[Criterion, ...] = CRITERIA,
    checks: tuple[CheckFacts, ...] = CHECKS,
    model: ModelFacts | None = None,
    refused: bool = False,
    card: dict[str, object] | None = None,
    columns: tuple[ColumnFacts, ...] | None = None,
    waivers: tuple[Waiver, ...] = (),
    classes: tuple[str, ...] = ("repaid", "defaulted"),
    messages: dict[str, str] | None = None,
    **more,
) -> AuditRecord:
    by_check = {item.check: item for item in found}
    waived = {waiver.criterion: waiver.id for waiver in waivers}
    results = {one.id: judge(one, by_check.get(one.check)) for one in criteria}
    results = {
        key: CriterionResult(**{**dict(one), "waiver": waived[key]})
        if key in waived and one.result is Result.FAIL
        else one
        for key, one in results.items()
    }
    catalogs = [
        framework("nist-ai-rmf", "NIST AI Risk Management Framework", "MEASURE", counts[0], results),
        framework("iso-42001", "ISO/IEC 42001 AI management system", "A", counts[1], results),
        *([framework("eu-ai-act", "EU AI Act", "Article", counts[2], results)] if counts[2] else []),
    ]
    gate = tuple(results)
    profile = Profile(
        id="release",
        title="Release",
        description="Measured criteria gate a release.",
        frameworks=("nist-ai-rmf", "iso-42001"),
        gate=gate,
        controls=more.pop("required", ()),
    )
    failed = tuple(
        Blocker(kind="criterion", id=key, state=one.result.value)
        for key, one in results.items()
        if one.result is Result.FAIL and not one.waiver
    )
    accepted = tuple(
        Blocker(kind="criterion", id=key, state=one.result.value) for key, one in results.items() if one.waiver
    )
    undecided = tuple(
        Blocker(kind="criterion", id=key, state=one.result.value)
        for key, one in results.items()
        if one.result in {Result.INCONCLUSIVE, Result.NOT_RUN, Result.ERROR}
    )
    required = tuple(
        Blocker(
            kind="control",
            id=ref.control,
            framework=ref.framework,
            state=next(
                one.status.value
                for one in dict(catalogs_results(catalogs))[ref.framework]
                if one.control == ref.control
            ),
        )
        for ref in profile.controls
    )
    verdict, code = (
        (Verdict.REFUSED, Exit.REFUSED)
        if refused
        else (Verdict.FAILED, Exit.FAILED)
        if failed
        else (Verdict.INCOMPLETE, Exit.INCOMPLETE)
        if undecided or required or not gate
        else (Verdict.PASSED, Exit.PASSED)
    )
    given = model or ModelFacts(
        name="model.pkl",
        sha256=MODEL,
        size=8_123_456,
        format="pickle",
        estimator="sklearn.pipeline.Pipeline",
        steps=("sklearn.compose.ColumnTransformer", "sklearn.linear_model.LogisticRegression"),
        parameters={"C": "0.05", "max_iter": "1000", "class_weight": "None"},
        fitted_with={"scikit-learn": "1.9.1"},
    )
    features = ("income", "age", "amount", "duration", "purpose", "note")
    result = Audited(
        govkit_version="0.1.0",
        as_of=DAY,
        seed=1234,
        system=more.pop(
            "system",
            SystemFacts(
                id="credit-decision",
                name=name,
                version="2.3.0",
                owner="Credit Risk Modelling",
                purpose="Ranks applications for consumer credit",
            ),
        ),
        model=given,
        data=more.pop(
            "data",
            (
                DataFacts(
                    role="test",
                    name="data.csv",
                    sha256=sha256(b"data"),
                    size=391_000,
                    format="csv",
                    rows=2000,
                    columns=(*features, "outcome"),
                    notes=(Message(id="read.delimiter"),),
                ),
                DataFacts(
                    role="train",
                    name="train.csv",
                    sha256=sha256(b"train"),
                    size=402_000,
                    format="csv",
                    rows=2000,
                    columns=(*features, "outcome"),
                ),
            ),
        ),
        task="binary",
        classes=classes,
        columns=columns
        or (
            ColumnFacts(name="income", role="feature", kind="number"),
            ColumnFacts(name="purpose", role="feature", kind="category"),
            ColumnFacts(name="outcome", role="target", kind="category"),
        ),
        inferred=more.pop(
            "inferred",
            (
                Inference(field="target: outcome", value="outcome", basis=Message(id="inferred.target")),
                Inference(field="task: binary", value="binary", basis=Message(id="inferred.task", args={"count": 2})),
            ),
        ),
        suggestions=(Message(id="suggested", args={"column": "age"}),),
        config={"profile": "release", "target": "outcome", "model_card": CARD if card is None else card},
        config_sha256=sha256(b"config"),
        software={
            "numpy": "2.4.1",
            "scikit-learn": "1.9.1",
            "adversarial-robustness-toolbox": "1.20.1",
            "python": "3.11.7",
        },
        plan=Plan(budget="standard", work={item.check: item.work for item in found}),
        checks=checks,
        evidence=found,
        criteria=criteria,
        frameworks=tuple(one for one, _ in catalogs),
        profile=profile,
        criterion_results=tuple(results.values()),
        control_results=tuple(one for _, every in catalogs for one in every),
        document_results=more.pop(
            "documents",
            (
                DocumentResult(
                    control="MEASURE 1.1",
                    framework="nist-ai-rmf",
                    state=DocumentState.VALID,
                    because=Message(id="document.valid"),
                    by="A. Weber",
                    role="Head of Model Risk",
                    expires_on=date(2027, 3, 1),
                ),
            ),
        ),
        waivers=waivers,
        ignored=more.pop("ignored", ()),
        facts=(ReportFact(id="report.html", holds=True, message=Message(id="fact.html")),),
        decision=Decision(
            profile="release",
            verdict=verdict,
            exit_code=code,
            failed=failed,
            incomplete=undecided + required,
            waived=accepted,
            as_of=DAY,
        ),
        messages=MESSAGES | (messages or {}),
    )
    run = Run(
        started_at="2026-11-21T09:12:44Z",
        seconds=61.2,
        jobs=2,
        platform="Linux x86_64",
        isolation={"network": "blocked", "memory limit": "holds"},
        warnings=more.pop("warnings", ()),
    )
    assert not more, more
    return AuditRecord(result_sha256=sha256_of(result), result=result, run=run)


def catalogs_results(catalogs):
    return [(one.id, every) for one, every in catalogs]


@cache
def passing() -> AuditRecord:
    return build(good_evidence())


@cache
def failing() -> AuditRecord:
    return build(
        bad_evidence(),
        name="Credit decision, planted faults",
        ignored=(
            Finding(
                rule="WVR-002",
                severity=Severity.MEDIUM,
                message=Message(id="ignored.expired", args={"day": "2026-08-01"}),
                where="waivers.yaml: W-2026-004",
            ),
        ),
    )


@cache
def incomplete() -> AuditRecord:
    return build(without_train(), required=(ControlRef(framework="nist-ai-rmf", control="MEASURE 1.1"),))


@cache
def waived() -> AuditRecord:
    found = tuple(
        one
        if one.check != "quality.missing"
        else evidence("quality.missing", measured("share_missing", 0.08, "share", 28_000))
        for one in good_evidence()
    )
    waiver = Waiver(
        id="W-2026-007",
        criterion="quality.missing",
        system="credit-decision",
        model_sha256=MODEL,
        worst_value=0.09,
        reason="The source is replaced in January.",
        risk="Answers for applicants without a stated duration are less certain.",
        requested_by="J. Novak",
        approved_by="A. Weber",
        approved_on=date(2026, 11, 2),
        expires_on=date(2027, 2, 1),
        compensation="Such applicants are decided by a person <b>&</b> sampled weekly.",
        ticket="RISK-118",
    )
    return build(found, waivers=(waiver,))


@cache
def refused() -> AuditRecord:
    data_only = tuple(one for one in good_evidence() if one.check.split(".")[0] in {"pii", "provenance"})
    model = ModelFacts(
        name="model.pkl",
        sha256=MODEL,
        size=412,
        format="pickle",
        refused="it calls os.system, which is not on the allow list",
    )
    return build(data_only, model=model, refused=True, name="Unknown model")


@cache
def empty() -> AuditRecord:
    return build(criteria=(), checks=(), counts=(0, 0, 0), card={}, documents=(), inferred=(), data=())


@cache
def catalog() -> AuditRecord:
    return build(bad_evidence(), counts=(72, 70, 63))


@cache
def wide() -> AuditRecord:
    columns = tuple(
        ColumnFacts(name=f"measurement_of_sensor_{place:03d}", role="feature", kind="number") for place in range(300)
    )
    many = evidence(
        "pii.columns",
        *(
            measured("cells_direct", float(place % 7 == 0), "count", 2000, exact=True, column=column.name)
            for place, column in enumerate(columns)
        ),
        *(
            Finding(
                rule="PII-001",
                severity=Severity.HIGH,
                message=Message(id="found.pii", args={"count": 1, "entity": "an e-mail address"}),
                where=f"DATA, column {column.name}",
            )
            for column in columns[::7]
        ),
    )
    return build(tuple(many if one.check == "pii.columns" else one for one in good_evidence()), columns=columns)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% for %}",
    "javascript:alert(1)",
    "a" * 200,
    "http://evil.example/x.css",
    "\u202egnp.exe",
    "שלום עולם",
    "信用モデル",
    "🙂 model",
    "nul\x00bell\x07esc\x1b[31m",
    "</title></style><svg onload=alert(1)>",
    "![x](http://evil.example/p.png)",
    "| a | b |\n---\nname: x",
    "\u2028line",
    "url(http://evil.example)",
    "&lt;b&gt;&amp;",
    "$(reboot)`id`",
    "' OR 1=1 --",
    "=cmd|' /C calc'!A0",
)


@cache
def hostile() -> AuditRecord:
    every = " ".join(HOSTILE)
    columns = tuple(ColumnFacts(name=text, role=text, kind="text") for text in HOSTILE)
    checks = tuple(
        CheckFacts(
            id=one.id,
            title=every,
            summary=every,
            why=every,
            method=every,
            limits=every,
            references=every,
            emits={key: (unit, every) for key, (unit, _) in one.emits.items()},
        )
        for one in CHECKS
    )
    criteria = tuple(
        Criterion(
            **{
                **dict(one),
                "title": every,
                "why": every,
                "remedy": every,
                "loosened_by": every,
                "loosened_because": every,
            }
        )
        for one in CRITERIA
    )
    found = tuple(
        evidence(
            one.check,
            *one.measurements,
            *one.tables,
            *(
                Finding(rule=text, severity=Severity.LOW, message=Message(id=text, args={text: text}), where=text)
                for text in HOSTILE[:6]
            ),
            outcome=one.outcome,
            reason=one.reason,
            ask=every if one.ask else "",
            params={text: text for text in HOSTILE},
            software={text: text for text in HOSTILE},
        )
        for one in bad_evidence()
    )
    found = (
        *found,
        evidence(
            "extra.unknown",
            measured("x", 0.5, every, 3, column=every),
            Table(
                name=every,
                title=every,
                columns=(Column(name=every, unit=every),),
                rows=((every,), (None,), (True,), (0.5,)),
            ),
        ),
        evidence("performance.classes", confusion(HOSTILE[:6])),
    )
    model = ModelFacts(
        name=every,
        sha256=MODEL,
        size=1,
        format=every,
        estimator=every,
        steps=HOSTILE,
        parameters={text: text for text in HOSTILE},
        fitted_with={text: text for text in HOSTILE},
    )
    return build(
        found,
        name=every,
        criteria=criteria,
        checks=checks,
        columns=columns,
        model=model,
        classes=HOSTILE,
        card={key: list(HOSTILE) for key in (*CARD, *HOSTILE)},
        system=SystemFacts(id=every, name=every, version=every, owner=every, purpose=every),
        data=(
            DataFacts(
                role="test",
                name=every,
                sha256=sha256(b"d"),
                size=3,
                format=every,
                rows=3,
                columns=HOSTILE,
                notes=(Message(id=every),),
            ),
        ),
        inferred=tuple(Inference(field=text, value=text, basis=Message(id=text)) for text in HOSTILE),
        warnings=HOSTILE,
        messages={key: every + text for key, text in MESSAGES.items()},
        ignored=(Finding(rule=every, severity=Severity.HIGH, message=Message(id=every), where=every),),
    )


ALL = {
    "passing": passing,
    "failing": failing,
    "incomplete": incomplete,
    "waived": waived,
    "refused": refused,
    "empty": empty,
    "catalog": catalog,
    "wide": wide,
    "hostile": hostile,
}
