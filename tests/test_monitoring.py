"""`govkit drift`: a profile is written from training rows, and later rows are held against it without them."""

import json

from small_project import rows


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
