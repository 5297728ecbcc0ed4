"""Look into a zip archive within limits before anything unpacks it."""

import io
import zipfile
import zlib
from pathlib import PurePosixPath

MAX_ENTRIES = 20_000
MAX_OUTPUT = 2 * 2**30
MAX_RATIO = 200
"""Bytes out per byte in, from 64 MiB out on."""
FREE_OUTPUT = 64 * 2**20
MAX_TEXT = 64 * 2**20


class DamagedArchive(Exception):
    """The archive can't be read, or is over a limit; carries the end of a sentence."""


def names_in(content: bytes) -> list[str]:
    """Give the names of the files in an archive.

    Raises:
        DamagedArchive: it is no archive, too large, encrypted, holds a name twice, or a name that leaves the archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, EOFError):
        raise DamagedArchive("its zip archive is damaged") from None
    total, names = sum(entry.file_size for entry in entries), [entry.filename for entry in entries]
    if len(entries) > MAX_ENTRIES or total > min(MAX_OUTPUT, max(FREE_OUTPUT, MAX_RATIO * len(content))):
        raise DamagedArchive("its zip archive expands to more than it may")
    if any(entry.flag_bits & 1 for entry in entries):
        raise DamagedArchive("its zip archive is encrypted")
    if len(set(names)) != len(names):
        raise DamagedArchive("its zip archive holds a name twice")
    if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in names):
        raise DamagedArchive("its zip archive holds a name that leads out of it")
    return names


def read_entry(content: bytes, name: str) -> bytes:
    """Give the bytes of one file in an archive.

    Raises:
        DamagedArchive: it isn't there, is damaged, or is larger than the archive says.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(name) as stream:
            found = stream.read(MAX_TEXT + 1)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, zlib.error, OSError):
        raise DamagedArchive(f"its zip archive has no readable {name.rpartition('/')[2][:40]}") from None
    if len(found) > MAX_TEXT:
        raise DamagedArchive("its zip archive expands to more than it may")
    return found
