"""LightGBM's own text files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from govkit.inputs import boosters
from govkit.plugins.model_format import Policy, Scanned, model_format

if TYPE_CHECKING:
    from govkit.inputs.native import NativeModel

STARTS = (b"tree\nversion=", b"tree\r\nversion=")


@model_format("lightgbm", needs="lightgbm")
class LightgbmFormat:
    """A booster as `save_model` writes it; its labels are 0, 1, ..., whatever they were called in training."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise the first two lines."""
        del path
        return head.startswith(STARTS)

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Check that the text is whole."""
        del policy
        whole = b"feature_names=" in content and b"end of trees" in content and b"\0" not in content
        return Scanned() if whole else Scanned(unreadable="its text is no whole LightGBM model")

    def load(self, content: bytes, policy: Policy) -> "NativeModel":
        """Read the booster."""
        import lightgbm

        del policy
        booster: Any = lightgbm.Booster(model_str=content.decode(), params={"num_threads": 1, "verbosity": -1})
        return boosters.from_lightgbm(booster)
