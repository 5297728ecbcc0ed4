"""Data files made to hurt: one clear refusal or an audit that says what it did, never a crash, a hang or an echo."""

import gzip
import io
import json
import os
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

QUICK = ("--profile", "data-only", "--budget", "quick", "--jobs", 1, "--only", "quality.missing,quality.schema")
ROWS = "".join(f"{number},{number % 7}\n" for number in range(50))
BAD = "<script>alert(1)</script>"
ESCAPE = "\x1b[31mred\x1b]0;title\x07"
GITHUB = "::error file=x::owned"
FORMULA = "=HYPERLINK(1)"
PARENT = "../../etc/passwd"


def audited(govkit, folder, content, *, name="data.csv", formats="json", config="target: b\n"):
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "govkit.yaml").write_text(config)
    path = folder / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return govkit("audit", path, "--out", folder / "out", "--format", formats, *QUICK)


def refused(answer, code, *sentences):
    assert answer.code == code, answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""
    assert len([line for line in answer.err.splitlines() if line.startswith("error:")]) == 1
    for sentence in sentences:
        assert sentence in answer.err


def zipped():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", b"0" * 10_000_000)
    return target.getvalue()


def parquet(table, **options):
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def parquet_bomb():
    """A few kilobytes that say one long text many times."""
    text = pa.array(["x" * 1_000_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), text)
    return parquet(pa.table({"a": column, "b": [1] * 200_000}), compression="zstd")


REFUSED = {
    "equal headers": (b"a," * 50_000 + b"a\n" + b"1," * 50_000 + b"1\n", 3, "50,001 columns; the limit is 20,000"),
    "equal headers, few": (b"a,b,a\n1,2,3\n", 3, "'a' stands twice"),
    "header shorter than rows": ("a,b\n" + "1,2,3\n" * 3, 3, "row 2 has 3 cells, the header has 2 (3 such rows)"),
    "header longer than rows": ("a,b,c\n" + "1,2\n" * 3, 3, "row 2 has 2 cells, the header has 3"),
    "gzip": (gzip.compress(b"a,b\n" + b"0,0\n" * 1_000_000), 3, "is compressed"),
    "zip": (zipped(), 3, "is compressed"),
    "nul": (b"a,b\n1,\x00\n", 3, "NUL bytes"),
    "utf-16 without mark": ("a,b\n1,2\n".encode("utf-16-le"), 3, "NUL bytes"),
    "broken utf-16": (b"\xff\xfea\x00,\x00\x00\xd8", 3, "is not utf-8 or utf-16 text"),
    "header without end": (b"a" * 20_000_000 + b",b\n1,2\n", 3, "data.csv"),
    "quote without end": (b'a,b\n1,"2\n' + b"canary,4\n" * 1_000, 3, "data.csv"),
    "cell without end": (b"a,b\n1," + b"x" * 40_000_000 + b"\n", 3, "data.csv"),
    "parquet bomb": (parquet_bomb(), 3, "data.csv expands to more than"),
    "parquet, damaged": (parquet(pa.table({"a": [1], "b": [1]}))[:-40] + b"PAR1", 3, "damaged Parquet file"),
    "parquet, nested": (parquet(pa.table({"a": [[1]], "b": [1]})), 3, "holds lists"),
    "parquet, bytes": (parquet(pa.table({"a": [b"\xff"], "b": [1]})), 3, "holds lists, structures or bytes"),
    "parquet, equal names": (parquet(pa.table([[1], [2]], names=["a", "a"])), 3, "stands twice"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(govkit, tmp_path, case):
    content, code, *sentences = REFUSED[case]
    answer = audited(govkit, tmp_path, content)
    refused(answer, code, *sentences)
    assert "canary" not in answer.err


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "link to a device", "dangling link"])
def test_what_is_no_file(govkit, tmp_path, kind):
    path = tmp_path / "data.csv"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = "/dev/zero"
    else:
        path.symlink_to("/dev/zero" if kind == "link to a device" else tmp_path / "absent")
    answer = govkit("audit", path, "--out", tmp_path / "out", "--config", tmp_path / "govkit.yaml", *QUICK)
    assert answer.code in (2, 3)
    answer = audited(govkit, tmp_path, None) if kind != "device" else answer
    assert answer.code in (2, 3), answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("url", ["https://example.org/d.csv", "s3://bucket/d.parquet", "file:///etc/passwd"])
def test_urls_are_not_opened(govkit, tmp_path, url):
    refused(govkit("audit", url, "--out", tmp_path / "out", *QUICK), 2, "URL")


def result(folder):
    return json.loads((folder / "out" / "audit.json").read_text())["result"]


def test_long_cells_are_cut_and_said(govkit, tmp_path):
    long = "canary " * 4_000
    answer = audited(govkit, tmp_path, f"a,b\n{long},1\n{'é' * 16_384},0\nx,1\n")
    assert answer.code in (0, 1, 5), answer.err
    (note,) = result(tmp_path)["data"][0]["notes"]
    assert note == {"id": "data.long_cells", "args": {"cells": 1, "column": "a", "limit": 16_384}}
    assert "canary" not in (tmp_path / "out" / "audit.json").read_text()


def test_mixed_encodings_are_said(govkit, tmp_path):
    content = "a,b\nGrün,1\n".encode() + "Grün,2\n".encode("latin-1")
    assert audited(govkit, tmp_path, content).code in (0, 1, 5)
    assert [note["id"] for note in result(tmp_path)["data"][0]["notes"]] == ["data.encoding"]


def test_names_that_would_be_markup_commands_or_paths(govkit, tmp_path, monkeypatch):
    names = [BAD, ESCAPE, GITHUB, FORMULA, PARENT, "{{7*7}}", "|x|`y`"]
    header = ",".join(f'"{name}"' for name in [*names, "b"])
    cells = ",".join(["<b>canary</b>"] * len(names))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    config = f"target: b\nsystem: {{id: x, name: {json.dumps(BAD)}}}\n"
    content = header + "\n" + "".join(f"{cells},{number % 2}\n" for number in range(40))
    answer = audited(
        govkit, tmp_path, content, formats="html,checklist-csv,soa-csv,card-md,summary-md,sarif,json", config=config
    )
    assert answer.code in (0, 1, 5), answer.err
    written = {path.name: path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert all("canary" not in text for text in written.values())
    assert BAD not in written["report.html"]
    assert "49" not in written["report.html"].replace("{{7*7}}", "") or "{{7*7}}" in written["report.html"]
    assert all("\x1b" not in text for text in [*written.values(), answer.out, answer.err])
    assert not [line for line in (answer.out + answer.err).splitlines() if line.startswith("::error file=x")]
    for name, text in written.items():
        if name.endswith(".csv"):
            assert not [
                cell for line in text.splitlines() for cell in line.split(",") if cell.strip('"').startswith("=H")
            ]
    places = [path for path in (tmp_path / "out").rglob("*") if ".." in path.name or "passwd" in path.name]
    assert places == []
    assert not (tmp_path.parent / "etc").exists()


def test_many_columns_are_read(govkit, tmp_path):
    count = 2_000
    header = ",".join(f"c{number}" for number in range(count))
    row = ",".join(["1"] * count)
    answer = audited(govkit, tmp_path, f"{header},b\n" + f"{row},0\n{row},1\n" * 3)
    assert answer.code in (0, 1, 5), answer.err
    assert len(result(tmp_path)["columns"]) == count + 1
