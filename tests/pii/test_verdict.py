"""Verdicts about columns with their names hidden: what values and neighbours alone give away."""

import random

import pytest
from faker import Faker

from govkit.pii.entities import Likelihood
from govkit.pii.verdict import Column, judge_table

DIRECT = {
    "people": ("PERSON", lambda fake: fake.name()),
    "given": ("PERSON", lambda fake: fake.first_name()),
    "mails": ("EMAIL_ADDRESS", lambda fake: fake.email()),
    "addresses": ("IP_ADDRESS", lambda fake: fake.ipv4()),
    "accounts": ("BANK_ACCOUNT", lambda fake: fake.iban()),
    "cards": ("CREDIT_CARD", lambda fake: fake.credit_card_number("visa16")),
    "births": ("DATE_OF_BIRTH", lambda fake: fake.date_of_birth(minimum_age=18, maximum_age=90).isoformat()),
}
THINGS = {
    "words": lambda fake: fake.word(),
    "sentences": lambda fake: fake.sentence(),
    "firms": lambda fake: fake.company(),
    "jobs": lambda fake: fake.job(),
    "colours": lambda fake: fake.color_name(),
    "numbers": lambda fake: str(fake.random_number(9, fix_len=True)),
    "decimals": lambda fake: str(fake.pyfloat(min_value=0, max_value=1e9, right_digits=4)),
    "times": lambda fake: fake.date_time_between("-2y").isoformat(),
    "codes": lambda fake: fake.bothify("??-####").upper(),
    "uuids": lambda fake: str(fake.uuid4()),
    "batches": lambda fake: fake.numerify("####-####-##"),
    "drugs": lambda fake: fake.numerify("#####-###-##"),
    "builds": lambda fake: fake.numerify("%.%#.%#.%"),
    "tokens": lambda fake: fake.bothify("?#?##??#?##", letters="abcdefXYZ"),
    "domains": lambda fake: f"{fake.last_name().lower()}.com",
    "lawyers": lambda fake: f"{fake.last_name()} & {fake.last_name()} LLP",
    "makes": lambda fake: fake.random_element(MAKES),
    "lines": lambda fake: f"{fake.last_name()} {fake.random_element(('Avenue', 'Street'))} Collection {fake.word()}",
}
MAKES = (
    "Bose Sony Kenwood Griffin Canon Nikon Dyson Philips Bosch Siemens Miele Hugo Armani Gucci Dior Lacoste Nike Puma "
    "Adidas Reebok Zara Mango Swatch Omega Rolex Nivea Dove Gillette Wilson Dunlop Goodyear Michelin"
).split()


def table(makers, locale="en_US", rows=150):
    fake = Faker(locale)
    fake.seed_instance(7)
    made = {name: [make(fake) for _ in range(rows)] for name, make in makers.items()}
    return [Column(name, tuple(dict.fromkeys(values)), len(set(values))) for name, values in made.items()]


def claims(columns, **more):
    return {name: claim for name, claim in judge_table(columns, **more).items() if claim.found}


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "pt_BR", "nl_NL", "pl_PL"])
def test_direct_identifiers_are_known_by_their_values(locale):
    found = claims(table({name: make for name, (_, make) in DIRECT.items()}, locale), hide_names=True)
    assert {name: claim.entity for name, claim in found.items()} == {
        name: entity for name, (entity, _) in DIRECT.items()
    }


def test_things_are_no_people_with_or_without_names():
    columns = table(THINGS)
    for hidden in (True, False):
        found = claims(columns, hide_names=hidden)
        assert not {name for name, claim in found.items() if claim.category == "direct identifier"}, found


def test_places_are_no_people():
    found = claims(table({"x": lambda fake: fake.city()}, "de_DE"), hide_names=True)
    assert {claim.entity for claim in found.values()} == {"LOCATION"}


def test_dates_of_events_are_no_births():
    drawn = random.Random(3)
    recent = tuple(f"{drawn.randint(2015, 2024)}-0{drawn.randint(1, 9)}-1{drawn.randint(0, 9)}" for _ in range(200))
    people = table({"people": DIRECT["people"][1]})
    assert "when" not in claims([*people, Column("when", recent, 200)], hide_names=True)


def test_births_under_a_name_that_says_otherwise_are_only_possible():
    births = table({"people": DIRECT["people"][1], "hired": DIRECT["births"][1]})
    claim = judge_table(births)["hired"]
    assert (claim.entity, claim.likelihood) == ("DATE_OF_BIRTH", Likelihood.POSSIBLE)


def test_two_distinct_values_must_agree():
    assert claims([Column("x", ("ada@example.org",), 1)], hide_names=True) == {}
