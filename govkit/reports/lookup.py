"""The record by id, and the numbers in it laid out with the place of their evidence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

from govkit.core.control import Condition, ControlResult, Criterion, CriterionResult, Observed
from govkit.core.evidence import Evidence, Measurement, Message
from govkit.core.messages import sentence
from govkit.core.record import AuditRecord, CheckFacts
from govkit.reports.wording import brackets, grouped, interval_of, quantity

MOST_MEASUREMENTS: Final = 5
"""Measurements of one check laid out in a report; the others stay in audit.json, and the report says so."""


@dataclass(frozen=True)
class Number:
    """A measured number as shown, and where its evidence item is."""

    text: str
    interval: str
    n: int
    raw: float
    link: str
    about: str = ""
    """Which group it is of, when there are several."""


@dataclass(frozen=True)
class Lookup:
    """Finds what belongs to an id in one record."""

    record: AuditRecord

    @cached_property
    def criteria(self) -> Mapping[str, Criterion]:
        """Give every criterion by id."""
        return {criterion.id: criterion for criterion in self.record.result.criteria}

    @cached_property
    def refs(self) -> Mapping[str, str]:
        """Give every criterion's short name within this record's reports, `C1` being the record's first."""
        return {name: f"C{place}" for place, name in enumerate(self.criteria, 1)}

    @cached_property
    def _turns(self) -> Mapping[str, int]:
        """Give every check that left evidence its place."""
        return {name: place for place, name in enumerate(self.evidence, 1)}

    def check_link(self, check: str) -> str:
        """Give the place where a check that left evidence is laid out."""
        return f"k{self._turns[check]}"

    def evidence_link(self, check: str) -> str:
        """Give the place of a check's evidence, or of all evidence where it left none."""
        return f"e{self._turns[check]}" if check in self._turns else "evidence"

    def criterion_link(self, criterion: str) -> str:
        """Give the place of a criterion's row, or nothing where it has none."""
        return self.refs[criterion].lower() if criterion in self.linked else ""

    @cached_property
    def results(self) -> Mapping[str, CriterionResult]:
        """Give every criterion's result by the criterion's id."""
        return {result.criterion: result for result in self.record.result.criterion_results}

    @cached_property
    def evidence(self) -> Mapping[str, Evidence]:
        """Give the evidence by check id."""
        return {evidence.check: evidence for evidence in self.record.result.evidence}

    @cached_property
    def checks(self) -> Mapping[str, CheckFacts]:
        """Give what every check is by its id, also of checks that only left evidence."""
        bare = {
            name: CheckFacts(id=name, title=name, summary="", why="", method="", limits="", references="", emits={})
            for name in self.evidence
        }
        return bare | {facts.id: facts for facts in self.record.result.checks}

    @cached_property
    def controls(self) -> Mapping[tuple[str, str], ControlResult]:
        """Give every control's result by framework and control id."""
        return {(result.framework, result.control): result for result in self.record.result.control_results}

    @cached_property
    def linked(self) -> frozenset[str]:
        """Give the ids of the criteria that have a row of their own to link to: those whose check left evidence."""
        return frozenset(
            name for name in self.results if name in self.criteria and self.criteria[name].check in self.evidence
        )

    @cached_property
    def gated(self) -> frozenset[str]:
        """Give the ids of the criteria that the profile gates."""
        return frozenset(self.record.result.profile.gate)

    def say(self, message: Message | None) -> str:
        """Fill a message's template, checks by their titles; no message, no words."""
        if message is None:
            return ""
        named = {key: self.check_title(str(value)) for key, value in message.args.items() if value in self.checks}
        return sentence(message.model_copy(update={"args": {**message.args, **named}}), self.record.result.messages)

    def say_all(self, messages: Iterable[Message]) -> tuple[str, ...]:
        """Fill several messages' templates."""
        return tuple(self.say(message) for message in messages)

    def check_title(self, check: str) -> str:
        """Give a check's title, or its id where the record doesn't describe it."""
        return self.checks[check].title if check in self.checks else check

    def meaning(self, check: str, measurement: str) -> str:
        """Say what a measurement is, in the check's own words."""
        declared = self.checks[check].emits.get(measurement) if check in self.checks else None
        return declared[1] if declared and declared[1] else measurement.replace("_", " ")

    def condition(self, check: str, needed: Condition) -> str:
        """Say what a condition of a criterion is about: a measurement by its meaning, a setting by its name."""
        if needed.measurement:
            return self.meaning(check, needed.measurement)
        return (needed.param or needed.work).replace("_", " ")

    @cached_property
    def _decisive(self) -> frozenset[tuple[str, str, tuple[tuple[str, str], ...]]]:
        """Name the measurements that a criterion's observations are about."""
        return frozenset(
            (criterion.check, criterion.measurement, tuple(sorted(observed.group.items())))
            for result in self.results.values()
            if (criterion := self.criteria.get(result.criterion))
            for observed in result.observed
        )

    @cached_property
    def _shown(self) -> Mapping[str, tuple[Measurement, ...]]:
        chosen = {}
        for check, evidence in self.evidence.items():
            ranked = sorted(evidence.measurements, key=lambda found: _key(check, found) not in self._decisive)
            chosen[check] = tuple(ranked[:MOST_MEASUREMENTS])
        return chosen

    def shown(self, check: str) -> tuple[Measurement, ...]:
        """Give the measurements of a check that a report lays out, those that decided something first."""
        return self._shown.get(check, ())

    @cached_property
    def _places(self) -> Mapping[tuple[str, str, tuple[tuple[str, str], ...]], str]:
        return {
            _key(check, found): self.measurement_link(check, place)
            for check, measurements in self._shown.items()
            for place, found in reversed(list(enumerate(measurements)))
        }

    @cached_property
    def _first(self) -> Mapping[str, int]:
        """Count the measurements laid out before those of each check."""
        counts = [len(measurements) for measurements in self._shown.values()]
        return dict(zip(self._shown, accumulate(counts, initial=1), strict=False))

    def measurement_link(self, check: str, place: int) -> str:
        """Give the place of a measurement that is laid out, the first of its check having the place 0."""
        return f"m{self._first[check] + place}"

    def place(self, check: str, measurement: str, group: Mapping[str, str]) -> str:
        """Give the anchor of a measurement, or of its check's evidence where it isn't laid out by itself."""
        return self._places.get((check, measurement, tuple(sorted(group.items()))), self.evidence_link(check))

    def number(self, check: str, found: Measurement) -> Number:
        """Lay out a measurement."""
        return Number(
            text=quantity(found.value, found.unit),
            interval=interval_of(found.interval, found.unit),
            n=found.n,
            raw=found.value,
            link=self.place(check, found.name, found.group),
            about=grouped(found.group),
        )

    def observation(self, criterion: Criterion, observed: Observed) -> Number:
        """Lay out an observation so that it reads differently from a limit that it differs from."""
        return Number(
            text=quantity(observed.value, criterion.unit, unlike=criterion.threshold),
            interval=brackets(observed.low, observed.high, criterion.unit, observed.level),
            n=observed.n,
            raw=observed.value,
            link=self.place(criterion.check, criterion.measurement, observed.group),
            about=grouped(observed.group),
        )


def _key(check: str, found: Measurement) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return check, found.name, tuple(sorted(found.group.items()))
