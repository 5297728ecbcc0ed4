"""Columns: planted personal data is found, look-alikes stay silent, no value leaves the check."""

import random
import socket

import pytest

from govkit.checks.pii.columns import ColumnsParams, columns, plan
from govkit.config import Config
from govkit.plugins.check import Params, Sizes
from tests.check_products import Products, table

ROWS = 120
random.seed(7)
FIRST = "Ada Grace Alan Edsger Barbara Donald Frances Niklaus Jean Kathleen Margaret Tony".split()
LAST = "Lovelace Hopper Turing Dijkstra Liskov Knuth Allen Wirth Bartik Booth Hamilton Hoare".split()


def luhn(prefix: str) -> str:
    digits = [int(digit) for digit in prefix]
    total = sum(sum(divmod(digit * 2, 10)) if place % 2 == 0 else digit for place, digit in enumerate(digits[::-1]))
    return f"{prefix}{-total % 10}"


PLANTED = {
    "contact": ("EMAIL_ADDRESS", [f"person{n}@example.org" for n in range(ROWS)]),
    "col_7": ("PHONE_NUMBER", [f"+1 212 555 {1000 + n}" for n in range(ROWS)]),
    "reference": ("CREDIT_CARD", [luhn(f"4111 1111 1{n:03}".replace(" ", "") + "111") for n in range(ROWS)]),
    "Konto": ("BANK_ACCOUNT", ["DE89370400440532013000", "GB82WEST12345698765432"] * (ROWS // 2)),
    "tax_key": ("NATIONAL_ID", [f"5{10 + n % 80}-2{n % 10}-{1234 + n}" for n in range(ROWS)]),
    "origin": ("IP_ADDRESS", [f"10.1.{n % 200}.{n % 250 + 1}" for n in range(ROWS)]),
    "first_name": ("PERSON", [FIRST[n % 12] for n in range(ROWS)]),
    "Nachname": ("PERSON", [LAST[n % 12] for n in range(ROWS)]),
    "nom_de_famille": ("PERSON", [LAST[n % 12].lower() for n in range(ROWS)]),
    "customerName": ("PERSON", [f"{FIRST[n % 12]} {LAST[n % 11]}" for n in range(ROWS)]),
    "geburtsdatum": ("DATE_OF_BIRTH", [f"19{50 + n % 50}-0{n % 9 + 1}-11" for n in range(ROWS)]),
    "where": ("STREET_ADDRESS", [f"{n + 1} Elm Street" for n in range(ROWS)]),
    "passport_no": ("PASSPORT", [f"{912345678 + n}" for n in range(ROWS)]),
    "age": ("AGE", [n % 80 + 18 for n in range(ROWS)]),
    "Geschlecht": ("GENDER", ["mw"[n % 2] for n in range(ROWS)]),
    "postal_code": ("LOCATION", [10115 + n for n in range(ROWS)]),
    "ethnicity": ("ETHNICITY", ["abc"[n % 3] for n in range(ROWS)]),
    "religion": ("RELIGION", ["abc"[n % 3] for n in range(ROWS)]),
    "diagnosis": ("HEALTH", [f"J{n % 40}" for n in range(ROWS)]),
}
SECRETS = {
    "setting": [f"AKIA{n:016}" for n in range(ROWS)],
    "note_to_self": [f"postgresql://app:pass{n}word@db.internal/main" for n in range(ROWS)],
}
WORK = {"values_per_column": 300}
CLEAN = {
    "customer_id": [100_000_000 + 37 * n for n in range(ROWS)],
    "account": [f"A{1_000_000 + n}" for n in range(ROWS)],
    "measure": [round(1234567.8901 + n * 1.37, 4) for n in range(ROWS)],
    "phone_minutes": [round(n * 1.7, 2) for n in range(ROWS)],
    "product_name": [f"{FIRST[n % 12]} {LAST[n % 12]}" for n in range(ROWS)],
    "name_length": [n % 9 for n in range(ROWS)],
    "version": [f"{n % 9}.{n % 7}.1" for n in range(ROWS)],
    "email_opened": ["yes", "no"] * (ROWS // 2),
    "when": [f"2024-0{n % 9 + 1}-1{n % 9}" for n in range(ROWS)],
    "timestamp": [1_700_000_000 + 86_400 * n for n in range(ROWS)],
    "mean_radius": [round(random.gauss(14, 3), 3) for _ in range(ROWS)],
    "income": [20_000 + 13 * n for n in range(ROWS)],
    "storage": [f"{n}.{n % 10}" for n in range(ROWS)],
    "purpose": [("car", "house", "study")[n % 3] for n in range(ROWS)],
}


def scan(folder, cells, **more):
    data = table(folder, cells)
    found = columns(test=data, params=ColumnsParams(), config=Config(), work={"values_per_column": 300}, seed=5, **more)
    return Products("pii.columns", found)


def test_every_planted_column_is_found_as_what_it_is(tmp_path):
    found = scan(tmp_path, {name: cells for name, (_, cells) in PLANTED.items()})
    assert {row[0]: row[2] for row in found.tables[0].rows} == {name: entity for name, (entity, _) in PLANTED.items()}
    assert found["direct_identifier_columns"] == 13
    assert found["personal_columns"] == found["columns_scanned"] == len(PLANTED)
    assert {item.rule for item in found.findings} == {"PII-001", "PII-002", "PII-003"}
    assert all(item.where.startswith("column ") for item in found.findings)


def test_columns_without_personal_data_stay_silent(tmp_path):
    found = scan(tmp_path, CLEAN)
    assert found.tables[0].rows == ()
    assert found.findings == []
    assert found["direct_identifier_columns"] == found["personal_columns"] == 0
    assert found["columns_scanned"] == len(CLEAN)


def test_keys_and_connection_strings_are_secrets(tmp_path):
    found = scan(tmp_path, SECRETS)
    assert found["secret_columns"] == 2, found.tables
    assert {item.rule for item in found.findings} == {"PII-007"}


def test_a_card_number_that_fails_luhn_is_only_possible(tmp_path):
    found = scan(tmp_path, {"credit_card": [f"411111111111{1000 + 10 * n}" for n in range(ROWS)]})
    assert found["direct_identifier_columns"] == 0
    assert {(row[2], row[6]) for row in found.tables[0].rows} == {("CREDIT_CARD", "possible")}


def test_no_value_is_in_any_product(tmp_path):
    found = scan(tmp_path, {name: cells for name, (_, cells) in PLANTED.items()})
    canaries = ("person7", "Lovelace", "lovelace", "DE8937", "212 555", "Elm", "10.1.", "91234")
    assert not [canary for canary in canaries if canary in found.text]


def test_a_column_of_train_alone_counts_once(tmp_path):
    train = table(
        tmp_path, {"a": [1, 2, 3], "email": [f"p{n}@example.org" for n in range(3)]}, role="train", name="t.csv"
    )
    found = scan(tmp_path, {"a": [1, 2, 3], "email": [f"q{n}@example.org" for n in range(3)]}, train=train)
    assert found["direct_identifier_columns"] == 1
    assert len(found.findings) == 1
    assert "DATA and TRAIN" in found.sentences[0]


def test_a_bare_name_is_of_people_when_the_lists_know_its_values(tmp_path):
    paints = ("crimson gloss", "matt ivory", "sea foam", "burnt umber", "chalk", "slate varnish", "clear lacquer") * 20
    assert scan(tmp_path, {"name": paints[:ROWS]})["personal_columns"] == 0
    words = [word.lower() for word in LAST] * 10
    assert scan(tmp_path, {"name": words})["direct_identifier_columns"] == 1
    beside = scan(tmp_path, {"name": [word.title() for word in words], "age": list(range(20, 140))})
    assert ("name", "PERSON") in {(row[0], row[2]) for row in beside.tables[0].rows}


def test_large_columns_are_sampled_the_same_way_each_time(tmp_path):
    data = table(tmp_path, {"mail": [f"p{n}@example.org" for n in range(3_000)]})
    runs = [
        list(columns(test=data, params=ColumnsParams(), config=Config(), work={"values_per_column": 300}, seed=5))
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_no_socket_is_opened_even_for_addresses(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    cells = [f"p{n}@sub{n}.example-{n}.co.uk" for n in range(50)]
    assert scan(tmp_path, {"x": cells})["direct_identifier_columns"] == 1


@pytest.mark.parametrize(("budget", "values"), [("quick", 300), ("standard", 1_000), ("thorough", 5_000)])
def test_the_budget_comes_to_a_number_of_values(budget, values):
    assert plan(Sizes(1_000, 0, 10, 2, 0), budget, Params()).counts == {"values_per_column": values}
