"""Run one check: find what it asks for, seed it, contain its failure, and pack what it yields as evidence."""

import random
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from govkit.core.digest import sha256, sha256_of
from govkit.core.errors import GovkitError, ModelRaised
from govkit.core.evidence import Artefact, AskKind, Evidence, Finding, Measurement, Message, Outcome, Table
from govkit.core.progress import Progress, Silent
from govkit.inputs.model import Model
from govkit.inputs.rationed import Rationed
from govkit.inputs.subject import Subject
from govkit.inputs.suspects import suspects
from govkit.plugins.check import (
    Attachment,
    Check,
    NotApplicable,
    NotDeclared,
    Params,
    Product,
    Unavailable,
)
from govkit.resources import package_digest

if TYPE_CHECKING:
    from types import TracebackType

MESSAGES = {
    "runner.crashed": "The check broke off with {type} at {frame}; this is a defect of the check.",
    "runner.stopped": "{sentence}",
    "runner.task_not_covered": "This check does not cover a model for the task {task}.",
    "runner.process_ended": "The process that ran the check ended before it answered.",
}
OWN = frozenset({"params", "work", "seed", "progress", "evidence", "as_of"})
"""Inputs that are no part of the subject's digests: they stand in the evidence itself."""
OF_TASK = frozenset({"model", "champion", "predictions", "train_predictions", "task"})
"""Inputs that mean something only to a check that covers the task."""
ASKED = frozenset({"model", "champion"})
"""Inputs that are asked, which the plan rations where a call of the model takes long."""
ANSWERED = frozenset({"predictions", "train_predictions", "champion_predictions"})
"""Inputs that need the model to answer; asked for last, so that what else is lacking is told where it can't."""


@dataclass(frozen=True)
class Order:
    """One check to run with everything that its result depends on besides the subject."""

    check: Check
    params: Params
    work: Mapping[str, int]
    seed: int
    evidence: Mapping[str, Evidence] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcomes:
    """Evidence with the files that go with it."""

    evidence: Evidence
    attachments: tuple[Attachment, ...] = ()
    seconds: float = 0.0
    journalled: bool = False


def seed_for(audit_seed: int, check_id: str) -> int:
    """Derive a check's seed, so that adding a check changes no other result."""
    return int.from_bytes(bytes.fromhex(sha256(f"{audit_seed}/{check_id}".encode()))[:4], "big")


def run_check(order: Order, subject: Subject, progress: Progress | None = None) -> Outcomes:
    """Run one check to its evidence; never raises for what the check or the model does."""
    products: list[Product] = []
    outcome, reason = Outcome.MEASURED, None
    asked: tuple[str, AskKind] = ("", "")
    inputs: dict[str, str] = {}
    try:
        arguments, inputs = _arguments(order, subject, progress or Silent())
        with _seeded(order.seed):
            products.extend(order.check.run(**arguments))
        _must_be_declared(order.check, products)
    except Unavailable as said:
        outcome, reason, asked = _kind(said), said.reason, (said.ask, said.ask_kind)
    except GovkitError as error:
        outcome, reason = Outcome.ERROR, Message(id="runner.stopped", args={"sentence": error.message})
        raised = isinstance(error, ModelRaised)
        hint = (suspects(subject.test, subject.train, subject.columns) if raised else "") or error.hint
        asked = (hint, "advice" if hint else "")
    except Exception as error:  # noqa: BLE001 - the boundary that contains a check
        frame = _own_frame(error.__traceback__)
        outcome = Outcome.ERROR
        reason = Message(id="runner.crashed", args={"type": type(error).__name__, "frame": frame})
    if outcome is not Outcome.MEASURED:
        products = []
    header = _header(order, inputs)
    return _packed(products, Evidence(**header, outcome=outcome, reason=reason, ask=asked[0], ask_kind=asked[1]))


def key_of(order: Order, subject: Subject) -> str:
    """Give the journal's key: everything that the evidence depends on."""
    from govkit.inputs.environment import installed

    return sha256_of(
        {
            "check": order.check.id,
            "version": order.check.version,
            "params": order.params.model_dump(mode="json"),
            "work": dict(order.work),
            "seed": order.seed,
            "as_of": subject.request.as_of.isoformat() if "as_of" in order.check.needs else "",
            "inputs": _digests(order, subject),
            "evidence": {name: sha256_of(found) for name, found in order.evidence.items()},
            "govkit": package_digest(),
            "software": {name: installed(name) or "" for name in order.check.libraries},
        }
    )


def _header(order: Order, inputs: dict[str, str]) -> dict[str, object]:
    from govkit.inputs.environment import installed

    return {
        "check": order.check.id,
        "check_version": order.check.version,
        "params": order.params.model_dump(mode="json"),
        "work": dict(order.work),
        "seed": order.seed,
        "inputs": inputs,
        "software": {name: installed(name) or "" for name in order.check.libraries},
    }


def _arguments(order: Order, subject: Subject, progress: Progress) -> tuple[dict[str, object], dict[str, str]]:
    own = {
        "params": order.params,
        "work": order.work,
        "seed": order.seed,
        "progress": progress,
        "evidence": order.evidence,
    }
    arguments: dict[str, object] = {}
    for name in sorted(order.check.needs, key=lambda name: name in ANSWERED):
        try:
            arguments[name] = own[name] if name in own else _given(order, name, subject)
        except Unavailable:
            if name not in order.check.optional:
                raise
    return arguments, _digests(order, subject)


def _given(order: Order, name: str, subject: Subject) -> object:
    """Give one of the subject's inputs, as far as the check covers the task and the plan has calls for it.

    Raises:
        Unavailable: it isn't there, or means nothing to the check.
    """
    if name in OF_TASK and subject.task is not None and subject.task.name not in order.check.tasks:
        raise NotApplicable("runner.task_not_covered", task=subject.task.name)
    found = subject.get(name)
    return Rationed(cast("Model", found), order.work) if name in ASKED and "calls" in order.work else found


def _digests(order: Order, subject: Subject) -> dict[str, str]:
    digests = {}
    for name in order.check.needs:
        if name not in OWN:
            try:
                digests[name] = subject.digest(name)
            except Unavailable:
                continue
    return digests


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the global generators that some libraries draw from, and put them back afterwards."""
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - ART draws from the global generator
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def _must_be_declared(check: Check, products: list[Product]) -> None:
    declared = {emit.name: emit.unit for emit in check.emits}
    for product in products:
        if isinstance(product, Measurement) and declared.get(product.name) != product.unit:
            raise TypeError(f"{check.id} yields {product.name} in {product.unit}, which it does not declare in `emits`")


def _kind(said: Unavailable) -> Outcome:
    if isinstance(said, NotApplicable):
        return Outcome.NOT_APPLICABLE
    return Outcome.NOT_DECLARED if isinstance(said, NotDeclared) else Outcome.ERROR


def _own_frame(trace: "TracebackType | None") -> str:
    """Name the deepest of our own frames; frames of libraries and messages could quote cells."""
    frames = [
        frame for frame in traceback.extract_tb(trace) if "govkit" in frame.filename.replace("\\", "/").split("/")
    ]
    if not frames:
        return "an unknown place"
    last = frames[-1]
    return f"{last.filename.replace(chr(92), '/').rsplit('/govkit/', 1)[-1]}:{last.lineno}"


def _packed(products: list[Product], empty: Evidence) -> Outcomes:
    files = tuple(product for product in products if isinstance(product, Attachment))
    evidence = Evidence(
        **{name: getattr(empty, name) for name in Evidence.model_fields if name not in _PRODUCTS},
        measurements=tuple(product for product in products if isinstance(product, Measurement)),
        findings=tuple(product for product in products if isinstance(product, Finding)),
        tables=tuple(product for product in products if isinstance(product, Table)),
        artefacts=tuple(
            Artefact(name=file.name, media_type=file.media_type, sha256=sha256(file.content), size=len(file.content))
            for file in files
        ),
    )
    return Outcomes(evidence, files)


_PRODUCTS = frozenset({"measurements", "findings", "tables", "artefacts"})
