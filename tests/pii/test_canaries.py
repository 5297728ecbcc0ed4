"""Planted values leave a scan and a redaction in no file, stream or message, not even when the work fails."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

CANARIES = {
    "mail": "qzcanary.{0}@wombatmail.org",
    "full_name": "Zebulon {1} Qwanary",
    "notes": "she said her number is 536-22-{0:04} and lives at {0} Qwanary Street in town",
    "card": "4111 1111 1111 1111",
    "secret": "AKIAQWANARY{0:09}",
}
TELLTALES = ("qzcanary", "qwanary", "536-22-", "4111 1111 1111 1111", "4111111111111111")
ROWS = 26


@pytest.fixture
def planted(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    cells = {name: [form.format(n, chr(n - 935)) for n in range(1000, 1000 + ROWS)] for name, form in CANARIES.items()}
    pd.DataFrame(cells).to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


def run(tmp_path, *words):
    """Run the program with a folder of its own for whatever it writes aside."""
    aside = tmp_path / "aside"
    aside.mkdir(exist_ok=True)
    places = dict.fromkeys(("TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"), str(aside))
    done = subprocess.run(
        [sys.executable, "-m", "govkit", *map(str, words)],
        env={**os.environ, **places, "PYTHONPATH": str(Path.cwd()), "GOVKIT_DEBUG": ""},
        cwd=aside,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).lower()


def leaks(folder, *, but):
    return [
        (path.name, telltale)
        for path in folder.rglob("*")
        if path.is_file() and path != but
        for telltale in TELLTALES
        if telltale in path.read_bytes().decode("utf-8", "replace").lower()
    ]


def test_no_canary_leaves_in_any_artefact(planted, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    code, said = run(tmp_path, "scan-pii", planted, "--jobs", "2", "--json")
    assert code == 0
    assert "credit_card" in said
    commands = (
        ("scan-pii", planted, "--exact", "--findings", out / "places.csv"),
        ("redact", planted, "-o", out / "copy.csv", "--report", out / "done.json"),
        ("redact", planted, "-o", tmp_path / "nowhere" / "copy.csv"),
        ("redact", planted, "-o", out / "kept.csv", "--report", out / "nowhere" / "done.json"),
    )
    codes = []
    for words in commands:
        code, heard = run(tmp_path, *words)
        codes.append(code)
        said += heard
    assert codes == [0, 0, 3, 3]
    assert not [telltale for telltale in TELLTALES if telltale in said]
    assert leaks(tmp_path, but=planted) == []
    assert "internal error" not in said
