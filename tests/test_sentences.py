"""Every sentence stands under an id of its own, so that a record never says another one's."""

from collections import defaultdict
from importlib import import_module

from govkit.plugins.check import CHECKS
from govkit.sentences import SPEAKERS


def test_no_message_id_has_two_texts():
    texts = defaultdict(set)
    for name in SPEAKERS:
        for key, text in getattr(import_module(name), "MESSAGES", {}).items():
            texts[key].add(text)
    for check in CHECKS.all().values():
        for key, text in check.messages.items():
            texts[key].add(text)
    assert len(texts) > 300
    assert {key: sorted(found) for key, found in texts.items() if len(found) > 1} == {}
