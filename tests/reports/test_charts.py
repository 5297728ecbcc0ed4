from xml.etree import ElementTree as ET

import pytest
import report_records as records

from govkit.core.evidence import Column, Table
from govkit.reports.charts import DRAWN, PALETTE, Limit, charted, counts_bar, figure
from govkit.reports.wording import STATUSES

TABLES = {
    "reliability": records.reliability(),
    "robustness_curve": records.curve((0.87, 0.85, 0.823, 0.71, 0.52)),
    "membership_roc": records.roc(4.5),
    "confusion_matrix": records.confusion(),
}


def test_every_known_table_name_is_drawn_here():
    assert set(TABLES) == set(DRAWN)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_chart_says_in_words_what_it_shows_and_keeps_its_rows(name):
    drawn = figure(TABLES[name])
    root = ET.fromstring(drawn.svg)
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == f"{drawn.title}. {drawn.subtitle}"
    assert len(drawn.rows) == len(TABLES[name].rows)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_charts_keep_to_the_palette_and_to_the_page(name):
    root = ET.fromstring(figure(TABLES[name]).svg)
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter():
        for paint in ("fill", "stroke"):
            assert element.get(paint, "none") in {"none", *PALETTE.values()}
        for axis, most in (("x", width), ("cx", width), ("x1", width), ("x2", width), ("y", height), ("cy", height)):
            assert 0 <= float(element.get(axis, 0)) <= most


def test_the_curve_draws_the_limit_and_speaks_of_the_size_that_was_judged():
    limit = Limit("robust_accuracy", 0.75, "limit ≥ 75 %", ({"eps": "0.1"},))
    drawn = figure(TABLES["robustness_curve"], [limit])
    assert "limit ≥ 75 %" in drawn.svg
    assert drawn.title.startswith("Under attack 82.3\u202f% of the answers stay right at ε 0.1")


def test_the_attack_is_read_off_at_one_per_cent_false_claims():
    rows = ((0.001, 0.01, "a"), (0.01, 0.36, "a"), (0.02, 0.5, "a"), (1.0, 1.0, "a"))
    table = TABLES["membership_roc"].model_copy(update={"rows": rows})
    assert figure(table).title.startswith("The attack finds 36\u202f% of the members at 1\u202f% false claims")


def test_an_attack_without_certain_hits_is_read_off_where_it_is_furthest_ahead():
    rows = ((0.15, 0.4, "a"), (0.6, 0.8, "a"), (1.0, 1.0, "a"))
    table = TABLES["membership_roc"].model_copy(update={"rows": rows})
    assert figure(table).title.startswith("The attack finds 40\u202f% of the members at 15\u202f% false claims")
    blind = table.model_copy(update={"rows": ((0.5, 0.5, "a"), (1.0, 1.0, "a"))})
    assert figure(blind).title == "No attack finds more members than guessing"


def test_agreement_is_only_claimed_where_every_interval_holds_the_prediction():
    columns = TABLES["reliability"].columns
    good = Table(name="reliability", title="t", columns=columns, rows=((0.0, 0.5, 0.3, 0.31, 0.2, 0.4, 50),))
    bad = Table(name="reliability", title="t", columns=columns, rows=((0.0, 0.5, 0.3, 0.5, 0.4, 0.6, 50),))
    assert figure(good).title == "Predicted and observed shares agree in all 1 bins"
    assert figure(bad).title == "Where the model says 30\u202f%, it happens in 50\u202f% of 50 rows"


def test_many_classes_become_a_table():
    drawn = figure(records.confusion(tuple(f"class {place}" for place in range(50))))
    assert drawn.svg == ""
    assert len(drawn.rows) == 2500


@pytest.mark.parametrize("rows", [(), ((None, None, None),), ((0.1, None, "a"),)])
def test_a_table_without_numbers_is_not_drawn(rows):
    table = TABLES["membership_roc"].model_copy(update={"rows": rows})
    assert not charted(table)
    assert figure(table).svg == ""


def test_an_unknown_table_is_laid_out_as_rows():
    table = Table(
        name="columns_found", title="Found", columns=(Column(name="share", unit="share"),), rows=((0.5,), (None,))
    )
    drawn = figure(table)
    assert (drawn.title, drawn.svg, drawn.rows) == ("Found", "", (("50\u202f%",), ("\u2013",)))


def test_status_bar_fills_settled_hatches_unsure_and_outlines_missing():
    marks = [(mark, 3) for mark in STATUSES.values()]
    svg = counts_bar(marks, "Controls")
    assert "Controls: met 3, partially met 3, not met 3, inconclusive 3, not assessed 3, not applicable 3 of 18" in svg
    root = ET.fromstring(svg)
    shapes = [element.tag.rsplit("}", 1)[1] for element in root]
    assert shapes.count("path") == 2
    assert sum("stroke-dasharray" in element.attrib for element in root) == 2
