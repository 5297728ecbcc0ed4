"""Compressed pickles as joblib writes them: zlib, gzip, bz2, xz, lzma."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from govkit.inputs.pickle_loader import load_pickle
from govkit.inputs.pickle_machine import scan_pickle
from govkit.plugins.model_format import Policy, Scanned, model_format

MAX_OUTPUT = 2 * 2**30
MAX_RATIO = 200
"""Bytes out per byte in, from 64 MiB out on."""
FREE_OUTPUT = 64 * 2**20
LZMA_MEMORY = 256 * 2**20


class Decompressor(Protocol):
    """What the standard library's decompressors share."""

    @property
    def eof(self) -> bool:
        """Whether the stream came to its end."""

    @property
    def unused_data(self) -> bytes:
        """What stands after the end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Give at most `max_length` bytes."""


STARTS: Mapping[bytes, Callable[[], Decompressor]] = {
    b"\x78\x01": zlib.decompressobj,
    b"\x78\x5e": zlib.decompressobj,
    b"\x78\x9c": zlib.decompressobj,
    b"\x78\xda": zlib.decompressobj,
    b"\x1f\x8b": lambda: zlib.decompressobj(31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(memlimit=LZMA_MEMORY),
    b"]\x00\x00": lambda: lzma.LZMADecompressor(memlimit=LZMA_MEMORY),
}


class Damaged(Exception):
    """The compressed stream can't be read; carries the end of a sentence."""


@model_format("joblib")
class JoblibFormat:
    """A pickle inside one compressed stream."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise a compressed stream by its first bytes."""
        del path
        return any(head.startswith(start) for start in STARTS)

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
    return expanded(next(make() for start, make in STARTS.items() if content.startswith(start)), content)


def expanded(machine: Decompressor, content: bytes) -> bytes:
    """Decompress one whole stream within limits.

    Raises:
        Damaged: it breaks off, is no stream of this kind, expands too far, or has something after it.
    """
    most = min(MAX_OUTPUT, max(FREE_OUTPUT, MAX_RATIO * len(content)))
    try:
        output = machine.decompress(content, most + 1)
    except (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError, MemoryError) as error:
        raise Damaged(f"its compressed stream is damaged ({type(error).__name__})") from None
    if len(output) > most:
        raise Damaged(f"it expands to more than {most:,} bytes")
    if not machine.eof:
        raise Damaged("its compressed stream breaks off")
    if machine.unused_data:
        raise Damaged("it has bytes after the compressed stream")
    return output
