"""CatBoost's own binary files (.cbm)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from govkit.inputs import boosters
from govkit.plugins.model_format import Policy, Scanned, model_format

if TYPE_CHECKING:
    from govkit.inputs.native import NativeModel

START = b"CBM1"


@model_format("catboost", needs="catboost")
class CatboostFormat:
    """A model as `save_model` writes it."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise the first four bytes."""
        del path
        return head.startswith(START)

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Check the announced length; the file holds numbers and texts only."""
        del policy
        announced = int.from_bytes(content[4:8], "little")
        return Scanned() if announced + 8 <= len(content) else Scanned(unreadable="its bytes break off")

    def load(self, content: bytes, policy: Policy) -> "NativeModel":
        """Read the model."""
        import catboost

        del policy
        model: Any = catboost.CatBoost()
        model.load_model(blob=content)
        if len(model.classes_):
            model = catboost.CatBoostClassifier()
            model.load_model(blob=content)
        return boosters.from_catboost(model)
