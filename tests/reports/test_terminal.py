import pytest
import report_records as records

from govkit.reports.terminal import verdict


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_without_colour_and_unicode_there_is_only_ascii(name):
    text = verdict(records.ALL[name](), colour=False, unicode=False)
    assert text.isascii()
    assert "\x1b" not in text


@pytest.mark.parametrize("name", sorted(set(records.ALL) - {"hostile"}))
@pytest.mark.parametrize("width", [80, 60])
def test_lines_keep_to_the_width(name, width):
    text = verdict(records.ALL[name](), width=width, colour=False, unicode=True)
    wide = [line for line in text.splitlines() if len(line) > width]
    assert width < 80 or wide == []


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_colour_changes_nothing_but_colour(name):
    plain = verdict(records.ALL[name](), colour=False, unicode=True)
    tinted = verdict(records.ALL[name](), colour=True, unicode=True)
    for code in ("0", "1", "2", "31", "32", "33", "35"):
        tinted = tinted.replace(f"\x1b[{code}m", "")
    assert tinted == plain


def test_hostile_text_can_not_write_to_the_terminal():
    text = verdict(records.hostile(), colour=False, unicode=True)
    assert not set(text) & set("\x00\x07\x1b\u202e\r")


def test_the_decision_comes_last_with_counts():
    lines = verdict(records.failing(), colour=False, unicode=True).rstrip().splitlines()
    assert any(
        "✗ FAILED  5 pass, 5 fail, 2 inconclusive, 1 not run of 13 gated criteria" in line for line in lines[-4:]
    )


def test_a_failure_shows_number_interval_limit_and_what_to_do():
    text = verdict(records.failing(), colour=False, unicode=False)
    assert "36.4 % [33.4, 39.4] (n 1,000); limit <= 3 %" in text
    assert "to do: Regularise the model, and release labels" in text


def test_the_line_that_is_missing_is_named():
    text = verdict(records.incomplete(), colour=False, unicode=True)
    assert "add to govkit.yaml: train: train.csv" in text
    assert "MEASURE 1.1 Legal and regulatory duties for AI (not assessed)" in text


def test_quiet_keeps_failures_and_decision():
    text = verdict(records.failing(), colour=False, unicode=True, quiet=True)
    assert "Few members found" in text
    assert "FAILED" in text
    assert "Not assessed" not in text
    assert "Area" not in text


def test_what_fails_without_gating_is_named_beside_what_gates():
    assert "not gated" not in verdict(records.failing(), colour=False, unicode=True)
    record = records.failing()
    free = record.result.decision.failed[0].id
    gate = tuple(name for name in record.result.profile.gate if name != free)
    decision = record.result.decision.model_copy(update={"failed": record.result.decision.failed[1:]})
    changed = {"profile": record.result.profile.model_copy(update={"gate": gate}), "decision": decision}
    result = record.result.model_copy(update=changed)
    text = verdict(record.model_copy(update={"result": result}), colour=False, unicode=True)
    title = next(one.title for one in record.result.criteria if one.id == free)
    beside = text.split("Failed, not gated by the profile")[1].split("\n\n")[0]
    assert title in beside
    assert beside.count("✗") == 1
