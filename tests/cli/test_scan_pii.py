"""`govkit scan-pii` as a user calls it."""

import json


def test_a_scan_names_columns_and_what_is_declared_nowhere(govkit, tmp_path):
    rows = "".join(f"person{n}@example.org,{20 + n}\n" for n in range(40))
    (tmp_path / "data.csv").write_text(f"contact,age\n{rows}")
    (tmp_path / "govkit.yaml").write_text("personal_data: {declared: {age: [AGE]}}\n")
    answer = govkit("scan-pii", tmp_path / "data.csv")
    assert answer.code == 0, answer.err
    assert "EMAIL_ADDRESS" in answer.out
    assert "personal_data: {declared: {contact: [EMAIL_ADDRESS]}}" in answer.out
    assert "{age:" not in answer.out
    assert "person1" not in answer.out + answer.err
    assert max(map(len, answer.out.splitlines())) <= 80


def test_the_findings_as_json(govkit, tmp_path):
    (tmp_path / "notes.txt").write_text("call 020 7946 0958 about it\n")
    answer = govkit("scan-pii", tmp_path / "notes.txt", "--json")
    (column,) = json.loads(answer.out)["tables"][0]["columns"]
    assert column["inside"][0]["entity"] == "PHONE_NUMBER"
    assert "7946" not in answer.out


def test_a_file_that_is_not_there(govkit, tmp_path):
    answer = govkit("scan-pii", tmp_path / "absent.csv")
    assert answer.code == 3
    assert "absent.csv" in answer.err
