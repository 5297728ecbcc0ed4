"""Frames between the audit's process and the model's: a JSON header and raw bytes, never pickles."""

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

HEAD = struct.Struct("<IQ")
MAX_HEADER = 64 * 2**20
MAX_PAYLOAD = 4 * 2**30
SMALL = 16_384
"""Bytes up to which a buffer is rather copied than sent by a call of its own."""


class Closed(Exception):
    """The other end is gone or doesn't keep to the protocol."""


def send(
    connection: socket.socket,
    header: dict[str, Any],
    payload: Sequence[bytes | bytearray | memoryview] = (),
    *,
    seconds: float | None = None,
) -> None:
    """Send one frame; the payload's buffers go one behind the other.

    Raises:
        Closed: the other end is gone.
        TimeoutError: it didn't take the frame within `seconds`.
    """
    text = json.dumps(header).encode()
    connection.settimeout(seconds)
    try:
        head = HEAD.pack(len(text), sum(len(buffer) for buffer in payload)) + text
        small = [buffer for buffer in payload if len(buffer) <= SMALL]
        if len(small) == len(payload):
            connection.sendall(b"".join((head, *payload)))
            return
        connection.sendall(head)
        for buffer in payload:
            connection.sendall(buffer)
    except TimeoutError:
        raise
    except OSError:
        raise Closed from None


def receive(
    connection: socket.socket, *, seconds: float | None = None, most: int = MAX_PAYLOAD
) -> tuple[dict[str, Any], bytearray]:
    """Receive one frame with at most `most` bytes of payload.

    Raises:
        Closed: the other end is gone, or sent something that is no frame.
        TimeoutError: the frame wasn't complete within `seconds`.
    """
    until = None if seconds is None else time.monotonic() + seconds
    text_size, payload_size = HEAD.unpack(_exactly(connection, HEAD.size, until))
    if text_size > MAX_HEADER or payload_size > most:
        raise Closed
    try:
        header = json.loads(_exactly(connection, text_size, until))
    except (ValueError, RecursionError):
        raise Closed from None
    if not isinstance(header, dict):
        raise Closed
    return header, _exactly(connection, payload_size, until)


def _exactly(connection: socket.socket, size: int, until: float | None) -> bytearray:
    content = bytearray(size)
    view = memoryview(content)
    while view:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
        else:
            connection.settimeout(None)
        try:
            count = connection.recv_into(view)
        except TimeoutError:
            raise
        except OSError:
            raise Closed from None
        if not count:
            raise Closed
        view = view[count:]
    return content
