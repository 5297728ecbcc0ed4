"""Singling out: planted unique rows are counted, coarse data is silent, and a suggestion is no declaration."""

import pytest

from govkit.checks.pii.columns import ColumnsParams, columns
from govkit.checks.privacy.reidentification import ReidentificationParams, reidentification
from govkit.config import Config, PersonalData
from govkit.plugins.check import NotApplicable, NotDeclared, NotPossible
from tests.check_products import Products, table

ROWS = 120
CELLS = {
    "age": [20 + n % 60 for n in range(ROWS)],
    "gender": ["male", "female"] * (ROWS // 2),
    "city": [("Berlin", "Hamburg", "Munich")[n // 40] for n in range(ROWS)],
    "religion": [("catholic", "muslim", "jewish")[n // 40] for n in range(ROWS)],
    "measure": [n * 1.5 for n in range(ROWS)],
}


def run(folder, cells, **declared):
    data = table(folder, cells)
    config = Config(personal_data=PersonalData(**declared))
    scanned = columns(test=data, params=ColumnsParams(), config=config, work={"values_per_column": 300}, seed=1)
    evidence = {"pii.columns": Products("pii.columns", scanned).evidence}
    found = reidentification(test=data, config=config, params=ReidentificationParams(), evidence=evidence)
    return Products("privacy.reidentification", found)


def test_unique_rows_are_counted_by_what_was_found(tmp_path):
    found = run(tmp_path, CELLS)
    assert found["smallest_group"] == 1
    assert found["unique_share"] == 1.0
    assert found["declared_quasi_identifiers"] == 0
    assert found["telling_columns"] == 2
    assert found.measurement("least_distinct", column="religion").value == 1
    assert {item.rule for item in found.findings} == {"PRI-010", "PRI-011"}
    assert "Berlin" not in found.text


def test_coarse_data_is_silent(tmp_path):
    found = run(tmp_path, CELLS, quasi_identifiers=("gender", "city"))
    assert (found["smallest_group"], found["small_group_share"]) == (20, 0)
    assert found["telling_columns"] == 0
    assert found["declared_quasi_identifiers"] == 2
    assert found.findings == []


def test_without_quasi_identifiers_there_is_nothing_to_ask(tmp_path):
    with pytest.raises(NotApplicable):
        run(tmp_path, {"measure": CELLS["measure"]})
    with pytest.raises(NotDeclared):
        run(tmp_path, CELLS, quasi_identifiers=("absent",))


def test_without_a_scan_nobody_can_say_that_there_are_none(tmp_path):
    data = table(tmp_path, {"measure": CELLS["measure"]})
    with pytest.raises(NotPossible, match="no_scan"):
        list(reidentification(test=data, config=Config(), params=ReidentificationParams(), evidence={}))
