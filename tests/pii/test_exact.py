"""Exact mode against Presidio itself: not one of more than 100,000 cells differs."""

import functools
import random

import pyarrow as pa
import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st
from presidio_analyzer import BatchAnalyzerEngine

from govkit.pii.exact import ExactColumn, offline_engine
from govkit.pii.scan import scan_exact

DISTINCT = 40
ROWS = 8_400
NAMES = (
    "name",
    "Email",
    "phone number",
    "home_address",
    "birthday",
    "comment",
    "uuid",
    "bank account",
    "IBAN",
    "ssn",
    "credit card",
    "client ip",
    "driver license",
)


def values(locale="en_US", seed=4):
    fake = Faker(locale)
    fake.seed_instance(seed)
    drawn = random.Random(seed)
    inner = (fake.phone_number, fake.iban, fake.ssn, fake.credit_card_number, fake.url, fake.ipv4, fake.ipv6, fake.date)
    makers = (
        fake.name,
        fake.email,
        fake.phone_number,
        fake.address,
        lambda: fake.date_of_birth().strftime(drawn.choice(("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%y"))),
        lambda: f"{fake.sentence()} {drawn.choice(inner)()}, {drawn.choice(inner)()}.",
        fake.uuid4,
        lambda: str(drawn.randint(10**8, 10**12)),
        fake.iban,
        fake.ssn,
        fake.credit_card_number,
        lambda: str(drawn.choice((fake.ipv4, fake.ipv6, fake.mac_address))()),
        functools.partial(fake.bothify, "?#######"),
    )
    return {name: [str(make()) for _ in range(DISTINCT)] for name, make in zip(NAMES, makers, strict=True)}


def told(results):
    return {(item.entity_type, item.start, item.end, round(item.score, 9)) for item in results}


def by_row(name, cells, threshold):
    found = {}
    for row, item in ExactColumn(name, threshold).read(pa.array(cells, pa.large_string())):
        found.setdefault(row, set()).add((item.entity, item.start, item.end, round(item.score, 9)))
    return found


@pytest.mark.parametrize("threshold", [0.5, 0.0])
def test_more_than_a_hundred_thousand_cells_are_equal(threshold):
    columns = values()
    batch = BatchAnalyzerEngine(offline_engine())
    differing = compared = 0
    for answer in batch.analyze_dict(columns, language="en", score_threshold=threshold):
        expected = dict(zip(columns[answer.key], map(told, answer.recognizer_results), strict=True))
        drawn = random.Random(len(answer.key)).choices(columns[answer.key], k=ROWS)
        found = by_row(answer.key, drawn, threshold)
        differing += sum(found.get(row, set()) != expected[cell] for row, cell in enumerate(drawn))
        compared += len(drawn)
    assert compared > 100_000
    assert differing == 0


PIECES = st.sampled_from(
    [
        "+1 ",
        "212-555-0123",
        "4111 1111 1111 1111",
        "a@b.co",
        "::1",
        "10.0.0.1",
        "2024-01-31",
        " tel ",
        "\uff19",
        "\u0130",
        "\u017f",
        "\n",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=6), st.sampled_from(["x", "phone", "credit card date"])
)
def test_awkward_texts_are_equal(pieces, name):
    text = "".join(pieces).encode("utf-8", "ignore").decode()
    expected = told(offline_engine().analyze(text, language="en", context=[name], score_threshold=0.3))
    assert by_row(name, [text], 0.3).get(0, set()) == expected


def test_a_file_gives_places_and_counts(tmp_path):
    (tmp_path / "data.csv").write_text("Email,n\n" + "".join(f"p{n}@example.org,{n}\n" for n in range(30)))
    places = []
    reports = scan_exact([tmp_path / "data.csv"], 0.9, listed=lambda *place: places.append(place))
    assert {(item.column, tuple(item.findings.items())) for item in reports} == {
        ("Email", (("EMAIL_ADDRESS", 30),)),
        ("n", ()),
    }
    assert [found.row for _, _, found in places] == list(range(30))
