"""Pickles, with or without the arrays that joblib writes into them."""

from pathlib import Path

from govkit.inputs.pickle_loader import load_pickle
from govkit.inputs.pickle_machine import scan_pickle
from govkit.plugins.model_format import Policy, Scanned, model_format, taken_for_a_model

SUFFIXES = frozenset({".pkl", ".pickle", ".joblib", ".sav"})
MAX_PROTOCOL = 5


@model_format("pickle")
class PickleFormat:
    """Python's own format, protocols 0 to 5."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise the protocol mark, or the file name for the text protocols."""
        marked = len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= MAX_PROTOCOL  # noqa: PLR2004 - the PROTO opcode
        return marked or (path.suffix.lower() in SUFFIXES and not taken_for_a_model(head))

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Walk through the opcodes."""
        return scan_pickle(content, policy)

    def load(self, content: bytes, policy: Policy) -> object:
        """Unpickle under the policy."""
        return load_pickle(content, policy)
