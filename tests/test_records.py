import json

import pytest
import report_records as records

from govkit import records as reading
from govkit.core.digest import canonical, sha256_of
from govkit.core.errors import InputProblem, IntegrityProblem
from govkit.records import record_of


def test_a_record_of_an_earlier_version_is_brought_up_to_date_and_keeps_its_digest(monkeypatch):
    record = records.passing()
    plain = json.loads(canonical(record))
    plain["schema_version"] = "0"
    plain["result"]["remarks"] = plain["result"].pop("suggestions")
    plain["result_sha256"] = sha256_of(plain["result"])

    def rename(old):
        result = {**old["result"], "suggestions": old["result"]["remarks"]}
        del result["remarks"]
        return {**old, "schema_version": "1", "result": result}

    content = json.dumps(plain).encode()
    with pytest.raises(InputProblem, match="record version '0'"):
        record_of(content, "old.json")
    monkeypatch.setattr(reading, "MIGRATIONS", {"0": rename})
    read = record_of(content, "old.json")
    assert canonical(read.result) == canonical(record.result)
    assert read.result_sha256 == plain["result_sha256"]
    plain["result"]["seed"] += 1
    with pytest.raises(IntegrityProblem):
        record_of(json.dumps(plain).encode(), "old.json")


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"schema_version": "9"}'])
def test_what_is_no_record_is_said_to_be_none(content):
    with pytest.raises(InputProblem):
        record_of(content, "audit.json")
