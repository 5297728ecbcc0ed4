"""Redacted copies: nothing planted survives, the rest stays as it was, and the file is whole or absent."""

import json
import resource

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from govkit.config import Config, PassedOver, PersonalData
from govkit.core.errors import InputProblem, UsageProblem
from govkit.pii.redaction import redact, redact_all

ROWS = 60
CANARIES = ("person1@", "Lovelace", "536-22", "4111 1111", "1987-03-1", "+1 212")
CELLS = {
    "row": [str(n) for n in range(ROWS)],
    "email": [f"person{n}@example.org" for n in range(ROWS)],
    "last_name": ["Lovelace", "Hopper", "Turing"] * (ROWS // 3),
    "dob": [f"1987-03-{n % 28 + 1:02}" for n in range(ROWS)],
    "age": [str(20 + n) for n in range(ROWS)],
    "zip": [f"{10_000 + 7 * n}" for n in range(ROWS)],
    "notes": ["her number is 536-22-1234, paid by 4111 1111 1111 1111", 'said "no",\nand left', "call +1 212 555 0123"]
    * (ROWS // 3),
}


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.csv"
    pd.DataFrame(CELLS).to_csv(path, index=False)
    return path


def settings(**redacted):
    return Config(personal_data=PersonalData(redact=redacted))


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_nothing_planted_survives_and_the_rest_stays(data, tmp_path):
    report = redact(data, tmp_path / "out.csv", Config())
    text = (tmp_path / "out.csv").read_text()
    assert not [canary for canary in CANARIES if canary in text]
    assert not [canary for canary in CANARIES if canary in report.model_dump_json()]
    made = read(tmp_path / "out.csv")
    assert list(made.columns) == list(CELLS)
    assert list(made["row"]) == CELLS["row"]
    assert list(made["age"]) == CELLS["age"]
    assert set(made["dob"]) == {"1987"}
    assert made["notes"][0] == "her number is <NATIONAL_ID>, paid by <CREDIT_CARD>"
    assert made["notes"][1] == CELLS["notes"][1]
    assert report.inside == {"CREDIT_CARD": 20, "NATIONAL_ID": 20, "PHONE_NUMBER": 20}
    assert report.remaining == ()
    assert {item.name for item in tmp_path.iterdir()} == {"data.csv", "out.csv"}


def test_operators_by_column_and_by_type(data, tmp_path):
    wanted = settings(email="hash", PERSON="mask", AGE="generalise", zip="generalise", notes="drop")
    redact(data, tmp_path / "a.csv", wanted, key=b"k" * 32)
    made = read(tmp_path / "a.csv")
    assert "notes" not in made
    assert made["email"].str.fullmatch("[0-9a-f]{64}").all()
    assert made["email"].nunique() == ROWS
    assert set(made["last_name"]) == {"*****ace", "****er", "****ng"} or made["last_name"].str.startswith("***").all()
    assert made["age"][0] == "20-29"
    assert made["zip"][0] == "100**"
    redact(data, tmp_path / "b.csv", wanted, key=b"k" * 32)
    redact(data, tmp_path / "c.csv", wanted)
    assert read(tmp_path / "b.csv")["email"].equals(made["email"])
    assert not read(tmp_path / "c.csv")["email"].equals(made["email"])


def test_what_is_passed_over_stays(data, tmp_path):
    mistaken = PassedOver(column="last_name", entity="PERSON", reason="names of ships", owner="Ann")
    redact(data, tmp_path / "out.csv", Config(personal_data=PersonalData(passed_over=(mistaken,))))
    assert list(read(tmp_path / "out.csv")["last_name"]) == CELLS["last_name"]


def test_parquet_keeps_the_types_of_what_is_not_touched(tmp_path):
    table = pa.table({"email": CELLS["email"], "n": list(range(ROWS)), "ratio": [n / 7 for n in range(ROWS)]})
    pq.write_table(table, tmp_path / "in.parquet")
    redact(tmp_path / "in.parquet", tmp_path / "out.parquet", Config())
    made = pq.read_table(tmp_path / "out.parquet")
    assert made.schema.field("n").type == pa.int64()
    assert made.column("ratio").equals(table.column("ratio"))
    assert set(made.column("email").to_pylist()) == {"<EMAIL_ADDRESS>"}


def test_json_lines_and_text(tmp_path):
    lines = [json.dumps({"user": {"email": f"person{n}@example.org"}, "n": n}) for n in range(ROWS)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    redact(tmp_path / "in.jsonl", tmp_path / "out.jsonl", Config())
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[3]) == {
        "user.email": "<EMAIL_ADDRESS>",
        "n": "3",
    }
    (tmp_path / "in.txt").write_text("Dear all,\nwrite to person1@example.org today.\n")
    redact(tmp_path / "in.txt", tmp_path / "out.txt", Config())
    assert (tmp_path / "out.txt").read_text() == "Dear all,\nwrite to <EMAIL_ADDRESS> today.\n"


def test_a_full_disk_leaves_nothing_behind(data, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("what was there before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(InputProblem) as raised:
            redact(data, out, Config())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "can't be written" in raised.value.message
    assert out.read_text() == "what was there before"
    assert {item.name for item in tmp_path.iterdir()} == {"data.csv", "out.csv"}


def test_files_of_one_table_are_treated_alike_and_keep_their_places(tmp_path):
    parts = tmp_path / "in"
    (parts / "late").mkdir(parents=True)
    pd.DataFrame(CELLS).to_csv(parts / "a.csv", index=False)
    pd.DataFrame(CELLS).assign(email="")[:2].to_csv(parts / "late" / "b.csv", index=False)
    pd.DataFrame({"email": CELLS["email"][:9]}).to_csv(tmp_path / "other.csv", index=False)
    reports = list(redact_all([parts, tmp_path / "other.csv"], tmp_path / "out", settings(email="hash")))
    assert [item.source for item in reports] == ["a.csv", "b.csv", "other.csv"]
    assert set(read(tmp_path / "out/late/b.csv")["last_name"]) == {"<PERSON>"}
    assert read(tmp_path / "out/a.csv")["email"][0] == read(tmp_path / "out/other.csv")["email"][0]
    for misused in ([parts, parts / "a.csv"], [parts / "a.csv"] * 2):
        with pytest.raises(UsageProblem, match="two files"):
            list(redact_all(misused, tmp_path / "out2", Config()))
    with pytest.raises(UsageProblem, match="lies inside"):
        list(redact_all([parts], parts / "out", Config()))
    with pytest.raises(UsageProblem, match="is a file"):
        list(redact_all([parts], tmp_path / "other.csv", Config()))


def test_names_in_sentences_and_what_is_asked_for(tmp_path):
    rows = [f"we met Johannes Varvio, {n} years old, at stand {n} of the fair" for n in range(20, 60)]
    (tmp_path / "notes.csv").write_text("notes\n" + "".join(f'"{row}"\n' for row in rows))
    redact(tmp_path / "notes.csv", tmp_path / "out.csv", Config())
    assert read(tmp_path / "out.csv")["notes"][0] == "we met <PERSON>, 20 years old, at stand 20 of the fair"
    redact(tmp_path / "notes.csv", tmp_path / "out.csv", settings(AGE="generalise", PERSON="mask"))
    assert read(tmp_path / "out.csv")["notes"][0].endswith("vio, 20-29 years old, at stand 20 of the fair")


def test_misuse(data, tmp_path):
    with pytest.raises(UsageProblem):
        redact(data, data, Config())
    with pytest.raises(UsageProblem):
        redact(data, tmp_path / "out.csv", Config(), key=b"short")
    with pytest.raises(InputProblem):
        redact(tmp_path, tmp_path / "out.csv", Config())


def test_the_command(govkit, data, tmp_path):
    answer = govkit("redact", data, "-o", tmp_path / "out.csv", "--report", tmp_path / "done.json")
    assert answer.code == 0, answer.err
    assert "finds no direct identifier" in answer.out
    assert json.loads((tmp_path / "done.json").read_text())["remaining"] == []
    assert not [canary for canary in CANARIES if canary in answer.out + answer.err]
