"""Pickles that joblib compressed with lz4, which needs the package of that name."""

from pathlib import Path

from govkit.inputs.formats.joblib import Damaged, expanded
from govkit.inputs.pickle_loader import load_pickle
from govkit.inputs.pickle_machine import scan_pickle
from govkit.plugins.model_format import Policy, Scanned, model_format

START = b"\x04\x22\x4d\x18"


@model_format("joblib-lz4", needs="lz4")
class JoblibLz4Format:
    """A pickle inside one lz4 frame."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise the frame's mark."""
        del path
        return head.startswith(START)

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Decompress within limits and walk through the pickle."""
        try:
            return scan_pickle(_decompressed(content), policy)
        except Damaged as problem:
            return Scanned(unreadable=str(problem))

    def load(self, content: bytes, policy: Policy) -> object:
        """Unpickle under the policy."""
        return load_pickle(_decompressed(content), policy)


def _decompressed(content: bytes) -> bytes:
    from lz4.frame import LZ4FrameDecompressor

    try:
        return expanded(LZ4FrameDecompressor(), content)
    except RuntimeError:
        raise Damaged("its compressed stream is damaged (RuntimeError)") from None
