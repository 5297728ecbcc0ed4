import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from govkit.core.digest import canonical, sha256_of
from govkit.core.errors import InputProblem
from govkit.core.evidence import Evidence
from govkit.core.frozen import Frozen, added, field_texts
from govkit.core.record import AuditRecord
from govkit.records import read_record

FIRST = Path(__file__).parent / "first_record.json"
"""A record as the first version wrote it, with every type that it had; it is never written again."""


class Later(Frozen):
    """A type that got a second field after records had been written."""

    size: int
    """How large it is."""
    note: str = added("")
    """What was said about it."""


def types_in(value):
    """Give the type of every value that stands in a record."""
    if isinstance(value, BaseModel):
        return {type(value)}.union(*(types_in(part) for _, part in value))
    if isinstance(value, dict):
        return set().union(*(types_in(part) for part in value.values()))
    return set().union(*(types_in(part) for part in value)) if isinstance(value, tuple) else set()


def test_a_record_of_the_first_version_keeps_its_digest_when_it_is_written_again():
    """A default field that is not declared with `added` would change it, and every signature over it."""
    record = read_record(FIRST)
    assert sha256_of(record.result) == record.result_sha256
    assert json.loads(canonical(record)) == json.loads(FIRST.read_text())
    assert len(types_in(record)) >= 38


def test_a_field_that_came_later_is_written_only_once_it_says_something():
    assert canonical(Later(size=3)) == b'{"size":3}'
    assert canonical(Later(size=3, note="new")) == b'{"note":"new","size":3}'
    assert Later.model_validate_json(canonical(Later(size=3))) == Later(size=3)


def test_fields_are_described_by_the_text_under_them():
    assert field_texts(Later) == {"size": "How large it is.", "note": "What was said about it."}
    assert Later.model_json_schema()["properties"]["size"]["description"] == "How large it is."
    schema = AuditRecord.model_json_schema()
    assert schema["$defs"]["Evidence"]["properties"]["ask"]["description"] == field_texts(Evidence)["ask"]


def test_a_record_with_a_field_of_a_newer_version_names_the_version_that_wrote_it(tmp_path):
    plain = json.loads(FIRST.read_text())
    plain["result"] |= {"govkit_version": "99.1", "moon_phase": "full"}
    plain["result_sha256"] = sha256_of(plain["result"])
    (tmp_path / "audit.json").write_text(json.dumps(plain))
    with pytest.raises(InputProblem, match=r"has result\.moon_phase, which this govkit .* doesn't know") as caught:
        read_record(tmp_path / "audit.json")
    assert "99.1" in caught.value.hint
