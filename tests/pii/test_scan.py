"""Scans of whole files: one cell among many found, parts and processes that change nothing, files that are broken."""

import json
import logging
import socket
import time

import pyarrow as pa
import pytest
from pyarrow import feather
from pyarrow import parquet as pq

from govkit.core.errors import InputProblem
from govkit.pii import reading
from govkit.pii.scan import in_processes, scan

CANARY = "canary.planted@example.org"
SSN = "536-22-1234"
KEY = b"k" * 16


def lines(rows=400):
    yield "id,mail,notes"
    for n in range(rows):
        yield f'{n},person{n}@example.org,"said ""no"",\nthen left {n}"'


def write(folder, text, name="data.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def holds(report, table=0):
    return {column.column: column.entity for column in report.tables[table].columns if column.found}


def inside(report, table=0):
    return {
        (column.column, item.entity): item.cells
        for column in report.tables[table].columns
        for item in column.inside
        if item.cells
    }


def test_one_number_far_down_in_notes_is_found_and_never_shown(tmp_path, caplog, capfd):
    notes = [f"nothing to say about case {n}" for n in range(60_000)]
    notes[51_234] = f"her number is {SSN}"
    notes[51_235] = f"write to {CANARY} today"
    path = write(tmp_path, "notes\n" + "\n".join(notes) + "\n")
    with caplog.at_level(logging.DEBUG):
        report = scan([path], key=KEY)
    assert inside(report) == {("notes", "NATIONAL_ID"): 1, ("notes", "EMAIL_ADDRESS"): 1}
    written = report.model_dump_json() + caplog.text + "".join(capfd.readouterr()) + repr(report)
    assert "536" not in written
    assert "canary" not in written
    assert "999-99-9999" in written


def test_parts_and_processes_change_nothing(tmp_path, monkeypatch):
    path = write(tmp_path, "\n".join(lines(3_000)) + "\n")
    whole = scan([path], key=KEY)
    monkeypatch.setattr(reading, "UNIT_BYTES", 20_000)
    assert len(reading.units(path)) > 5
    parts = scan([path], key=KEY, run=in_processes(2))
    assert parts.model_dump() == scan([path], key=KEY).model_dump()
    assert parts.tables[0].rows == whole.tables[0].rows == 3_000
    assert parts.tables[0].odd_rows == 0
    assert holds(parts) == holds(whole) == {"mail": "EMAIL_ADDRESS"}


def test_every_format_gives_the_same(tmp_path):
    columns = {"mail": [f"person{n}@example.org" for n in range(50)], "n": [str(n) for n in range(50)]}
    table = pa.table(columns)
    pq.write_table(table, tmp_path / "a.parquet")
    feather.write_feather(table, tmp_path / "b.feather")
    write(tmp_path, "".join(json.dumps(row) + "\n" for row in table.to_pylist()), "c.jsonl")
    write(tmp_path, "mail\tn\n" + "".join(f"{row['mail']}\t{row['n']}\n" for row in table.to_pylist()), "d.tsv")
    for name in ("a.parquet", "b.feather", "c.jsonl", "d.tsv"):
        report = scan([tmp_path / name])
        assert holds(report) == {"mail": "EMAIL_ADDRESS"}, name
        assert report.tables[0].rows == 50
    texts = write(tmp_path, f"Dear all,\nplease write to {CANARY}.\n", "e.txt")
    assert inside(scan([texts])) == {("text", "EMAIL_ADDRESS"): 1}


def test_a_folder_of_parts_is_one_table(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    for part in range(3):
        write(folder, "mail,x\n" + "".join(f"p{part}{n}@example.org,1\n" for n in range(20)), f"part{part}.csv")
    write(folder, "other\n1\n", "other.csv")
    report = scan([folder])
    assert sorted((found.files, found.rows) for found in report.tables) == [(1, 1), (3, 60)]


def test_mixed_encodings_nul_bytes_and_bom(tmp_path):
    content = "\ufeffname,mail\nMüller,a@example.org\n".encode() + "Gérard,b@example.org\n".encode("cp1252")
    report = scan([write(tmp_path, content + b"Nu\x00ll,c@example.org\x00\n")])
    assert report.tables[0].columns[0].column == "name"
    assert holds(report)["mail"] == "EMAIL_ADDRESS"
    wide = "name,mail\nAda,a@example.org\nAlan,b@example.org\n".encode("utf-16")
    assert holds(scan([write(tmp_path, wide, "wide.csv")]))["mail"] == "EMAIL_ADDRESS"


def test_rows_of_another_width_are_scanned_too(tmp_path):
    report = scan([write(tmp_path, f"a,b\n1,2\n1,2,3,{CANARY}\n4,5\n")])
    assert report.tables[0].odd_rows == 1
    assert inside(report) == {(reading.ODD, "EMAIL_ADDRESS"): 1}


def test_awkward_tables(tmp_path):
    big = "x" * 1_000_000
    assert inside(scan([write(tmp_path, f"a,b\n{big} {CANARY},1\n")])) == {("a", "EMAIL_ADDRESS"): 1}
    many = ",".join(f"c{n}" for n in range(10_000)) + "\n" + ",".join("7" for _ in range(10_000)) + "\n"
    assert len(scan([write(tmp_path, many, "many.csv")]).tables[0].columns) == 10_000
    twice = scan(
        [write(tmp_path, "mail,mail,,empty\na@example.org,b@example.org,1,\nc@example.org,d@example.org,2,\n")]
    )
    assert holds(twice) == {"mail": "EMAIL_ADDRESS", "mail.2": "EMAIL_ADDRESS"}
    assert [column.present for column in twice.tables[0].columns][-1] == 0
    dates = scan([write(tmp_path, "day\n" + "".join(f"{20240101 + n}\n" for n in range(28)))])
    assert holds(dates) == {}


def test_other_scripts(tmp_path):
    rows = [("محمد العلي", "שלום"), ("فاطمة حسن", "עולם"), ("أحمد سعيد", "טוב")] * 10
    text = "الاسم,mail\n" + "".join(f"{name} {n},{word}{n}@example.org\n" for n, (name, word) in enumerate(rows))
    assert scan([write(tmp_path, text)]).tables[0].rows == 30


def test_broken_files_end_in_one_sentence(tmp_path):
    good = tmp_path / "good.parquet"
    pq.write_table(pa.table({"a": ["x"] * 1_000}), good)
    for name, content, said in (
        ("cut.parquet", good.read_bytes()[:-30], "damaged"),
        ("none.csv", b"", "empty"),
        ("packed.csv", b"\x1f\x8b123456", "compressed"),
        ("text.parquet", b"a,b\n1,2\n", "no parquet file"),
    ):
        with pytest.raises(InputProblem) as raised:
            scan([write(tmp_path, content, name)])
        assert said in raised.value.message
    with pytest.raises(InputProblem):
        scan([tmp_path / "absent.csv"])
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputProblem):
        scan([tmp_path / "folder"])


def test_a_file_that_grows_is_read_as_it_was(tmp_path):
    path = write(tmp_path, "mail\n" + "".join(f"p{n}@example.org\n" for n in range(100)))

    def growing(number, jobs):
        from govkit.pii.scan import in_this_process

        with path.open("a") as more:
            more.write("later@example.org\n")
        time.sleep(0.01)
        yield from in_this_process(number, jobs)

    report = scan([path], run=growing)
    assert report.tables[0].rows == 100
    assert "written to" in report.tables[0].notes[0]


def test_no_socket_is_opened(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    cells = "".join(f"p{n}@sub.example-{n}.co.uk,see http://x{n}.example.museum/a\n" for n in range(50))
    assert holds(scan([write(tmp_path, "m,n\n" + cells)]))["m"] == "EMAIL_ADDRESS"
