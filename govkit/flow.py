"""The whole audit on one page: open, plan, run, assess, decide, record, deliver."""

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from govkit import __version__, delivery
from govkit.assessment.assess import Policy, assess, load_policy
from govkit.branding import read_logo
from govkit.config import Config, find
from govkit.core.digest import sha256, sha256_of
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Evidence
from govkit.core.messages import sentence
from govkit.core.progress import Progress, Silent
from govkit.core.record import AuditRecord, DataFacts, ModelFacts, Result, Run, Speed, SystemFacts
from govkit.earlier import past_audits
from govkit.gate import decide
from govkit.inputs.checkout import checkout
from govkit.inputs.constraints import problem_of
from govkit.inputs.dataset import Dataset
from govkit.inputs.sandbox import is_full
from govkit.inputs.speed import speeds_of
from govkit.inputs.subject import Request, Subject, open_subject
from govkit.pack.keys import signing_key
from govkit.plugins.check import CHECKS, Check, Params
from govkit.records import read_record
from govkit.runner.journal import Journal
from govkit.runner.one import Outcomes
from govkit.runner.plan import make_plan, sizes_of
from govkit.runner.run import Job, run, select
from govkit.sentences import templates, used
from govkit.strict_yaml import Document, did_you_mean, read

BUDGETS = ("quick", "standard", "thorough")


@dataclass(frozen=True)
class Setup:
    """What the command line and govkit.yaml come to."""

    request: Request
    document: Document | None
    """govkit.yaml with its lines."""
    path: Path | None

    @property
    def config(self) -> Config:
        """The resolved configuration."""
        return self.request.config


def audit(  # noqa: PLR0913 - the options of the main job
    model: str | Path | None,
    data: str | Path,
    *,
    train: str | Path | None = None,
    config: str | Path | None = None,
    out: str | Path | None = None,
    profile: str | None = None,
    budget: str | None = None,
    jobs: int = 1,
    seed: int | None = None,
    formats: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    plan: str | Path | None = None,
    as_of: date | None = None,
    trust: tuple[str, ...] = (),
    champion: str | Path | None = None,
    model_trust: str = "allowlist",
    journal: bool = True,
    pack: bool = False,
    sign: str | Path | None = None,
    previous: str | Path | None = None,
    progress: Progress | None = None,
) -> AuditRecord:
    """Audit a model on hold-out data.

    Args:
        model: the model file or folder, a predictions file, `package.module:function`, or the URL of a service that
            speaks the open inference protocol; None for profiles that need no model.
        data: hold-out rows, CSV or Parquet.
        train: the rows that the model was fitted on; else as govkit.yaml says.
        config: govkit.yaml; else the nearest one from the data's folder upward.
        out: folder to write reports to; None writes nothing.
        profile: what the gate asks for, `release` for instance.
        budget: `quick`, `standard` or `thorough`.
        jobs: processes that run checks; the result is the same for any number.
        seed: everything random is derived from it.
        formats: report formats by name; the default ones when empty.
        only: checks or families to run; all when empty.
        plan: an earlier audit.json whose plan is replayed.
        as_of: date that expiry and age are judged by; today when None.
        trust: exact globals that the model may use beyond the allowlist.
        champion: the model in use, to hold this one against; else as govkit.yaml says.
        model_trust: `allowlist`, or `sandbox-only` to let it run code of its own inside full isolation.
        journal: take over evidence of an equal earlier run in `out`.
        pack: also write an evidence pack, signed where there is a key.
        sign: the private key to sign it with, in PEM; else the one in the environment. Implies `pack`.
        previous: an earlier audit.json that this one is held against; else the one in `out`.
        progress: told what is going on.

    Raises:
        GovkitError: an input, the configuration or the output folder is not usable; see `core.errors`.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    watching = progress or Silent()
    given = {"profile": profile, "budget": budget, "seed": seed}
    setup = _set_up(model, data, train, config, given, as_of=as_of or started.date(), trust=(trust, model_trust))
    if champion is not None:
        setup = replace(setup, request=setup.request.model_copy(update={"champion": Path(champion)}))
    policy = load_policy(setup.config, setup.request.root, setup.document, checks=CHECKS.all())
    if policy.profile.needs_model and setup.request.model is None:
        raise UsageProblem(
            f"the profile {policy.profile.id} needs a model", hint="govkit audit MODEL DATA, or --profile data-only"
        )
    wanted_formats = delivery.formats_named((*formats, "json") if formats else ())
    logo = read_logo(setup.request.root, setup.config.report.logo)
    key = signing_key(None if sign is None else Path(sign)) if pack or sign is not None else None
    folder = None if out is None else delivery.check_writable(Path(out))
    with open_subject(setup.request) as subject:
        job = _job(subject, setup, only, None if plan is None else Path(plan))
        _announce(watching, setup, subject, job, jobs)
        kept = Journal(folder / delivery.JOURNAL if folder is not None and journal else None)
        past = past_audits(folder, previous, _system_facts(setup.config, subject).id)
        outcomes = run(job, subject, jobs=jobs, journal=kept, progress=watching)
        result = _result(subject, setup, job, policy, outcomes)
        isolation = _isolation(subject)
        speeds = _timed(subject, watching)
        packing = delivery.Packing(key, _metadata_files(subject)) if pack or sign is not None else None
        place = checkout(subject, setup.path, setup.document)
    ran = Run(
        started_at=started.isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - clock, 3),
        check_seconds={name: round(found.seconds, 3) for name, found in outcomes.items()},
        from_journal=tuple(name for name, found in outcomes.items() if found.journalled),
        jobs=jobs,
        platform=platform.platform(),
        model_path=str(model or ""),
        data_paths={"test": str(data)} | ({"train": str(subject.train.path)} if subject.train else {}),
        config_path=str(setup.path or ""),
        isolation=isolation,
        checkout=place,
        past=past.course,
        speed=speeds.get("model"),
        champion_speed=speeds.get("champion"),
        logo=logo,
    )
    record = past.told(AuditRecord(result_sha256=sha256_of(result), result=result, run=ran))
    if folder is not None:
        attachments = {name: found.attachments for name, found in outcomes.items() if found.attachments}
        _deliver(watching, lambda: delivery.deliver(record, folder, wanted_formats, attachments, packing))
    return record


def _timed(subject: Subject, progress: Progress) -> dict[str, Speed]:
    """Time the models and say how long they took."""
    found = speeds_of(subject)
    for role, speed in found.items():
        memory = f"; its process took up to {speed.peak_bytes / 1e6:,.0f} MB" if speed.peak_bytes else ""
        progress.note(
            f"{role}: one row in {speed.row_ms[0]:.3g} ms (95th percentile {speed.row_ms[1]:.3g}), "
            f"{speed.batch_rows:,} rows in {speed.batch_ms[0]:.3g} ms ({speed.batch_ms[1]:.3g}){memory}"
        )
    return found


def _deliver(progress: Progress, write: Callable[[], delivery.Delivered]) -> None:
    progress.start("reports")
    clock = time.perf_counter()
    delivered = write()
    progress.done("reports", f"{len(delivered.files)} files", time.perf_counter() - clock)
    for note in delivered.notes:
        progress.note(note)


def _metadata_files(subject: Subject) -> dict[str, bytes]:
    """Give the metadata files that were read, by name and exactly as they were read."""
    first = subject.request.data.resolve().parent
    found: dict[str, bytes] = {}
    for source in subject.metadata.sources:
        places = [folder / source.name for folder in (first, *first.parents)]
        contents = [place.read_bytes() for place in places if place.is_file()]
        found.update((source.name, content) for content in contents if sha256(content) == source.sha256)
    return found


def examine(  # noqa: PLR0913 - the options of the stage commands
    *,
    model: str | None,
    data: str,
    only: tuple[str, ...],
    train: str | None = None,
    config: Path | None = None,
    budget: str | None = None,
    seed: int | None = None,
    checks: Mapping[str, Mapping[str, object]] | None = None,
    progress: Progress | None = None,
) -> tuple[tuple[Evidence, ...], dict[str, str]]:
    """Run some checks alone, with parameters that go before those of govkit.yaml; give evidence and its templates."""
    overrides = {"budget": budget, "seed": seed}
    setup = _set_up(model, data, train, config, overrides, as_of=datetime.now(UTC).date(), trust=((), "allowlist"))
    declared = setup.config.checks
    merged = {**declared, **{name: {**declared.get(name, {}), **given} for name, given in (checks or {}).items()}}
    resolved = setup.config.model_copy(update={"checks": merged})
    setup = replace(setup, request=setup.request.model_copy(update={"config": resolved}))
    with open_subject(setup.request) as subject:
        job = _job(subject, setup, only, None)
        if progress is not None and any(found.plan for found in job.checks.values()):
            _estimate(progress, subject, job, 1)
        outcomes = run(job, subject, jobs=1, journal=Journal(None), progress=progress or Silent())
    evidence = tuple(found.evidence for found in outcomes.values())
    return evidence, used([found.model_dump(mode="json") for found in evidence])


def _set_up(  # noqa: PLR0913 - both callers' options
    model: str | Path | None,
    data: str | Path,
    train: str | Path | None,
    config: str | Path | None,
    overrides: Mapping[str, object],
    *,
    as_of: date,
    trust: tuple[tuple[str, ...], str],
) -> Setup:
    place = Path(config) if config is not None else find(Path(data).parent) or find(Path())
    document = read(place) if place else None
    declared = document.parse(Config) if document else Config()
    given = {name: value for name, value in overrides.items() if value is not None}
    if "budget" in given and given["budget"] not in BUDGETS:
        raise UsageProblem(f"there is no budget {given['budget']!r}", hint=f"budgets are: {', '.join(BUDGETS)}")
    resolved = Config.model_validate({**declared.model_dump(), **given})
    request = Request(
        model=None if model is None else str(model),
        data=Path(data),
        train=None if train is None else Path(train),
        config=resolved,
        root=place.parent if place else Path(data).parent,
        as_of=as_of,
        trust=trust[0],
        model_trust=trust[1],
    )
    return Setup(request, document, place)


def _job(subject: Subject, setup: Setup, only: tuple[str, ...], replayed: Path | None) -> Job:
    checks = select(CHECKS.all(), only)
    params = _params(checks, setup)
    _hold_constraints(subject, setup)
    refits = replayed is None and any(found.refits for found in checks.values())
    plan, work = make_plan(checks, params, sizes_of(subject, refits=refits), setup.config.budget)
    if replayed is not None:
        plan = read_record(replayed).result.plan
    return Job(checks, params, plan, setup.config.seed, work)


def _params(checks: Mapping[str, Check], setup: Setup) -> dict[str, Params]:
    """Give each check its parameters from `checks.<id>` of govkit.yaml."""
    from pydantic import ValidationError

    known = CHECKS.all()
    for name in setup.config.checks:
        if name not in known:
            hint = did_you_mean(name, known, "`govkit checks list` names them")
            raise _at(setup, ("checks", name), f"there is no check {name!r}", hint)
    params = {}
    for name, found in checks.items():
        try:
            params[name] = found.params.model_validate(setup.config.checks.get(name, {}))
        except ValidationError as error:
            first = error.errors()[0]
            key = str(first["loc"][0])
            hint = did_you_mean(
                key, found.params.model_fields, f"parameters are: {', '.join(found.params.model_fields)}"
            )
            problem = "is no parameter of this check" if first["type"] == "extra_forbidden" else "has a wrong value"
            raise _at(setup, ("checks", name, key), f"checks.{name}.{key} {problem}", hint) from None
    return params


def _hold_constraints(subject: Subject, setup: Setup) -> None:
    """Hold the section `robustness` of govkit.yaml against the data, so that a mistake in it costs no work."""
    rows = (subject.train or subject.test).frame
    wrong = problem_of(setup.config.robustness, subject.columns, rows, subject.task)
    if wrong is not None:
        raise _at(setup, wrong.path, wrong.message, wrong.hint)


def _at(setup: Setup, where: tuple[str | int, ...], message: str, hint: str) -> UsageProblem:
    return setup.document.problem(where, message, hint=hint) if setup.document else UsageProblem(message, hint=hint)


def _announce(progress: Progress, setup: Setup, subject: Subject, job: Job, jobs: int) -> None:
    """Say what is audited and how long it may take, before the work starts."""
    where = f" ({setup.path})" if setup.path else ""
    progress.note(
        f"govkit {__version__}  profile {setup.config.profile}{where}  budget {job.plan.budget}  seed {job.seed}"
    )
    _estimate(progress, subject, job, jobs)
    for note in subject.artifact.notes if subject.artifact else ():
        progress.note(sentence(note, templates()))
    layers = _isolation(subject)
    if layers.get("isolation") == "reduced":
        lacking = ", ".join(name for name, state in layers.items() if state != "held" and name != "isolation")
        progress.note(f"isolation: reduced (does not hold: {lacking})")
    for inference in subject.inferred:
        progress.note(f"inferred {inference.field}: {inference.value}")


def _estimate(progress: Progress, subject: Subject, job: Job, jobs: int) -> None:
    """Say how large the data is, how long the work may take, and what a larger budget would do besides."""
    train = f", {subject.train.rows:,} training rows" if subject.train else ""
    seconds = sum(work.seconds for work in job.work.values()) / jobs
    progress.note(
        f"{subject.test.name}: {subject.test.rows:,} rows, {len(subject.test.columns)} columns{train}; "
        f"{job.plan.budget}: about {max(seconds, 5):.0f} s"
    )
    for name, work in job.work.items():
        if work.left_out:
            progress.note(f"  not part of {name}: {'; '.join(work.left_out)}")


def _result(subject: Subject, setup: Setup, job: Job, policy: Policy, outcomes: Mapping[str, Outcomes]) -> Result:
    evidence = tuple(found.evidence for found in outcomes.values())
    model = _model_facts(subject)
    as_of = setup.request.as_of
    digest = model.sha256 if model else ""
    vouched = model is None or model.trust != "sandbox-only"
    assessed = assess(evidence, policy, as_of=as_of, model_sha256=digest, budget=job.plan.budget, vouched=vouched)
    decision = decide(
        policy.profile,
        assessed.criterion_results,
        assessed.control_results,
        as_of=as_of,
        refused=bool(model and model.refused),
    )
    parts = {
        "govkit_version": __version__,
        "as_of": as_of,
        "seed": setup.config.seed,
        "system": _system_facts(setup.config, subject),
        "model": model,
        "data": tuple(_data_facts(found) for found in (subject.test, subject.train) if found),
        "task": subject.task.name if subject.task else None,
        "classes": subject.task.names if subject.task else (),
        "columns": subject.columns.facts,
        "inferred": subject.inferred,
        "suggestions": subject.suggestions,
        "config": setup.config.model_dump(mode="json"),
        "config_sha256": sha256_of(setup.config),
        "software": {"python": subject.environment.python, **subject.environment.packages},
        "plan": job.plan,
        "checks": tuple(found.facts() for found in job.checks.values()),
        "evidence": evidence,
        "criteria": policy.criteria,
        "frameworks": policy.frameworks,
        "profile": policy.profile,
        "decision": decision,
        **{name: getattr(assessed, name) for name in assessed.__dataclass_fields__},
    }
    return Result.model_validate({**parts, "messages": used(_plain(parts))})


def _isolation(subject: Subject) -> dict[str, str]:
    """Give the layers around the model's process, after one word on all of them."""
    layers = subject.artifact.isolation if subject.artifact else {}
    return {"isolation": "full" if is_full(layers) else "reduced", **layers} if layers else {}


def _plain(parts: object) -> object:
    """Give models as plain data, so that the messages in them can be found."""
    from pydantic import TypeAdapter

    return TypeAdapter(object).dump_python(parts, mode="json")


def _system_facts(config: Config, subject: Subject) -> SystemFacts:
    system = config.system
    fallback = _system_name(subject)
    return SystemFacts(
        id=system.id or fallback,
        name=system.name or system.id or fallback,
        version=system.version,
        owner=system.owner,
        purpose=system.purpose,
    )


def _system_name(subject: Subject) -> str:
    found = subject.artifact
    if found is None:
        return subject.test.name
    return Path(found.name).stem if found.source in ("file", "predictions") else found.name


def _data_facts(data: Dataset) -> DataFacts:
    return DataFacts(
        role=data.role,
        name=data.name,
        sha256=data.sha256,
        size=data.size,
        format=data.format,
        rows=data.rows,
        columns=data.columns,
        notes=data.notes,
    )


def _model_facts(subject: Subject) -> ModelFacts | None:
    found = subject.artifact
    if found is None:
        return None
    described = subject.model.described if subject.model else None
    return ModelFacts(
        name=found.name,
        sha256=found.sha256,
        size=found.size,
        format=found.format,
        refused=found.refused,
        trust=found.trust,
        trusted=found.trusted,
        estimator=described.estimator if described else "",
        steps=described.steps if described else (),
        parameters=described.parameters if described else {},
        fitted_with=described.fitted_with if described else {},
        source=found.source,
        notes=found.notes,
    )
