"""Column names in eight languages and the ways that programmers write them."""

import pytest

from govkit.pii.headers import header_words, read_header

SAYS = {
    "customerEmail": "EMAIL_ADDRESS",
    "custemail": "EMAIL_ADDRESS",
    "EMAIL_ADDR": "EMAIL_ADDRESS",
    "courriel": "EMAIL_ADDRESS",
    "Correo electrónico": "EMAIL_ADDRESS",
    "Telefonnummer": "PHONE_NUMBER",
    "numer_telefonu": "PHONE_NUMBER",
    "dateOfBirth": "DATE_OF_BIRTH",
    "date_de_naissance": "DATE_OF_BIRTH",
    "fecha-de-nacimiento": "DATE_OF_BIRTH",
    "Geburtsdatum": "DATE_OF_BIRTH",
    "geboortedatum": "DATE_OF_BIRTH",
    "Straße": "STREET_ADDRESS",
    "Strasse": "STREET_ADDRESS",
    "indirizzo": "STREET_ADDRESS",
    "Vorname": "PERSON",
    "nom_de_famille": "PERSON",
    "apellidos": "PERSON",
    "cognome": "PERSON",
    "sobrenome": "PERSON",
    "achternaam": "PERSON",
    "nazwisko": "PERSON",
    "氏名": "PERSON",
    "PESEL": "NATIONAL_ID",
    "codiceFiscale": "NATIONAL_ID",
    "BurgerServiceNummer": "NATIONAL_ID",
    "Führerschein": "DRIVER_LICENSE",
    "Fuehrerschein": "DRIVER_LICENSE",
    "Gewerkschaft": "UNION_MEMBERSHIP",
    "wachtwoord": "PASSWORD",
}
SILENT = ("file_name", "ProductName", "measure", "created_at", "page", "average", "species", "V5")


@pytest.mark.parametrize("name", SAYS)
def test_a_name_announces_its_entity(name):
    assert SAYS[name] in read_header(name).entities


@pytest.mark.parametrize("name", SILENT)
def test_other_names_announce_nothing(name):
    assert not read_header(name).entities


def test_words_are_whole():
    assert header_words("HTTPServerIP2_addr") == ("http", "server", "ip", "addr")
    assert "AGE" not in read_header("usage").entities
    assert "GENDER" not in read_header("Sussex").entities


def test_a_role_is_vague_and_a_thing_is_no_person():
    assert read_header("judge_1").vague
    assert read_header("company name").thing
    assert "PERSON" not in read_header("company name").entities
