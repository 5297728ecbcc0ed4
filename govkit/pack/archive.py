"""A zip archive with one way to be written: the same files give the same bytes, and no other bytes are accepted."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from govkit.core.errors import InputProblem, IntegrityProblem

MOST_BYTES: Final = 512 * 2**20
MOST_FILES: Final = 5_000
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE: Final = 0o100644 << 16


def packed(files: Mapping[str, bytes]) -> bytes:
    """Write files into an archive, by name, uncompressed, without times.

    Nothing is compressed: what a compressor writes depends on its version, and a reader that takes no compressed file
    can't be given one that grows without end.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.external_attr = _REGULAR_FILE
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return content.getvalue()


def unpacked(path: Path) -> dict[str, bytes]:
    """Read an archive into memory; nothing is written to disk.

    Raises:
        InputProblem: it can't be read, is too large or no archive that govkit writes.
        IntegrityProblem: see `files_of`.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputProblem(f"{path} is larger than {MOST_BYTES:,} bytes", hint="give an evidence-pack.zip")
        content = path.read_bytes()
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}", hint="give an evidence-pack.zip") from None
    return files_of(content, path)


def files_of(content: bytes, path: Path) -> dict[str, bytes]:
    """Give the files of an archive by name.

    Args:
        content: the archive.
        path: where it comes from, for the error.

    Raises:
        InputProblem: it holds too many files.
        IntegrityProblem: bytes of the archive itself, outside its files, were changed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = _files(path, archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OverflowError, NotImplementedError, EOFError):
        raise IntegrityProblem(
            f"{path} is no whole zip archive: its bytes were changed or cut short", hint="get the pack again"
        ) from None
    if packed(files) != content:
        raise IntegrityProblem(
            f"{path} was changed: the archive holds bytes that govkit does not write", hint="get the pack again"
        )
    return files


def _files(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise InputProblem(f"{path} holds more than {MOST_FILES:,} files", hint="give an evidence-pack.zip")
    files: dict[str, bytes] = {}
    for entry in entries:
        _check(path, entry, files)
        files[entry.filename] = archive.read(entry)
    return files


def _check(path: Path, entry: zipfile.ZipInfo, seen: Mapping[str, bytes]) -> None:
    """Refuse an entry that govkit never writes, before any byte of it is read.

    Raises:
        IntegrityProblem: it is compressed, encrypted, a link or a folder, stands twice, or leads out of the archive.
    """
    name = entry.filename
    parts = name.split("/")
    wrong = (
        "leads out of the archive"
        if name.startswith("/") or "\\" in name or ":" in name or not all(part not in {"", ".", ".."} for part in parts)
        else "is compressed or encrypted"
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or entry.file_size != entry.compress_size
        else "stands twice"
        if name in seen
        else ""
    )
    if wrong:
        shown = name if name.isprintable() else ascii(name)
        raise IntegrityProblem(f"{path} is refused: {shown[:80]!r} {wrong}", hint="give a pack as govkit wrote it")
