from xml.etree import ElementTree as ET

import pytest
import report_records as records

from govkit.core.control import Status
from govkit.core.evidence import Column, Table
from govkit.plugins.chart import CHARTS, Limit
from govkit.reports.charts.control_map import control_map
from govkit.reports.charts.status_bar import counts_bar
from govkit.reports.drawing import PALETTE, round_steps
from govkit.reports.figures import charted, figure
from govkit.reports.wording import STATUSES


def table(name, columns, *rows, title="Title", units=()):
    found = tuple(Column(name=column, unit=dict(units).get(column, "")) for column in columns.split())
    return Table(name=name, title=title, columns=found, rows=rows)


FOREST = table(
    "forest.gap",
    "label value low high n",
    ("sex: group 1", 0.01, -0.02, 0.04, 800),
    ("sex: group 2", 0.12, 0.08, 0.16, 760),
    ("age over 60", 0.3, None, None, 12),
    ("nobody", None, None, None, 0),
    title="Difference in selection rate",
    units={"value": "share"}.items(),
)
BARS = table(
    "bars.psi", "label value", ("income", 0.31), ("age", 0.04), ("term", 0.0), title="Population stability index"
)
LINEAGE = table(
    "lineage",
    "from to how",
    ("ledger.csv", "loans.csv", "joined"),
    ("bureau", "loans.csv", ""),
    ("loans.csv", "train.csv", "split"),
    ("train.csv", "model.pkl", "fitted"),
    ("loans.csv", "data.csv", "split"),
)
COLUMNS = table(
    "column_map",
    "column category share",
    ("name", "direct", 0.98),
    ("zip", "quasi", 1.0),
    ("diagnosis", "special", 0.4),
    ("income", "none", None),
)

TABLES = {
    "reliability": records.reliability(),
    "robustness_curve": records.curve((0.87, 0.85, 0.823, 0.71, 0.52)),
    "membership_roc": records.roc(4.5),
    "membership_remedies": Table(
        name="membership_remedies",
        title="What stronger regularisation gains and costs",
        columns=tuple(
            Column(name=name, unit=unit)
            for name, unit in zip(
                ("change", "auc", "low", "high", "right", "lost"), ("", *["auc"] * 3, *["share"] * 2), strict=True
            )
        ),
        rows=(("as it is", 0.66, 0.63, 0.69, 0.8, 0.0), ("min_samples_leaf 20", 0.51, 0.49, 0.53, 0.79, 0.01)),
    ),
    "confusion_matrix": records.confusion(),
    "forest": FOREST,
    "bars": BARS,
    "lineage": LINEAGE,
    "column_map": COLUMNS,
}


def test_every_known_table_name_is_drawn_here():
    assert set(TABLES) == set(CHARTS.all())


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
    limit = Limit("robust_accuracy", 0.75, "limit ≥ 75 %", ">=", ({"eps": "0.1"},))
    drawn = figure(TABLES["robustness_curve"], [limit])
    assert "limit ≥ 75 %" in drawn.svg
    assert drawn.title.startswith("Under attack 82.3\u202f% of the answers stay right at ε 0.1")


def test_several_attacks_are_told_apart_and_the_worst_speaks():
    rows = [
        (eps, value, value - 0.02, value + 0.02, name)
        for name, values in (("corners", (0.9, 0.8)), ("queries", (0.9, 0.6)))
        for eps, value in zip((0.0, 0.1), values, strict=True)
    ]
    drawn = figure(table("robustness_curve", "eps robust_accuracy low high attack", *rows))
    assert drawn.title == "Under attack 60\u202f% of the answers stay right at ε 0.1"
    assert "corners" in drawn.svg
    assert "queries" in drawn.svg


def test_what_is_proved_is_drawn_beside_what_was_not_turned():
    rows = [(0.0, 1.0, 0.99, 1.0, 1.0), (0.1, 0.8, 0.7, 0.9, 0.55), (0.5, 0.4, 0.3, 0.5, None)]
    drawn = figure(table("robustness_curve", "eps robust_accuracy low high proved", *rows))
    assert "proved, at least" in drawn.svg
    assert "the dotted share is proved" in drawn.svg
    assert "proved" not in figure(TABLES["robustness_curve"]).svg


def test_a_forest_counts_what_lies_beyond_the_limit_of_its_own_measurement():
    limits = [Limit("other", 0.0, "limit ≤ 0 %", "<="), Limit("gap", 0.1, "limit ≤ 10 %", "<=")]
    drawn = figure(FOREST, limits)
    assert drawn.title == "Difference in selection rate: 2 of 3 beyond the limit ≤ 10 %"
    assert "12\u202f% [8, 16]" in drawn.svg
    assert "limit ≤ 0 %" not in drawn.svg
    assert len(drawn.rows) == 4
    assert "from 1\u202f% for sex: group 1 to 30\u202f% for age over 60" in figure(FOREST).title


def test_bars_name_the_largest_and_hatch_what_misses_the_limit():
    drawn = figure(BARS, [Limit("psi", 0.2, "limit ≤ 0.2", "<=")])
    assert drawn.title == "Population stability index: 1 of 3 beyond the limit ≤ 0.2; the largest is 0.31 for income"
    hatched = ET.fromstring(drawn.svg).iter("{http://www.w3.org/2000/svg}path")
    assert [one.get("class") for one in hatched] == ["s-line", "s-bad"]


def test_lineage_runs_from_sources_to_results_and_survives_a_circle():
    drawn = figure(LINEAGE)
    assert drawn.title == "model.pkl, data.csv come from ledger.csv, bureau"
    boxes = [element for element in ET.fromstring(drawn.svg) if element.get("rx")]
    assert len(boxes) == 6
    assert figure(table("lineage", "from to", ("a", "b"), ("b", "c"), ("c", "a"))).svg
    wide = [(f"source {place}", "model") for place in range(40)]
    assert figure(table("lineage", "from to", *wide)).svg == ""


def test_personal_columns_have_a_tile_each_with_a_word_for_their_kind():
    drawn = figure(COLUMNS)
    assert drawn.title == "Of 4 columns: 1 direct identifier, 1 special category, 1 quasi-identifier"
    assert "income" not in drawn.svg
    many = [(f"column {place}", "quasi") for place in range(300)]
    drawn = figure(table("column_map", "column category", *many))
    assert drawn.subtitle.startswith("The first 36 of 300 columns")
    assert "None of 2 columns" in figure(table("column_map", "column category", ("a", "none"), ("b", None))).title


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.3, 0.07), (0.0, 1e-9), (12.0, 98_000.0), (5.0, 5.0)])
def test_ticks_are_few_and_inside(low, high):
    ticks = round_steps(low, high)
    assert 1 <= len(ticks) <= 6
    assert all(low - 1e-12 <= tick <= high + 1e-9 for tick in ticks)


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


def test_the_map_of_controls_counts_each_group_by_status():
    met, failed = STATUSES[Status.MET], STATUSES[Status.NOT_MET]
    groups = [("A.2 Policies", [met, met, failed]), ("A.3 Roles", [failed])]
    svg = control_map(groups, [met, failed], "Controls of A")
    assert "A.2 Policies: 2 met, 1 not met; A.3 Roles: 1 not met" in svg
    root = ET.fromstring(svg)
    shown = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert shown.count("1") == 2
    assert shown.count("2") == 1
    assert control_map(groups[:1], [met, failed], "one group says no more than the bar") == ""
