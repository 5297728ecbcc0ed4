"""Every place of personal data in one text: what recognisers confirm, and names, places and addresses around it."""

from collections.abc import Iterable

from govkit.pii.gates import ENTITIES, NEED_MORE_THAN_DIGITS, stands_alone
from govkit.pii.models import LanguageModel
from govkit.pii.prose import Place, places_in
from govkit.pii.recognisers import detectors


def spans_in(
    text: str, entities: Iterable[str] = ENTITIES, *, prose: bool = True, model: LanguageModel | None = None
) -> list[Place]:
    """Give the places of personal data in a text, in order; where two overlap, the more certain one stands.

    Args:
        text: as long as it may be.
        entities: which of `gates.ENTITIES` are looked for.
        prose: also look for names, places, addresses, ages and nationalities, as sentences hold them.
        model: what names and places are found by; word lists where none is given.
    """
    found: list[Place] = []
    alone = stands_alone(text)
    for entity in entities:
        if not (alone and entity in NEED_MORE_THAN_DIGITS):
            found += _fitting(found, (Place(entity, *span) for span in detectors()[entity].spans(text)))
    if prose:
        found += _fitting(found, places_in(text, model.find if model else None))
    return sorted(found, key=lambda item: item.start)


def _fitting(found: list[Place], more: Iterable[Place]) -> list[Place]:
    kept: list[Place] = []
    for item in more:
        if not any(item.start < other.end and other.start < item.end for other in (*found, *kept)):
            kept.append(item)
    return kept
