"""Evidence kept by key as it comes, so that an interrupted or repeated audit takes up where it was."""

import base64
import json
import os
from pathlib import Path

from pydantic import ValidationError

from govkit.core.evidence import Evidence, Outcome
from govkit.plugins.check import Attachment
from govkit.runner.one import Outcomes


class Journal:
    """A folder of evidence files; None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        """Take the folder; it is made when the first evidence is kept."""
        self._folder = folder

    def find(self, key: str) -> Outcomes | None:
        """Give the evidence kept under a key; what can't be read counts as absent."""
        if self._folder is None:
            return None
        try:
            kept = json.loads((self._folder / f"{key}.json").read_bytes())
            files = tuple(
                Attachment(name, media_type, base64.b64decode(content)) for name, media_type, content in kept["files"]
            )
            return Outcomes(Evidence.model_validate_json(kept["evidence"]), files, journalled=True)
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None

    def keep(self, key: str, outcomes: Outcomes) -> None:
        """Keep evidence; errors are never kept."""
        if self._folder is None or outcomes.evidence.outcome is Outcome.ERROR:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        content = {
            "evidence": outcomes.evidence.model_dump_json(),
            "files": [
                (file.name, file.media_type, base64.b64encode(file.content).decode()) for file in outcomes.attachments
            ],
        }
        draft = self._folder / f"{key}.{os.getpid()}.draft"
        draft.write_text(json.dumps(content))
        draft.replace(self._folder / f"{key}.json")
