"""Frames between the audit's process and the model's: a JSON header and raw bytes, never pickles."""

import json
import socket
import struct
from typing import Any

HEAD = struct.Struct("<IQ")
MAX_HEADER = 64 * 2**20
MAX_PAYLOAD = 4 * 2**30


class Closed(Exception):
    """The other end is gone or doesn't keep to the protocol."""


def send(connection: socket.socket, header: dict[str, Any], payload: bytes | memoryview = b"") -> None:
    """Send one frame.

    Raises:
        Closed: the other end is gone.
    """
    text = json.dumps(header).encode()
    try:
        connection.sendall(HEAD.pack(len(text), len(payload)) + text)
        if payload:
            connection.sendall(payload)
    except (BrokenPipeError, ConnectionError):
        raise Closed from None


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytearray]:
    """Receive one frame.

    Raises:
        Closed: the other end is gone, or sent something that is no frame.
        TimeoutError: nothing came in the connection's time.
    """
    text_size, payload_size = HEAD.unpack(_exactly(connection, HEAD.size))
    if text_size > MAX_HEADER or payload_size > MAX_PAYLOAD:
        raise Closed
    try:
        header = json.loads(_exactly(connection, text_size))
    except ValueError:
        raise Closed from None
    if not isinstance(header, dict):
        raise Closed
    return header, _exactly(connection, payload_size)


def _exactly(connection: socket.socket, size: int) -> bytearray:
    content = bytearray(size)
    view = memoryview(content)
    while view:
        try:
            count = connection.recv_into(view)
        except ConnectionError:
            raise Closed from None
        if not count:
            raise Closed
        view = view[count:]
    return content
