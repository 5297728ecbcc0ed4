"""How a check is written: one decorated function in one file under `govkit/checks/<family>/`."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from govkit.core.digest import sha256
from govkit.core.evidence import AskKind, Finding, Measurement, Message, Scalar, Table
from govkit.core.frozen import Frozen
from govkit.core.record import CheckFacts, TaskName
from govkit.plugins.discovery import Registry

INPUTS: Mapping[str, str] = {
    "artifact": "the model file's static facts: digest, size, format, scan result",
    "model": "the loaded model, a proxy to its own process",
    "champion": "the model in production, a proxy like `model`",
    "champion_artifact": "the champion file's static facts, like `artifact`",
    "champion_predictions": "the champion's answers on DATA, classes in the order of `task`",
    "regression_set": "rows that the model must not forget",
    "test": "DATA: hold-out rows",
    "train": "TRAIN: the rows the model was fitted on",
    "production": "a sample of rows from production",
    "predictions": "the model's answers on DATA beside the truth",
    "train_predictions": "the model's answers on TRAIN beside the truth",
    "columns": "every column's role and kind",
    "task": "task, classes, positive label, decision threshold",
    "metadata": "declared provenance found beside the data and in govkit.yaml",
    "config": "the resolved govkit.yaml",
    "disclosure": "decides which cell values may be shown",
    "environment": "versions and platform",
    "evidence": "evidence of the checks named in `requires`",
    "as_of": "the audit's date",
    "params": "the check's own parameters",
    "work": "the plan's integer work counts for this check",
    "seed": "the check's own seed, derived from the audit's",
    "progress": "tells the user how far the check is",
}
"""The closed vocabulary of a check's parameter names. A parameter with default None is used when it is there."""

ONE_ANSWER: tuple[TaskName, ...] = ("binary", "multiclass", "regression")
"""Tasks with one class or value a row, which a check covers unless it says otherwise."""
EVERY_TASK: tuple[TaskName, ...] = (*ONE_ANSWER, "multilabel", "anomaly")

SECTIONS = ("Why it matters", "Method", "Limits", "References")


class Params(Frozen):
    """Base of a check's parameters; each field is configured as `checks.<id>.<field>` in govkit.yaml."""


@dataclass(frozen=True)
class Attachment:
    """A file to keep beside the record. Never holds raw cell values."""

    name: str
    media_type: str
    content: bytes


Product = Measurement | Finding | Table | Attachment
"""What a check yields."""


@dataclass(frozen=True)
class Emit:
    """A measurement that a check may yield, so that criteria can be checked before anything runs."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Sizes:
    """What a plan may depend on; all integers, timings in coarse steps."""

    test_rows: int
    train_rows: int
    features: int
    classes: int
    predict_ms_per_1000_rows: int
    """Rounded up to 100, 1,000, 10,000, ...; 0 without a model."""
    fit_ms_per_1000_rows: int = 0
    """CPU time, rounded up to 50, 100, 200, ...; 0 where the model can't be fitted again, or too slowly."""
    call_ms: int = 0
    """What a call takes however few its rows are, rounded to 125, 250, 500, 1,000, ...; 0 below, or without a model."""

    def ration(self, seconds: float, needed: int) -> dict[str, int]:
        """Give the work counts that keep a check's calls of a slow model within a time; none where calls are quick.

        Beyond them the check is stopped and counts as left out (`inputs.rationed`).

        Args:
            seconds: the check's part of the budget.
            needed: calls without which it has nothing to say; where there is no time for these, none is made.
        """
        if not self.call_ms:
            return {}
        return {"calls": int(seconds * 1000 / self.call_ms), "needed_calls": needed, "call_ms": self.call_ms}


EVERYTHING = "everything, since calls of this model take too long"


@dataclass(frozen=True)
class Work:
    """What a budget comes to for one check."""

    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    """Estimate shown before the audit starts."""
    left_out: tuple[str, ...] = ()
    """What a larger budget would do besides, in words."""

    def within(self, ration: Mapping[str, int], most: int) -> "Work":
        """Give the same work with rationed calls of the model, of which it would make `most`."""
        if not ration:
            return self
        if ration["calls"] < ration["needed_calls"]:
            return Work({**self.counts, **ration}, 0.0, (EVERYTHING,))
        seconds = self.seconds + min(ration["calls"], most) * ration["call_ms"] / 1000
        return Work({**self.counts, **ration}, seconds, self.left_out)


class Unavailable(Exception):
    """Base of a check's ways to say that it has nothing to measure."""

    def __init__(self, reason: str, *, ask: str = "", command: str = "", **args: Scalar) -> None:
        """Name the reason by message id, and the line of govkit.yaml or the command that would help."""
        super().__init__(reason)
        self.reason = Message(id=reason, args=args)
        self.ask = ask or command
        self.ask_kind: AskKind = "line" if ask else "command" if command else ""


class NotApplicable(Unavailable):
    """The question doesn't arise for this subject."""


class NotDeclared(Unavailable):
    """A declaration or an input is missing."""


class NotPossible(Unavailable):
    """The check was tried and could not be carried through; becomes the outcome `error`."""


@dataclass(frozen=True)
class Check:
    """A registered check."""

    id: str
    title: str
    run: Callable[..., Iterable[Product]]
    params: type[Params]
    emits: tuple[Emit, ...]
    messages: Mapping[str, str]
    requires: tuple[str, ...]
    libraries: tuple[str, ...]
    plan: Callable[[Sizes, str, Params], Work] | None
    refits: bool
    needs: tuple[str, ...]
    optional: frozenset[str]
    version: str
    tasks: tuple[TaskName, ...] = ONE_ANSWER
    """Tasks that it covers, as far as it asks for the model, its predictions or the task at all."""

    @property
    def family(self) -> str:
        """The part of the id before the dot: `pii`, `privacy`, ..."""
        return self.id.split(".", 1)[0]

    def facts(self) -> CheckFacts:
        """Describe the check for the record, from its docstring."""
        text = inspect.getdoc(self.run) or ""
        parts = re.split(rf"^({'|'.join(SECTIONS)}):\s*", text, flags=re.MULTILINE)
        sections = {name: " ".join(body.split()) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
        return CheckFacts(
            id=self.id,
            title=self.title,
            summary=" ".join(parts[0].split()),
            why=sections.get("Why it matters", ""),
            method=sections.get("Method", ""),
            limits=sections.get("Limits", ""),
            references=sections.get("References", ""),
            emits={emit.name: (emit.unit, emit.meaning) for emit in self.emits},
        )


CHECKS: Registry[Check] = Registry("govkit.checks")


def check(  # noqa: PLR0913 - each is one keyword of the declaration
    check_id: str,
    *,
    title: str,
    emits: tuple[Emit, ...],
    messages: Mapping[str, str] | None = None,
    params: type[Params] = Params,
    requires: tuple[str, ...] = (),
    libraries: tuple[str, ...] = (),
    plan: Callable[[Sizes, str, Params], Work] | None = None,
    refits: bool = False,
    tasks: tuple[TaskName, ...] = ONE_ANSWER,
) -> Callable[[Callable[..., Iterator[Product]]], Callable[..., Iterator[Product]]]:
    """Register a function as a check.

    The function's parameter names say what it needs (see `INPUTS`); a name outside the vocabulary is an error at
    import. Its docstring holds the sections of `SECTIONS` and is the manual page.

    Args:
        check_id: `family.name`; for checks in this package, the folder and the file.
        title: a few words, shown as the check's name.
        emits: every measurement the check may yield.
        messages: template by message id, for its findings and reasons.
        params: its parameters with their defaults.
        requires: ids of checks whose evidence it reads through `evidence`.
        libraries: distributions whose versions belong into the evidence.
        plan: resolves a budget to integer work counts from sizes, budget name and parameters.
        refits: its plan depends on how long fitting the model anew takes, so that one fit is timed beforehand.
        tasks: tasks that it covers; for others it is not applicable, or does without the model where it can.
    """

    def register(function: Callable[..., Iterator[Product]]) -> Callable[..., Iterator[Product]]:
        signature = inspect.signature(function)
        unknown = [name for name in signature.parameters if name not in INPUTS]
        if unknown:
            message = f"check {check_id} asks for {unknown[0]!r}, which is not an input; inputs are {', '.join(INPUTS)}"
            raise TypeError(message)
        CHECKS.add(
            check_id,
            Check(
                id=check_id,
                title=title,
                run=function,
                params=params,
                emits=emits,
                messages=messages or {},
                requires=requires,
                libraries=libraries,
                plan=plan,
                refits=refits,
                needs=tuple(signature.parameters),
                optional=frozenset(name for name, given in signature.parameters.items() if given.default is None),
                version=sha256(inspect.getsource(inspect.getmodule(function) or function).encode())[:12],
                tasks=tasks,
            ),
        )
        return function

    return register
