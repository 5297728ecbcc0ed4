"""The wheel: carries every template and catalog, and works from any folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


def test_it_carries_every_template_catalog_and_data_file(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"govkit/_data/{file.relative_to(ROOT)}"
        for kind in ("templates", "controls")
        for file in (ROOT / kind).rglob("*")
        if file.is_file()
    }
    code = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "govkit").rglob("*")
        if file.suffix in {".py", ".json", ".typed"}
    }
    assert shipped | code <= names
    assert not [name for name in names if name.startswith(("tests/", "examples/", "docs/"))]


def test_it_works_from_another_folder(wheel, tmp_path):
    place = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(place)
    for words, expected in ((["controls", "list"], "MEASURE 2.7"), (["doctor"], "Inter-Regular.woff2")):
        done = subprocess.run(
            [sys.executable, "-m", "govkit", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(place), "CI": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected in done.stdout
