import pytest
import report_records as records

from govkit.core.control import Result
from govkit.core.digest import canonical
from govkit.core.errors import InputProblem
from govkit.earlier import past_audits

SYSTEM = records.failing().result.system.id


def put(folder, record):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "audit.json").write_bytes(canonical(record))


def test_the_last_audit_and_its_history_are_found_in_the_folder(tmp_path):
    put(tmp_path / "history" / "0001", records.failing())
    (tmp_path / "history" / "0002").mkdir()
    (tmp_path / "history" / "0002" / "audit.json").write_text("{broken")
    put(tmp_path, records.passing())
    past = past_audits(tmp_path, None, SYSTEM)
    assert [one.failed for one in past.course] == [in_fail(records.failing()), 0]
    told = past.told(records.failing())
    assert told.result_sha256 == records.failing().result_sha256
    assert told.run.earlier.verdict.value == "passed"
    assert {"worse"} <= {one.direction for one in told.run.earlier.changes}


def in_fail(record):
    gate = record.result.profile.gate
    return sum(one.result is Result.FAIL for one in record.result.criterion_results if one.criterion in gate)


def test_without_an_earlier_audit_the_record_stays_as_it_is(tmp_path):
    record = records.passing()
    assert past_audits(tmp_path, None, SYSTEM).told(record) is record
    assert past_audits(None, None, SYSTEM).course == ()
    assert b"earlier" not in canonical(record.run)


def test_a_named_record_counts_as_the_last_one_and_must_be_of_the_same_system(tmp_path):
    put(tmp_path / "out", records.passing())
    put(tmp_path / "named", records.failing())
    past = past_audits(tmp_path / "out", tmp_path / "named" / "audit.json", SYSTEM)
    assert past.records[-1].result_sha256 == records.failing().result_sha256
    with pytest.raises(InputProblem, match="another system"):
        past_audits(None, tmp_path / "named" / "audit.json", "other")
    assert past_audits(tmp_path / "out", None, "other").records == ()
