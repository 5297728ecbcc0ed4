"""The search that `robustness.evasion` made, as checks need it that go over the same rows again."""

from collections.abc import Mapping
from dataclasses import dataclass

from govkit.core.evidence import Evidence, Outcome
from govkit.plugins.check import NotApplicable, NotPossible

SEARCH = "robustness.evasion"


@dataclass(frozen=True)
class Earlier:
    """What the search was given."""

    work: Mapping[str, int]
    seed: int
    frozen: tuple[str, ...]
    judged: list[float]
    """Sizes that are measured and judged, in robust scales."""
    sizes: list[float]
    """These and those that are only drawn, ascending."""


def earlier_search(evidence: Mapping[str, Evidence]) -> Earlier:
    """Give what the search was given.

    Raises:
        NotApplicable: the search was not, for a reason that holds here too.
        NotPossible: it has not run to its end.
    """
    found = evidence.get(SEARCH)
    if found is None or found.outcome is not Outcome.MEASURED:
        if found is not None and found.reason is not None and found.outcome is Outcome.NOT_APPLICABLE:
            raise NotApplicable(found.reason.id)
        raise NotPossible("robustness.no_search")
    judged = _numbers(found.params.get("eps"))
    sizes = sorted({*judged, *_numbers(found.params.get("curve"))})
    frozen = found.params.get("frozen")
    names = tuple(str(one) for one in frozen) if isinstance(frozen, list | tuple) else ()
    return Earlier(found.work, found.seed, names, judged, sizes)


def _numbers(given: object) -> list[float]:
    return [float(one) for one in given] if isinstance(given, list | tuple) else []
