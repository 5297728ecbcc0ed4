"""Language models that the user names, from this disk: names and places in sentences by spaCy, transformers, GLiNER."""

import importlib.util
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from govkit.core.errors import InputProblem, MissingExtra
from govkit.pii.entities import CATEGORIES, family
from govkit.pii.prose import Place

Kind = Literal["spacy", "transformers", "gliner"]
LANGUAGE: Final = "en"
_MARKS: Final[tuple[tuple[str, Kind], ...]] = (
    ("gliner_config.json", "gliner"),
    ("meta.json", "spacy"),
    ("config.json", "transformers"),
)
"""The file that tells what a model's folder holds."""
_ASKED: Final[Mapping[str, str]] = {
    "person": "PERSON",
    "street address": "STREET_ADDRESS",
    "city": "LOCATION",
    "country": "LOCATION",
    "nationality": "NATIONALITY",
}
"""What GLiNER is asked for, in its words."""
_NARROWER: Final[Mapping[str, str]] = {"NRP": "NATIONALITY", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION"}


@dataclass(frozen=True)
class LanguageModel:
    """A loaded model."""

    name: str
    kind: Kind
    find: Callable[[str], list[Place]]
    """Gives what it sees in a text, of the types that govkit knows."""


@cache
def load_model(name: str) -> LanguageModel:
    """Load a model from this disk, through Presidio's recogniser for its kind; nothing is fetched.

    A model is code: name only one whose source you trust.

    Args:
        name: an installed spaCy package, or the folder of a spaCy, transformers or GLiNER model.

    Raises:
        InputProblem: there is no such model here, or it can't be loaded.
        MissingExtra: the library for it isn't installed.
    """
    kind = _kind(name)
    for library in _LIBRARIES[kind]:
        if importlib.util.find_spec(library) is None:
            raise MissingExtra(
                f"{name} is a {kind} model and {library} isn't installed",
                hint=f"pip install {' '.join(_LIBRARIES[kind])}",
            )
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return LanguageModel(Path(name).name, kind, _finder(_RECOGNISERS[kind](name)))
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise InputProblem(
            f"the language model {name} can't be loaded ({type(error).__name__})",
            hint="load it with its own library once to see why; nothing is downloaded",
        ) from None


_LIBRARIES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "spacy": ("spacy",),
    "transformers": ("transformers", "torch"),
    "gliner": ("gliner",),
}


def _kind(name: str) -> Kind:
    folder = Path(name)
    if folder.is_dir():
        for file, kind in _MARKS:
            if (folder / file).is_file():
                return kind
    elif name.isidentifier() and importlib.util.find_spec(name) is not None:
        return "spacy"
    raise InputProblem(
        f"there is no language model {name} on this machine",
        hint="name an installed spaCy package, or the folder of a spaCy, transformers or GLiNER model; none is fetched",
    )


def _spacy(name: str) -> Callable[[str], list[Any]]:
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    engine = SpacyNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": name}])
    engine.load()
    entities = [*engine.get_supported_entities()]
    recogniser = SpacyRecognizer(supported_entities=entities)
    return lambda text: recogniser.analyze(text, entities, engine.process_text(text, LANGUAGE))


def _transformers(name: str) -> Callable[[str], list[Any]]:
    from presidio_analyzer.predefined_recognizers.ner.huggingface_ner_recognizer import HuggingFaceNerRecognizer

    recogniser = HuggingFaceNerRecognizer(model_name=name, supported_language=LANGUAGE)
    recogniser.load()
    return lambda text: recogniser.analyze(text, recogniser.supported_entities, None)


def _gliner(name: str) -> Callable[[str], list[Any]]:
    from presidio_analyzer.predefined_recognizers import GLiNERRecognizer

    recogniser = GLiNERRecognizer(model_name=name, entity_mapping=dict(_ASKED), local_files_only=True)
    recogniser.load()
    return lambda text: recogniser.analyze(text, recogniser.supported_entities, None)


_RECOGNISERS: Final[Mapping[Kind, Callable[[str], Callable[[str], list[Any]]]]] = {
    "spacy": _spacy,
    "transformers": _transformers,
    "gliner": _gliner,
}


def _finder(analyse: Callable[[str], list[Any]]) -> Callable[[str], list[Place]]:
    """Turn Presidio's results into places that don't overlap, the surest first."""

    def find(text: str) -> list[Place]:
        found: list[Place] = []
        for item in sorted(analyse(text), key=lambda item: (-item.score, item.start, -item.end)):
            entity = family(_NARROWER.get(item.entity_type, item.entity_type))
            if entity in CATEGORIES and not any(item.start < kept.end and kept.start < item.end for kept in found):
                found.append(Place(entity, item.start, item.end))
        return sorted(found, key=lambda place: place.start)

    return find
