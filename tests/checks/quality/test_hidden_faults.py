"""Checks that look for faults in data nobody declared: each finds a planted one and is silent on the clean table."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from govkit.checks.quality._single import folds
from govkit.checks.quality.consistency import consistency
from govkit.checks.quality.label_errors import MOST_COLUMNS, _telling, label_errors
from govkit.checks.quality.leakage import Leakage, _alone, _interval, _of_r2, leakage
from govkit.checks.quality.near_duplicates import near_duplicates
from govkit.checks.quality.power import power
from govkit.checks.quality.representativeness import representativeness
from govkit.checks.quality.split import split
from govkit.checks.security.poisoning import poisoning
from govkit.config import Columns as DeclaredColumns
from govkit.config import Config, Population, PopulationCell
from govkit.inputs.columns import resolve
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.task import Task
from govkit.plugins.check import NotApplicable, NotDeclared, NotPossible
from govkit.stats.influence import roc_auc
from govkit.stats.label_noise import plateau
from tests.check_products import Products, table

BINARY = Task("binary", (0, 1), ("good", "bad"))
LIMIT_OF_NOISE = 0.01
RANKS_OF_HALF = 0.456
"""R squared of ranks where half of a sum of two, of Student's distribution with 3, is known; from two million."""


def cells(rows=1_500, seed=0, flip=0.0):
    """Draw rows whose target follows from them with some chance."""
    draw = np.random.default_rng(seed)
    a, b, c, d = draw.normal(size=(4, rows))
    kind = draw.choice(["x", "y", "z"], rows)
    happened = draw.random(rows) < 1 / (1 + np.exp(-2.5 * (a - b + (kind == "x") + 0.5 * c * d)))
    happened ^= draw.random(rows) < flip
    found = {"a": a, "b": b, "c": c, "d": d}
    return {**{name: values.round(5) for name, values in found.items()}, "kind": kind, "y": happened.astype(int)}


def roles(data, **config):
    return resolve(data, Config(target="y", **config), None)[0]


def run_leakage(tmp_path, held, fitted=None, task=BINARY):
    test = table(tmp_path, held)
    train = table(tmp_path, fitted, role="train", name="train.csv") if fitted else None
    work = {"rows": 5_000}
    found = leakage(test=test, train=train, columns=roles(test), task=task, params=Leakage(), work=work, seed=1)
    return Products("quality.leakage", found)


def test_no_feature_of_a_clean_table_leaks(tmp_path):
    found = run_leakage(tmp_path, cells(seed=1), cells(seed=2))
    assert found.measurement("strongest_feature_auc").interval.high < 0.9
    assert found["gain_over_the_others"] == found["telling_names"] == 0
    assert found["errors_beside_the_others"] == 1
    assert found.measurement("lost_on_new_rows").interval.low < 0.05
    assert found.findings == []


def test_a_column_made_of_the_target_leaks(tmp_path):
    held = cells(seed=1)
    noise = np.random.default_rng(3).normal(size=len(held["y"]))
    found = run_leakage(tmp_path, {**held, "fee": (held["y"] * 5 + noise).round(3)})
    strongest = found.measurement("strongest_feature_auc")
    assert strongest.group == {"column": "fee"}
    assert strongest.interval.low > 0.98
    assert [item.rule for item in found.findings] == ["QUA-010"]


def test_a_weaker_leak_beats_all_other_columns(tmp_path):
    held = cells(seed=1)
    noise = np.random.default_rng(3).normal(size=len(held["y"]))
    held = {**held, "a": held["c"] + noise, "fee": (held["y"] * 2.2 + noise).round(3)}
    found = run_leakage(tmp_path, held)
    assert found.measurement("strongest_feature_auc").interval.high < 0.98
    assert found.measurement("gain_over_the_others").interval.low > 0.05


def test_a_leak_beside_columns_that_rank_well_shows_in_the_errors_that_are_left(tmp_path):
    held = cells(seed=1)
    draw = np.random.default_rng(3)
    good = {f"g{index}": (held["y"] * 0.6 + draw.normal(size=len(held["y"]))).round(3) for index in range(4)}
    leaking = {**held, **good, "fee": (held["y"] * 3.2 + draw.normal(size=len(held["y"]))).round(3)}
    found = run_leakage(tmp_path, leaking)
    assert found.measurement("gain_over_the_others").interval.low < 0.05
    assert found.measurement("errors_beside_the_others").interval.high < 0.5
    fair = {**held, **good, "best": (held["y"] * 1.8 + draw.normal(size=len(held["y"]))).round(3)}
    assert run_leakage(tmp_path, fair).measurement("errors_beside_the_others").interval.high > 0.5


def test_a_target_encoding_that_was_not_cross_fitted_is_lost_on_new_rows(tmp_path):
    held, fitted = cells(seed=1), cells(seed=2)
    draw = np.random.default_rng(4)
    shops = draw.integers(0, 500, len(fitted["y"]))
    means = np.array([np.mean(fitted["y"][shops == shop]) if (shops == shop).any() else 0.5 for shop in range(500)])
    fitted["shop_rate"] = means[shops].round(4)
    held["shop_rate"] = means[draw.integers(0, 500, len(held["y"]))].round(4)
    lost = run_leakage(tmp_path, held, fitted).measurement("lost_on_new_rows")
    assert lost.group == {"column": "shop_rate"}
    assert lost.interval.low > 0.1


def test_a_predictor_that_is_called_after_an_outcome_is_named(tmp_path):
    held = cells(seed=1)
    found = run_leakage(tmp_path, {**held, "amount_recovered": (held["a"] * 2).round(3)})
    assert found["telling_names"] == 1
    assert [item.where for item in found.findings] == ["column amount_recovered"]


def test_leaks_of_a_regression(tmp_path):
    held = cells(seed=1)
    held["y"] = (held["a"] + np.random.default_rng(5).normal(size=len(held["a"]))).round(4)
    task = Task("regression")
    assert run_leakage(tmp_path, held, task=task).measurement("strongest_feature_r2").interval.high < 0.7
    held["total"] = (held["y"] * 1.19).round(4)
    assert run_leakage(tmp_path, held, task=task).measurement("strongest_feature_r2").interval.low > 0.98


def test_a_column_of_two_values_is_judged_as_it_is_however_rows_are_folded():
    draw, covered = np.random.default_rng(1), []
    for _ in range(200):
        yes = draw.random(400) < 0.2
        column = draw.random(400) < np.where(yes, 0.9, 0.1)
        split, truth = folds(400, 1), yes[:, None].astype(np.float64)
        found = _alone("a", pd.Series(column * 1.0), truth, split)
        area, _ = roc_auc(column * 1.0, yes, split.of_row)
        assert found.value == pytest.approx(area, abs=1e-9)
        interval = _interval(found.estimate, truth, split, 0.95)
        covered.append(interval.low <= 0.9 <= interval.high)
    assert np.mean(covered) > 0.93


def test_r_squared_of_heavy_tails_covers():
    draw, covered = np.random.default_rng(1), []
    for _ in range(200):
        one = draw.standard_t(3, 100)
        both = one + draw.standard_t(3, 100)
        interval = _of_r2(one[:, None], both[:, None], 0.95)
        covered.append(interval.low <= RANKS_OF_HALF <= interval.high)
    assert np.mean(covered) > 0.92


def test_leakage_takes_constants_missing_cells_and_many_classes(tmp_path):
    draw = np.random.default_rng(6)
    held = {"a": draw.normal(size=400), "same": [1] * 400, "gap": [None] * 400, "y": draw.integers(0, 40, 400)}
    task = Task("multiclass", tuple(range(40)), tuple(f"class {index}" for index in range(40)))
    assert 0.3 < run_leakage(tmp_path, held, task=task)["strongest_feature_auc"] < 0.7


def test_too_few_rows_are_said(tmp_path):
    with pytest.raises(NotPossible) as caught:
        run_leakage(tmp_path, cells(rows=30))
    assert caught.value.reason.args == {"rows": 30, "needed": 60}


def run_labels(tmp_path, held, fitted=None):
    data = table(tmp_path, held)
    train = table(tmp_path, fitted, role="train", name="train.csv") if fitted else None
    found = label_errors(test=data, columns=roles(data), task=BINARY, work={"rows": 5_000}, seed=1, train=train)
    return Products("quality.label_errors", found)


@pytest.mark.parametrize("share", [0.0, 0.06, 0.15])
def test_swapped_labels_are_estimated(tmp_path, share):
    noise = run_labels(tmp_path, cells(rows=4_000, seed=9, flip=share)).measurement("label_noise")
    assert noise.interval.low <= share <= noise.interval.high
    assert (noise.interval.low > LIMIT_OF_NOISE) == (share > 0)
    assert noise.interval.high - noise.interval.low < 0.1


@pytest.mark.parametrize("swapped", ["TRAIN", "DATA"])
def test_labels_swapped_in_one_file_alone_are_found_there(tmp_path, swapped):
    flips = {name: 0.12 * (name == swapped) for name in ("TRAIN", "DATA")}
    held, fitted = cells(2_000, seed=9, flip=flips["DATA"]), cells(2_000, seed=10, flip=flips["TRAIN"])
    found = run_labels(tmp_path, held, fitted)
    lows = {one.group.get("data", "both"): one.interval.low for one in found.measurements if one.name == "label_noise"}
    assert lows[swapped] > LIMIT_OF_NOISE
    assert lows[{"TRAIN": "DATA", "DATA": "TRAIN"}[swapped]] <= LIMIT_OF_NOISE
    assert {name for name, _ in found.tables[0].rows[:20]} == {swapped}


def test_of_very_many_columns_those_that_tell_the_classes_are_kept():
    draw = np.random.default_rng(3)
    labels = draw.integers(0, 3, 400)
    table = draw.normal(size=(400, 1_000))
    table[:, [7, 500]] += labels[:, None]
    table[::9, 500] = np.nan
    kept = _telling(table, labels)
    assert len(kept) == MOST_COLUMNS
    assert {7, 500} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert _telling(table[:, :50], labels).tolist() == list(range(50))


def test_swapped_rows_come_first(tmp_path):
    bunch = load_breast_cancer()
    swapped = np.random.default_rng(8).choice(len(bunch.target), 20, replace=False)
    target = bunch.target.copy()
    target[swapped] = 1 - target[swapped]
    held = {f"f{index}": values.round(6) for index, values in enumerate(bunch.data.T)}
    (listed,) = run_labels(tmp_path, {**held, "y": target}).tables
    first = {row - 1 for _, row in listed.rows[:20]}
    assert len(first & set(swapped.tolist())) >= 15


def test_the_plateau_covers_the_true_share():
    draw = np.random.default_rng(9)
    covered = 0
    for _ in range(60):
        margin = np.abs(draw.normal(scale=3, size=1_000))
        agrees = (draw.random(1_000) < 1 / (1 + np.exp(-margin))) ^ (draw.random(1_000) < 0.08)
        limits = plateau(margin, agrees, 2).interval
        covered += limits.low <= 0.08 <= limits.high
    assert covered >= 53  # 95 % of 60 less what chance allows


def run_near(tmp_path, held, fitted=None):
    test = table(tmp_path, held)
    train = table(tmp_path, fitted, role="train", name="train.csv") if fitted else None
    work = {"asked": 2_000, "known": 10_000}
    return Products(
        "quality.near_duplicates", near_duplicates(test=test, columns=roles(test), work=work, seed=1, train=train)
    )


def shaken(held, count, seed=0):
    draw = np.random.default_rng(seed)
    return {
        name: values[:count] if name in {"kind", "y"} else (values[:count] + draw.normal(scale=1e-3, size=count))
        for name, values in held.items()
    }


def test_changed_copies_are_found_in_data_and_across(tmp_path):
    held, fitted = cells(seed=10), cells(seed=11)
    clean = run_near(tmp_path, held, fitted)
    assert clean.measurement("near_duplicate_share").interval.high < 0.02
    assert clean.measurement("near_overlap_share").interval.high < 0.02
    copies = {name: np.concatenate([held[name], shaken(held, 150)[name]]) for name in held}
    copies = {name: np.concatenate([copies[name], shaken(fitted, 90)[name]]) for name in copies}
    found = run_near(tmp_path, copies, fitted)
    assert found["near_duplicate_share"] == pytest.approx(300 / 1_740, abs=0.005)
    assert found["near_overlap_share"] == pytest.approx(90 / 1_740, abs=0.005)


def test_flat_tables_say_nothing_about_near_copies(tmp_path):
    with pytest.raises(NotApplicable):
        run_near(tmp_path, {"a": np.random.default_rng(1).random(300), "b": [1, 2] * 150, "y": [0, 1] * 150})


def run_split(tmp_path, held, fitted, **declared):
    test, train = table(tmp_path, held), table(tmp_path, fitted, role="train", name="train.csv")
    columns = roles(test, columns=DeclaredColumns(**declared))
    return Products("quality.split", split(test=test, train=train, columns=columns))


def test_groups_on_both_sides(tmp_path):
    held = {"a": range(100), "patient_id": [f"p{index % 30}" for index in range(100)], "y": [0, 1] * 50}
    fitted = {"a": range(100), "patient_id": [f"p{15 + index % 30}" for index in range(100)], "y": [0, 1] * 50}
    apart = {**fitted, "patient_id": [f"q{index % 30}" for index in range(100)]}
    assert run_split(tmp_path, held, fitted)["undeclared_group_columns"] == 1
    assert run_split(tmp_path, held, apart)["undeclared_group_columns"] == 0
    found = run_split(tmp_path, held, fitted, group="patient_id")
    assert found["group_overlap_share"] == pytest.approx(0.45)
    assert "p1" not in found.text.replace("patient_id", "")


def test_training_rows_from_the_future(tmp_path):
    early = [f"2024-0{1 + index % 6}-01T10:00:00+02:00" for index in range(60)]
    late = [f"2025-0{1 + index % 6}-01" for index in range(60)]
    held, fitted = ({"a": range(60), "seen": when, "y": [0, 1] * 30} for when in (late, early))
    assert run_split(tmp_path, held, fitted, time="seen")["future_training_share"] == 0
    assert run_split(tmp_path, fitted, held, time="seen")["future_training_share"] == 1


def test_nothing_to_say_about_a_split(tmp_path):
    plain = {"a": range(50), "y": [0, 1] * 25}
    with pytest.raises(NotApplicable):
        run_split(tmp_path, plain, plain)


def run_representation(tmp_path, held, **population):
    data = table(tmp_path, held)
    config = Config(
        target="y", population=Population(**population), columns=DeclaredColumns(categories={"sex": ("f",)})
    )
    found = representativeness(test=data, config=config, disclosure=Disclosure(config), seed=1)
    return Products("quality.representativeness", found)


def test_groups_that_fall_short(tmp_path):
    held = {"sex": ["f"] * 200 + ["m"] * 600, "home": ["t", "o"] * 400, "y": [0, 1] * 400}
    shares = {"sex": {"f": 0.51, "m": 0.49}}
    found = run_representation(tmp_path, held, shares=shares)
    short = found.measurement("largest_shortfall")
    assert short.value == pytest.approx(0.26)
    assert short.group == {"group": "sex f"}
    expected = ((200 - 408) ** 2 / 408 + (600 - 392) ** 2 / 392) / 800
    assert found["mismatch"] == pytest.approx(expected**0.5, abs=1e-12)
    fair = run_representation(tmp_path, held, shares={"sex": {"f": 0.25, "m": 0.75}})
    assert fair["largest_shortfall"] == 0
    assert fair.findings == []
    cell = PopulationCell(when={"sex": "f", "home": "t"}, share=0.3)
    crossed = run_representation(tmp_path, held, cells=(cell,))
    assert crossed["largest_shortfall"] == pytest.approx(0.3 - 100 / 800)


def test_shares_that_nobody_declared(tmp_path):
    with pytest.raises(NotDeclared):
        run_representation(tmp_path, {"sex": ["f"], "y": [1]})
    with pytest.raises(NotPossible):
        run_representation(tmp_path, {"sex": ["f"], "y": [1]}, shares={"absent": {"f": 0.5, "m": 0.5}})


def run_consistency(tmp_path, held):
    data = table(tmp_path, held)
    return Products("quality.consistency", consistency(test=data, columns=roles(data)))


def test_cells_that_do_not_fit(tmp_path):
    draw = np.random.default_rng(12)
    height = draw.normal(175, 8, 1_000).round(1)
    tail = np.where(np.arange(1_000) % 100 == 0, draw.normal(0.1, 0.002, 1_000), draw.lognormal(0, 0.3, 1_000))
    clean = {"height": height, "tail": tail, "count": draw.poisson(3, 1_000), "y": draw.integers(0, 2, 1_000)}
    names = ("mixed_type_columns", "stand_in_columns", "unit_slip_columns", "wide_category_columns", "infinite_cells")
    assert [run_consistency(tmp_path, clean)[name] for name in names] == [0, 0, 0, 0, 0]
    metres = np.where(np.arange(1_000) % 25 == 0, (height / 100).round(2), height)
    spoiled = {
        **clean,
        "height": metres,
        "gap": np.where(np.arange(1_000) % 50 == 0, -999, draw.integers(0, 40, 1_000)),
        "word": ["unknown" if index % 40 == 0 else index for index in range(1_000)],
        "endless": ["inf" if index == 7 else index for index in range(1_000)],
    }
    found = run_consistency(tmp_path, spoiled)
    assert [found[name] for name in names] == [1, 1, 1, 0, 1]
    assert "unknown" not in found.text


def test_the_tail_of_one_distribution_is_no_second_unit(tmp_path):
    draw = np.random.default_rng(19)
    even = {f"even_{index}": draw.random(1_000).round(6) for index in range(40)}
    bell = {f"bell_{index}": np.abs(draw.normal(0, 1, 1_000)) for index in range(40)}
    columns = {**even, **bell, "y": draw.integers(0, 2, 1_000)}
    assert run_consistency(tmp_path, columns)["unit_slip_columns"] == 0
    columns["even_7"] = (2.5 + columns["even_7"]) * np.where(np.arange(1_000) % 60 == 0, 1_000, 1)
    assert run_consistency(tmp_path, columns)["unit_slip_columns"] == 1


def test_zeros_far_below_all_else_are_pointed_at(tmp_path):
    draw = np.random.default_rng(15)
    bell, few = draw.normal(70, 12, 400).round(1), draw.random(400) < 0.05
    columns = {
        "pressure": np.where(few, 0, bell),
        "visits": draw.poisson(3, 400),
        "paid": np.where(draw.random(400) < 0.3, 0, draw.exponential(50, 400).round(2)),
        "y": draw.integers(0, 2, 400),
    }
    found = run_consistency(tmp_path, columns)
    assert found["zero_stand_in_columns"] == 1
    assert [one.where for one in found.findings] == ["column pressure"]


def test_the_smallest_effects(tmp_path):
    data = table(tmp_path, {"a": range(1_000), "sex": ["f", "m"] * 500, "y": [0] * 500 + [1] * 500})
    columns = roles(data, columns=DeclaredColumns(protected=("sex",)))
    found = Products("quality.power", power(test=data, columns=columns, task=BINARY))
    both = 1.959964 + 0.841621
    assert found["detectable_accuracy_difference"] == pytest.approx(both * (0.1 / 1_000) ** 0.5, abs=1e-6)
    assert found["detectable_group_difference"] == pytest.approx(both * (0.25 / 500 * 2) ** 0.5, abs=1e-6)
    assert found["detectable_auc"] == pytest.approx(0.5 + both * ((0.25 + 998 / 12) / 250_000) ** 0.5, abs=1e-6)


def run_poisoning(tmp_path, fitted):
    train = table(tmp_path, fitted, role="train")
    found = poisoning(train=train, columns=roles(train), task=BINARY, work={"rows": 4_000}, seed=1)
    return Products("security.poisoning", found)


def test_planted_training_rows(tmp_path):
    clean = cells(seed=13)
    found = run_poisoning(tmp_path, clean)
    assert found.measurement("conflicting_copies_share").interval.high < 0.01
    assert found["spectral_outlier_share"] == 0
    copies = shaken(clean, 100)
    copies["y"] = 1 - copies["y"]
    planted = {name: np.concatenate([clean[name], copies[name]]) for name in clean}
    assert run_poisoning(tmp_path, planted).measurement("conflicting_copies_share").interval.low > 0.05
    marked = {name: values.copy() for name, values in clean.items()}
    marked["c"][:30] = 60.0
    marked["y"][:30] = 1
    assert run_poisoning(tmp_path, marked)["spectral_outlier_share"] == pytest.approx(0.02)


def test_a_heavy_tail_is_no_heap_of_planted_rows(tmp_path):
    draw = np.random.default_rng(16)
    tails = {f"amount_{place}": np.exp(1.5 * draw.standard_normal(1_500)).round(3) for place in range(8)}
    tails["y"] = draw.integers(0, 2, 1_500)
    assert run_poisoning(tmp_path, tails)["spectral_outlier_share"] == 0
    for name in ("amount_1", "amount_2"):
        tails[name][:60] = 1.5 * tails[name].max()
    tails["y"][:60] = 1
    found = run_poisoning(tmp_path, tails)
    assert found["spectral_outlier_share"] == pytest.approx(0.04, abs=0.002)


def test_an_exact_value_that_settles_the_class_is_found_unless_its_neighbours_do_too(tmp_path):
    clean = cells(seed=14)
    planted = {name: values.copy() for name, values in clean.items()}
    planted["a"][:75] = 0.5
    planted["y"][:75] = 1
    found = run_poisoning(tmp_path, planted)
    assert found["fixed_value_share"] == pytest.approx(75 / 1_500)
    assert "75 training rows share one exact value of a and are all, or nearly all, bad" in found.sentences[-1]
    capped = {name: values.copy() for name, values in clean.items()}
    capped["a"] = np.minimum(capped["a"], 0.5)
    separated = capped | {"y": (capped["a"] > 0).astype(int)}
    rare = {name: values.copy() for name, values in clean.items()}
    rare["a"][:300] = 0.5
    rare["y"] = ((rare["a"] > 0.51) & (rare["b"] > 0.8)).astype(int)
    for honest in (clean, capped, separated, rare):
        assert run_poisoning(tmp_path, honest)["fixed_value_share"] == 0
