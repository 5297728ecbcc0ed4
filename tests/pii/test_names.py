"""Likeness of texts to names, places, firms and streets."""

import pytest

from govkit.pii.names import has_house_number, is_street, likeness


@pytest.mark.parametrize(
    "text", ["Ada Lovelace", "Lovelace, Ada", "Dr. Grace B. Hopper", "VAN DER BERG, JAN", "María José"]
)
def test_names(text):
    assert likeness(text).person >= 0.5


@pytest.mark.parametrize(
    "text", ["The Price is Right", "Red Chair", "ada@example.org", "7 samurai", "Lovelace Ltd", ""]
)
def test_no_names(text):
    assert likeness(text).person < 0.5


@pytest.mark.parametrize("text", ["Hamburg", "New York", "Springfield, IL", "Österreich"])
def test_places(text):
    assert likeness(text).place >= 0.7


@pytest.mark.parametrize(
    "text", ["Marin S.A.R.L.", "Dubois et Fils", "Acme GmbH", "Silva Ltda", "Berg AB", "Costa S/A"]
)
def test_firms(text):
    assert likeness(text).organisation == 1


@pytest.mark.parametrize(
    "text", ["12 Elm Street", "Hauptstraße 5", "rue de Lyon 8", "835 Frank Tunnel", "Calle Mayor 3", "P.O. Box 12"]
)
def test_streets(text):
    assert is_street(text)
    assert text.startswith("P.O.") or has_house_number(text)


@pytest.mark.parametrize("text", ["2024-01-02", "Room with a view", "12", "order 66 shipped"])
def test_no_streets(text):
    assert not is_street(text)
