"""`govkit drift`: a profile is written from training rows, and later rows are held against it without them."""

import json

import numpy as np
import pandas as pd
from small_project import rows

from govkit.monitoring import compare_with_profile, write_profile


def test_equal_rows_pass_and_shifted_ones_are_named(govkit, project, tmp_path):
    profile = tmp_path / "profile.json"
    answer = govkit("drift", "profile", project.train, "--out", profile)
    assert answer.code == 0
    assert "600 rows" in answer.out
    assert "north" not in profile.read_text()
    answer = govkit("drift", "compare", profile, project.data)
    assert answer.code == 0, answer.out
    later = rows(600, 3)
    later["income"] *= 3
    later.to_csv(tmp_path / "later.csv", index=False)
    answer = govkit("drift", "compare", profile, tmp_path / "later.csv")
    assert answer.code == 1
    assert answer.out.splitlines()[2].startswith("income") or "income" in answer.out.splitlines()[1]
    later.drop(columns="age").to_csv(tmp_path / "later.csv", index=False)
    assert "age: not in later.csv" in govkit("drift", "compare", profile, tmp_path / "later.csv").out


def test_what_is_no_profile_is_said(govkit, project, tmp_path):
    (tmp_path / "profile.json").write_text(json.dumps({"rows": 3}))
    answer = govkit("drift", "compare", tmp_path / "profile.json", project.data)
    assert answer.code == 3
    assert "is no reference profile" in answer.err
    assert govkit("drift", "compare", tmp_path / "none.json", project.data).code == 3


def test_categories_that_hardly_repeat_have_not_shifted(tmp_path):
    chances = []
    for seed in range(5):
        for name, count in (("train.csv", 300), ("later.csv", 100)):
            rng = np.random.default_rng(seed * 10 + count)
            columns = {f"c{place}": np.char.add("k", rng.integers(0, 40, count).astype(str)) for place in range(4)}
            pd.DataFrame(columns).to_csv(tmp_path / name, index=False)
        write_profile(tmp_path / "train.csv", tmp_path / "profile.json")
        shifts, _ = compare_with_profile(tmp_path / "profile.json", tmp_path / "later.csv")
        chances.append(min(one.chance for one in shifts))
    assert np.median(chances) > 0.2
    train = pd.DataFrame({"c0": np.resize([f"k{place}" for place in range(25)], 400)})
    train.to_csv(tmp_path / "train.csv", index=False)
    write_profile(tmp_path / "train.csv", tmp_path / "profile.json")
    for later in (["k1"] * 100, ["k1", "k2", "new", "k3"] * 50):
        pd.DataFrame({"c0": later}).to_csv(tmp_path / "later.csv", index=False)
        shifts, _ = compare_with_profile(tmp_path / "profile.json", tmp_path / "later.csv")
        assert shifts[0].chance < 0.001
