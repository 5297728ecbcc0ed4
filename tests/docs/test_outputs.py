from pathlib import Path

from govkit.plugins.report import FORMATS

PAGE = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text()


def test_every_report_format_is_described_with_its_file():
    for name, found in FORMATS.all().items():
        (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]]
        assert found.file in row or f"`{found.file.split('.')[0]}.*`" in row
