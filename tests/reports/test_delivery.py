"""Writing reports: all or nothing, and nothing that was there is lost."""

import pytest
import report_records

from govkit.core.errors import UsageProblem
from govkit.delivery import deliver, formats_named, put
from govkit.plugins.check import Attachment
from govkit.plugins.report import ReportFormat


def shown(folder):
    return sorted(str(item.relative_to(folder)) for item in folder.rglob("*") if item.is_file())


@pytest.fixture
def record():
    return report_records.ALL["passing"]()


def test_the_audit_that_was_there_moves_to_history(tmp_path, record):
    formats = formats_named(["json", "card-md"])
    files = {"privacy.membership_inference": (Attachment("records.csv", "text/csv", b"row,band\n"),)}
    for _ in range(3):
        deliver(record, tmp_path / "out", formats, files)
    current = ["audit.json", "evidence/privacy.membership_inference/records.csv", "model_card.md"]
    assert shown(tmp_path / "out") == sorted(
        current + [f"history/{number}/{name}" for number in ("0001", "0002") for name in current]
    )


def test_files_of_others_stay_where_they_are(tmp_path, record):
    (tmp_path / "notes.txt").write_text("mine")
    deliver(record, tmp_path, formats_named(["json"]))
    deliver(record, tmp_path, formats_named(["json"]))
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert shown(tmp_path) == ["audit.json", "history/0001/audit.json", "notes.txt"]


def test_a_format_that_fails_leaves_everything_as_it_was(tmp_path, record):
    deliver(record, tmp_path, formats_named(["json"]))
    before = (tmp_path / "audit.json").read_bytes()

    def broken(_):
        raise ZeroDivisionError

    failing = ReportFormat("broken", "broken.txt", broken, "", default=False)
    with pytest.raises(ZeroDivisionError):
        deliver(record, tmp_path, (*formats_named(["card-md"]), failing))
    assert shown(tmp_path) == ["audit.json"]
    assert (tmp_path / "audit.json").read_bytes() == before


def test_attachments_cannot_leave_their_folder(tmp_path, record):
    deliver(record, tmp_path / "out", (), {"x.y": (Attachment("../../escaped.txt", "text/plain", b""),)})
    assert shown(tmp_path) == ["out/evidence/x.y/escaped.txt"]


def test_a_single_file_is_written_whole(tmp_path):
    assert put(tmp_path / "new", "a.txt", b"x").read_bytes() == b"x"
    assert shown(tmp_path) == ["new/a.txt"]


def test_an_unknown_format_is_named(tmp_path):
    with pytest.raises(UsageProblem, match="docx"):
        formats_named(["docx"])
