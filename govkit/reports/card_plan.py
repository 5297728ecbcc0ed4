"""Which sections a model card and a data sheet have, what fills each, and what only people can say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Declaration:
    """One thing that only people can say, with the question it answers."""

    key: str
    title: str
    question: str


Fill = Literal["measured", "half", "declared"]


@dataclass(frozen=True)
class Plan:
    """A section: how it is filled, what is declared in it, and which families of checks fill it."""

    title: str
    fill: Fill
    declared: tuple[Declaration, ...] = ()
    families: tuple[str, ...] = ()


def _asks(key: str, title: str, question: str) -> Declaration:
    return Declaration(key, title, question)


SECTIONS: Final = (
    Plan("Identity", "measured"),
    Plan(
        "Owners and contact",
        "declared",
        (
            _asks("owners", "Owners", "Who answers for this model?"),
            _asks("developers", "Developers", "Who built it?"),
            _asks("contact", "Contact", "Where do questions go?"),
        ),
    ),
    Plan(
        "Licence and references",
        "declared",
        (
            _asks("licence", "Licence", "Under which terms may it be used? An SPDX id where there is one."),
            _asks("references", "References", "Which papers or documents describe it?"),
            _asks("citation", "Citation", "How should it be cited?"),
        ),
    ),
    Plan("Model", "measured"),
    Plan("Software", "measured"),
    Plan(
        "Intended use",
        "declared",
        (
            _asks("intended_use", "Intended use", "What is it for, and for whom?"),
            _asks("users", "Users", "Who works with its answers?"),
            _asks("downstream_use", "Downstream use", "What may be built on it?"),
            _asks("out_of_scope", "Out of scope", "What must it not be used for?"),
        ),
    ),
    Plan(
        "Instructions for use",
        "half",
        (_asks("instructions", "Instructions for use", "How is it called, and how are its answers read?"),),
    ),
    Plan(
        "Training data",
        "half",
        (
            _asks("training_data", "Training data", "Where do the rows come from, and what do they stand for?"),
            _asks("sensitive_data", "Sensitive data", "Which personal or special categories does it hold?"),
        ),
        ("provenance",),
    ),
    Plan(
        "Preparation of the data",
        "half",
        (_asks("preprocessing", "Preparation", "How were rows cleaned, labelled and transformed?"),),
        ("quality",),
    ),
    Plan("Evaluation", "measured", (), ("performance",)),
    Plan(
        "Why these metrics",
        "declared",
        (_asks("metrics_rationale", "Why these metrics", "Why do these metrics fit the use?"),),
    ),
    Plan("Results", "measured"),
    Plan("Robustness", "measured", (), ("robustness",)),
    Plan(
        "Privacy",
        "half",
        (
            _asks("retention", "Retention", "How long are training rows kept?"),
            _asks("data_subject_requests", "Requests of people concerned", "How can a person ask about their record?"),
        ),
        ("privacy", "pii"),
    ),
    Plan("Security of the model file", "measured", (), ("security",)),
    Plan(
        "Fairness",
        "half",
        (_asks("fairness", "Groups and mitigation", "Which groups could be harmed, and what was done?"),),
        ("fairness",),
    ),
    Plan(
        "Explainability",
        "half",
        (_asks("explainability", "Explanations", "How can one answer be explained?"),),
        ("explainability", "behaviour"),
    ),
    Plan(
        "Limitations",
        "measured",
        (_asks("limitations", "Declared by the owners", "Where does it work badly or not at all?"),),
    ),
    Plan(
        "Ethical considerations",
        "declared",
        (_asks("ethical", "Considerations", "Who could be harmed, and what was done about it?"),),
    ),
    Plan("Human oversight", "declared", (_asks("oversight", "Oversight", "Who may overrule it, and how?"),)),
    Plan(
        "Risk management",
        "half",
        (_asks("risk_management", "Risk management", "Which risks are known, and who decided about them?"),),
    ),
    Plan(
        "Standards and conformity",
        "declared",
        (
            _asks("standards", "Standards applied", "Which standards were followed?"),
            _asks("conformity", "Declaration of conformity", "Which declaration was signed, and where is it?"),
        ),
    ),
    Plan(
        "Monitoring",
        "declared",
        (_asks("monitoring", "After release", "What is watched in use, by whom, and when is it withdrawn?"),),
        ("drift",),
    ),
    Plan(
        "Environment",
        "declared",
        (_asks("environment", "Energy and emissions", "What did training and use consume?"),),
    ),
)
"""The union of six standards; what was not assessed, and the evidence, follow in every card and make 26."""

SHEET: Final = (
    Plan("Composition", "measured"),
    Plan(
        "Origin",
        "half",
        (
            _asks("source", "Source", "Which person or organisation does the data come from?"),
            _asks("geography", "Geography", "Which countries do the rows come from?"),
            _asks("parents", "Derived from", "Which data sets was it derived from?"),
        ),
        ("provenance",),
    ),
    Plan(
        "Collection",
        "declared",
        (
            _asks("collected_from", "Collected from", "On which day did collection begin?"),
            _asks("collected_to", "Collected to", "On which day did it end?"),
            _asks("intended_use", "Purpose", "What was the data collected for?"),
            _asks("processing", "Preparation", "How was it cleaned and labelled?"),
        ),
    ),
    Plan(
        "Personal data",
        "half",
        (
            _asks("lawful_basis", "Lawful basis", "On which basis may personal data be used?"),
            _asks("privacy_techniques", "Protection", "What was done to protect people?"),
        ),
        ("pii",),
    ),
    Plan("Quality", "measured", (), ("quality",)),
    Plan("Representativeness", "measured", (), ("fairness", "drift")),
    Plan(
        "Licence and upkeep",
        "declared",
        (
            _asks("license", "Licence", "Under which terms may it be used? An SPDX id where there is one."),
            _asks("version", "Version", "Which version is this?"),
            _asks("issued", "Issued", "On which day was it issued?"),
            _asks("retention_until", "Kept until", "By which day is it deleted?"),
            _asks("contact", "Contact", "Who answers questions about it?"),
        ),
    ),
)
"""The sections of a data sheet; its declarations are the `provenance:` block of govkit.yaml."""
ALIASES: Final[Mapping[str, str]] = {
    "license": "licence",
    "owner": "owners",
    "authors": "developers",
    "ethics": "ethical",
    "ethical_considerations": "ethical",
    "human_oversight": "oversight",
    "energy": "environment",
}
"""Other names of declarations, as other standards and earlier versions call them."""
