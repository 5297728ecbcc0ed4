"""The files that docs/adding.md shows, dropped into a copy of govkit: each is found and works, with no other edit."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SNIPPET = re.compile(r"^```\w+ title=(?P<file>\S+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
ROWS = 500
PADDED = 100


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Give a folder with govkit, its catalogs and templates, and the files of the page."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("govkit", "controls", "templates"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "_data"))
    page = (REPOSITORY / "docs" / "adding.md").read_text(encoding="utf-8")
    found = {match["file"]: match["text"] for match in SNIPPET.finditer(page)}
    assert len(found) == 5
    for file, text in found.items():
        assert not (folder / file).exists()
        (folder / file).write_text(text, encoding="utf-8")
    return folder


def govkit(copy: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the copy's command line."""
    command = [sys.executable, "-B", "-m", "govkit", *map(str, arguments)]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)


def test_the_check_is_listed_and_explained(copy):
    assert "quality.padded_cells" in govkit(copy, "checks", "list").stdout
    explained = govkit(copy, "explain", "quality.padded_cells").stdout
    assert "two categories to a model" in explained
    assert "notable_share = 0.01" in explained


def test_the_check_can_be_configured(copy):
    schema = json.loads(govkit(copy, "schema", "config").stdout)
    assert "notable_share" in schema["properties"]["checks"]["properties"]["quality.padded_cells"]["properties"]


def test_the_catalog_is_listed(copy):
    assert "The committee has seen the model" in govkit(copy, "controls", "list", "--framework", "house-rules").stdout


def test_an_audit_uses_all_of_them(copy, tmp_path):
    card = {"classes": ["no", "yes"], "intercept": -1.0, "weights": {"score": 2.0, "age": 0.0}}
    (tmp_path / "model.scorecard.json").write_text(json.dumps(card))
    for name, shift in (("data.csv", 0), ("train.csv", 10_000)):
        lines = [
            f"{i % 7 / 7 + shift},{i + shift},{'yes' if i % 7 > 3 else 'no'},{'a ' if i < PADDED else 'a'}"
            for i in range(ROWS)
        ]
        (tmp_path / name).write_text("\n".join(["score,age,bought,shop", *lines]) + "\n")
    (tmp_path / "govkit.yaml").write_text("target: bought\ntrain: train.csv\n")
    ended = govkit(
        copy, "audit", tmp_path / "model.scorecard.json", tmp_path / "data.csv", "--out", tmp_path / "out",
        "--profile", "house", "--only", "quality,performance", "--budget", "quick", "--format", "measurements,json",
    )  # fmt: skip
    assert ended.returncode == 5, ended.stderr
    with (tmp_path / "out" / "measurements.csv").open(newline="") as file:
        measured = {(row["check"], row["measurement"]): row for row in csv.DictReader(file)}
    padded = measured["quality.padded_cells", "padded_share"]
    assert float(padded["value"]) == PADDED / (4 * ROWS)
    result = json.loads((tmp_path / "out" / "audit.json").read_text())["result"]
    tables = [found["tables"] for found in result["evidence"] if found["check"] == "quality.padded_cells"]
    assert [row for row in tables[0][0]["rows"] if row[1]] == [["shop", PADDED / ROWS]]
    assert result["model"]["format"] == "scorecard"
    assert [framework["id"] for framework in result["frameworks"]] == ["house-rules"]
    statuses = {found["control"]: found["status"] for found in result["control_results"]}
    assert statuses == {"1.1": "met", "1.2": "not_assessed"}
    assert [blocker["id"] for blocker in result["decision"]["incomplete"]] == ["1.2"]
