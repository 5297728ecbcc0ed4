"""Evidence kept by key as it comes, sealed with the user's secret, so that a repeat takes up where it was."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from pathlib import Path

from pydantic import ValidationError

from govkit.core.evidence import Evidence, Outcome
from govkit.plugins.check import Attachment
from govkit.runner.one import Outcomes

SECRET_BYTES = 32
MAX_BYTES = 256 * 2**20
"""What a file of the journal may have; anything larger is left alone."""


class Journal:
    """A folder of evidence files; None keeps nothing.

    Each file carries an HMAC-SHA256 over its key and content. Whoever can write the folder, but doesn't have the
    secret, can neither make evidence up, nor edit it, nor move it to another key: such files count as absent.
    """

    def __init__(self, folder: Path | None) -> None:
        """Take the folder; it is made when the first evidence is kept."""
        secret = _secret() if folder is not None else None
        self._folder = None if secret is None else folder
        self._secret = secret or b""

    def find(self, key: str) -> Outcomes | None:
        """Give the evidence kept under a key; what can't be read or isn't sealed counts as absent."""
        if self._folder is None:
            return None
        try:
            with (self._folder / f"{key}.json").open("rb") as stream:
                seal, _, content = stream.read(MAX_BYTES).partition(b"\n")
            if not hmac.compare_digest(seal, self._seal(key, content)):
                return None
            kept = json.loads(content)
            files = tuple(Attachment(name, kind, base64.b64decode(text)) for name, kind, text in kept["files"])
            return Outcomes(Evidence.model_validate_json(kept["evidence"]), files, journalled=True)
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None

    def keep(self, key: str, outcomes: Outcomes) -> None:
        """Keep evidence; errors are never kept."""
        if self._folder is None or outcomes.evidence.outcome is Outcome.ERROR:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = {
            "evidence": outcomes.evidence.model_dump_json(),
            "files": [
                (file.name, file.media_type, base64.b64encode(file.content).decode()) for file in outcomes.attachments
            ],
        }
        content = json.dumps(kept).encode()
        draft = self._folder / f"{key}.{os.getpid()}.draft"
        draft.write_bytes(self._seal(key, content) + b"\n" + content)
        draft.replace(self._folder / f"{key}.json")

    def _seal(self, key: str, content: bytes) -> bytes:
        return hmac.new(self._secret, key.encode() + b"\n" + content, hashlib.sha256).hexdigest().encode()


def _secret() -> bytes | None:
    """Give this user's secret, made on first use; None where it can't be kept, or others could read it."""
    try:
        place = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "govkit" / "journal.key"
        return _read(place) if place.exists() else _made(place)
    except (OSError, RuntimeError):
        return None


def _made(place: Path) -> bytes | None:
    """Write a new secret; where another process was faster, its secret is the one."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f"{place.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(secrets.token_bytes(SECRET_BYTES))
    try:
        os.link(draft, place)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return _read(place)


def _read(place: Path) -> bytes | None:
    handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        facts = os.fstat(handle)
        private = stat.S_ISREG(facts.st_mode) and not facts.st_mode & 0o077 and facts.st_uid == os.geteuid()
        content = stream.read(SECRET_BYTES + 1)
    return content if private and len(content) == SECRET_BYTES else None
