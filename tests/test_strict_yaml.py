from pathlib import Path

import pytest

from govkit.config import Config
from govkit.core.errors import UsageProblem
from govkit.core.frozen import Frozen
from govkit.resources import shipped
from govkit.strict_yaml import MAX_BYTES, Document, nearest, read


class Item(Frozen):
    id: str
    size: int = 0


class Inventory(Frozen):
    items: tuple[Item, ...]


def written(tmp_path: Path, content: str | bytes) -> Document:
    file = tmp_path / "govkit.yaml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(file)


def refused(tmp_path: Path, content: str | bytes, model: type[Frozen] = Config) -> UsageProblem:
    with pytest.raises(UsageProblem) as caught:
        written(tmp_path, content).parse(model)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("9.10", 9.1),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("true", True),
        ("null", None),
        ("~", None),
        ('"3"', "3"),
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("0123", "0123"),
        ("1_000", "1_000"),
        ("12:30:00", "12:30:00"),
        ("2026-11-20", "2026-11-20"),
        ("0x1F", "0x1F"),
        (".nan", ".nan"),
        ("[1, a]", [1, "a"]),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
        ("|\n  two\n  lines", "two\nlines\n"),
        ("9" * 5_000, "9" * 5_000),
    ],
)
def test_values_are_those_of_yaml_1_2_and_nothing_else(tmp_path, text, value):
    found = written(tmp_path, f"key: {text}\n").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path):
    assert written(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: \xc3\xbc\r\n").data == {"a": 1, "b": "ü"}


def test_an_empty_file_is_an_empty_configuration(tmp_path):
    assert written(tmp_path, "# nothing yet\n").parse(Config) == Config()


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("target: a\n\ntarget: b\n", "govkit.yaml:3: the key 'target' stands twice", "first on line 1"),
        ("a: {x: 1,\n x: 2}\n", "govkit.yaml:2: the key 'x' stands twice", "line 1"),
        ("a: &b 1\n", "govkit.yaml:1: anchors", "quotes"),
        ("a: x\nb: *a\n", "govkit.yaml:2: anchors", "quotes"),
        ("<<: {a: 1}\n", "govkit.yaml:1: unknown key '<<'", "keys here are"),
        ("a: !!python/object:os.system x\n", "govkit.yaml:1: tags", "plain value"),
        ("system:\n\tid: x\n", "govkit.yaml:2: this can't be read as YAML", "tab"),
        ("target:x\ntrain: y\n", "govkit.yaml:2: this can't be read", "colon"),
        ("a: 'x\n", "this can't be read", "quote"),
        ("a: 1\n---\nb: 2\n", "govkit.yaml:2: a second document", "one document"),
        (b"a: 1\nb: \xfc\n", "govkit.yaml:2: not UTF-8", "UTF-8"),
        ("a: 1\n".encode("utf-16"), "govkit.yaml:1: not UTF-8", "UTF-8"),
        ("a: b\x00\n", "govkit.yaml:1: a control character", "invisible"),
        ("a: " + "[" * 100 + "]" * 100, "nested too deeply", "40"),
        ("a: " + "[" * 100_000, "nested too deeply", "40"),
        ("a: " + "{a: " * 100_000, "nested too deeply", "40"),
        ("[1, 2]: a\n", "a list or mapping can't be a key", "quotes"),
        (b"#" * (MAX_BYTES + 1), "larger than 2,000,000 bytes", "shorten"),
        ("- a\n", "the file must be keys with values", "correct"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_yaml_allows_and_we_do_not_is_one_problem_with_its_line(tmp_path, content, message, hint):
    problem = refused(tmp_path, content)
    assert message in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("systm: {id: x}\n", "govkit.yaml:1: unknown key 'systm'", "did you mean 'system'?"),
        ("# first\nsystem:\n  nmae: x\n", "govkit.yaml:3: unknown key 'nmae'", "did you mean 'name'?"),
        (
            "criteria:\n  a.b:\n    threshold: 1\n    resaon: x\n",
            "govkit.yaml:4: unknown key",
            "did you mean 'reason'?",
        ),
        ("train: {colum: s, value: 1}\n", "unknown key 'colum'", "did you mean 'column'?"),
        ("train: {column: s}\n", "train.value is missing", "add the line `value: ...`"),
        ("system:\n  version: 9.10\n", "govkit.yaml:2: system.version", 'put it in quotes: "9.10"'),
        ("target: 2026\n", "govkit.yaml:1: target", 'put it in quotes: "2026"'),
        ("provenance: {digests: {1: abc}}\n", "provenance.digests.1", 'put it in quotes: "1"'),
        (
            "task: binry\n",
            "task must be 'binary', 'multiclass', 'multilabel', 'regression' or 'anomaly'",
            "did you mean 'binary'?",
        ),
        ("provenance: {issued: 2026-13-01}\n", "provenance.issued must be a date", "correct"),
        ("seed: a\n", "seed must be a whole number", "correct"),
        ("seed: -1\n", "seed: input should be greater than or equal to 0", "correct"),
        ("decision_threshold: .nan\n", "decision_threshold must be a number", "correct"),
        ("system:\n", "govkit.yaml:1: system must be keys with values", "give it a value"),
        ("harmful_change: 5\n", "unknown key 'harmful_change'", "it belongs under robustness"),
        ("zzzz: 1\n", "unknown key 'zzzz'", "keys here are attestations, budget"),
    ],
)
def test_a_model_that_does_not_fit_is_one_problem_with_line_and_remedy(tmp_path, content, message, hint):
    problem = refused(tmp_path, content)
    assert message in problem.message
    assert hint in problem.hint


def test_lines_reach_into_lists_and_stop_at_what_the_file_holds(tmp_path):
    document = written(tmp_path, "items:\n  - id: a\n  - id: b\n    size: 2\n")
    assert document.line(("items", 1, "size")) == 4
    assert document.line(("items", 1, "colour")) == 3
    assert document.line(("items", 7)) == 1
    assert document.problem(("items", 0), "wrong", hint="right").message == "govkit.yaml:2: wrong"


def test_an_id_that_reads_as_a_number_names_what_was_written(tmp_path):
    problem = refused(tmp_path, "items:\n  - id: 'a'\n  - id: 6.20\n", Inventory)
    assert problem.message.startswith("govkit.yaml:3: items.1.id")
    assert problem.hint == 'put it in quotes: "6.20"'


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(UsageProblem, match="can't be read"):
            read(path)


def test_shipped_files_can_be_read_wherever_they_are_installed():
    assert read(shipped("controls") / "criteria.yaml").name == "criteria.yaml"


def test_nearest_is_silent_when_nothing_is_near():
    assert nearest("tresholds", ["threshold", "operator"]) == "threshold"
    assert nearest("qqq", ["threshold", "operator"]) == ""
