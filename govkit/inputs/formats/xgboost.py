"""XGBoost's own files: JSON and UBJSON, which hold numbers and texts only."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govkit.inputs import boosters
from govkit.plugins.model_format import Policy, Scanned, model_format

if TYPE_CHECKING:
    from govkit.inputs.native import NativeModel

JSON_STARTS = (b'{"learner"', b'{"version"', b'{"Config"')
UBJSON_START = b"{L"
LEARNER = b"learner"


@model_format("xgboost", needs="xgboost")
class XgboostFormat:
    """A booster as `save_model` writes it; its labels are 0, 1, ..., whatever they were called in training."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise the first key of either notation."""
        del path
        return head.startswith(JSON_STARTS) or (head.startswith(UBJSON_START) and LEARNER in head)

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Check that the file is a whole JSON text with a learner; UBJSON is checked by its reader."""
        del policy
        if content.startswith(UBJSON_START):
            return Scanned() if content.endswith(b"}") else Scanned(unreadable="its UBJSON breaks off")
        try:
            plain = json.loads(content)
        except (ValueError, RecursionError):
            return Scanned(unreadable="its JSON is damaged")
        whole = isinstance(plain, dict) and isinstance(plain.get("learner"), dict)
        return Scanned() if whole else Scanned(unreadable="its JSON is no XGBoost model")

    def load(self, content: bytes, policy: Policy) -> "NativeModel":
        """Read the booster."""
        import xgboost

        del policy
        booster: Any = xgboost.Booster(params={"nthread": 1})
        booster.load_model(bytearray(content))
        return boosters.from_xgboost(booster)
