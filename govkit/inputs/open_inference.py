"""A client of the Open Inference Protocol v2: one model behind a URL, asked with limits, every answer checked.

Source of the protocol: Open Inference Protocol, version 2, HTTP/REST (`/v2/models/NAME`, `/v2/models/NAME/infer`).
"""

import http.client
import ipaddress
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Timer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from govkit.config import Service
from govkit.core.errors import InputProblem, ModelRaised, ModelUnavailable, ModelUnreachable, UsageProblem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_METADATA = 4 * 2**20
MAX_RESPONSE = 256 * 2**20
OVERHEAD = 2**20
PER_ROW = 16 * 2**10
"""Bytes that the answer to one row may take."""
MAX_COLUMNS = 10_000
MAX_DIMENSIONS = 2
PASSING = frozenset({408, 425, 429, 502, 503, 504})
"""Answers after which another attempt may help."""
FIRST_PAUSE = 0.1
"""Seconds before the second attempt; each further pause is twice as long."""
GONE = 2
"""Requests that are given up one after the other, after which each further one is sent once."""
MAX_WAIT = 10.0
"""Seconds that a service may ask to wait between attempts."""
_OK, _FAILED, _REDIRECTS, _CLIENT_ERRORS = 200, 500, range(300, 400), range(400, 500)
_FLOATS = frozenset({"FP16", "FP32", "FP64", "BF16"})
_INTEGERS = frozenset({"INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"})


@dataclass(frozen=True)
class Address:
    """Where a model is, as taken from its URL."""

    scheme: str
    host: str
    port: int
    path: str
    """`/v2/models/NAME`, with `/versions/VERSION` where it was given."""

    @property
    def model(self) -> str:
        """The model's name."""
        return self.path.split("/models/", 1)[1].split("/", 1)[0]

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine, by its literal address or as `localhost`."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class Tensor:
    """A tensor as the service's metadata declares it."""

    name: str
    datatype: str = "FP64"
    dimensions: int = 1


@dataclass(frozen=True)
class Signature:
    """What the service says of itself."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    columns: int
    """Columns that one input of two dimensions takes; 0 where it isn't said."""
    plain: dict[str, Any] = field(repr=False)


def address_of(url: str, settings: Service) -> Address:
    """Take a URL apart and hold its host against those allowed.

    Raises:
        UsageProblem: it isn't the URL of one model, its host isn't allowed, or a secret would travel in the open.
    """
    hint = "write it as http://127.0.0.1:8080/v2/models/NAME"
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise UsageProblem("the model's URL can't be read", hint=hint) from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageProblem(
            "the model's URL holds a user, a password, a query or a fragment",
            hint=f"give a token in the environment variable {settings.token_env}",
        )
    path = parts.path.rstrip("/").removesuffix("/infer")
    words = path.split("/")
    if "models" not in words or not parts.hostname or len(words) - words.index("models") not in (2, 4):
        raise UsageProblem("the URL names no model of the open inference protocol", hint=hint)
    address = Address(parts.scheme, parts.hostname, port, path)
    if not address.is_local and address.host not in settings.allowed_hosts:
        raise UsageProblem(
            f"rows would be sent to the host {address.host}, which is not allowed",
            hint=f"if that is meant, add to govkit.yaml: service: {{allowed_hosts: [{address.host}]}}",
        )
    if os.environ.get(settings.token_env) and not address.is_local and address.scheme != "https":
        raise UsageProblem(
            f"the token in {settings.token_env} would be sent unencrypted to {address.host}",
            hint="use an https URL, or unset the variable",
        )
    return address


class Client:
    """Talks to one model. Texts of the service are never shown: they could quote rows."""

    def __init__(self, address: Address, settings: Service) -> None:
        """Take the address; the first request connects."""
        self._address = address
        self._settings = settings
        self._connection: http.client.HTTPConnection | None = None
        self._next = 0.0
        self._fails_at_times: bool | None = None
        """Whether a request that it failed on succeeded when sent again; None while it has failed on none."""
        self._lost = 0
        """Requests on end that were given up."""

    def signature(self) -> Signature:
        """Ask for the model's metadata.

        Raises:
            InputProblem: nothing answers there, or not with metadata of the protocol.
        """
        try:
            found = self._request("GET", self._address.path, b"", MAX_METADATA)
        except ModelUnavailable as problem:
            raise InputProblem(
                f"the model {self._address.model} can't be asked: {problem.message}",
                hint="check that the service runs and that the URL names its model",
            ) from None
        try:
            return _signature(found)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InputProblem(
                f"the metadata of {self._address.model} doesn't follow the open inference protocol",
                hint="the service has to answer GET /v2/models/NAME as version 2 of the protocol says",
            ) from None

    def infer(self, inputs: list[dict[str, Any]], outputs: tuple[str, ...], rows: int) -> "list[NDArray[np.generic]]":
        """Send tensors; give the answers with one row each, checked for shape, type and finite values.

        Raises:
            ModelUnavailable: the service can't be reached, or answers nonsense.
            ModelRaised: it refuses these rows.
        """
        asked: dict[str, Any] = {"inputs": inputs}
        if outputs:
            asked["outputs"] = [{"name": name} for name in outputs]
        body = json.dumps(asked, allow_nan=False).encode()
        answer = self._request(
            "POST", f"{self._address.path}/infer", body, min(OVERHEAD + PER_ROW * rows, MAX_RESPONSE)
        )
        try:
            found = [_array(tensor, rows) for tensor in answer["outputs"]]
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise _nonsense("tensors with one finite answer a row") from None
        if not found:
            raise _nonsense("an output")
        return found

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _request(self, method: str, path: str, body: bytes, most: int) -> dict[str, Any]:
        """Send one request, again where that may help; a service that seems to be gone is asked once.

        Status 500 may say that the service can't answer for these rows, or that it fails now and then. The first time,
        the same request is sent again to see which it is.
        """
        reason, attempts, failed = "", 1 if self._lost >= GONE else self._settings.retries + 1, False
        for attempt in range(attempts):
            self._wait(FIRST_PAUSE * 2 ** (attempt - 1) if attempt else 0.0)
            try:
                status, content, wait = self._once(method, path, body, most)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                slow = isinstance(error, TimeoutError)
                reason = f"no answer within {self._settings.timeout_seconds:g} s" if slow else "the connection failed"
                continue
            if status == _OK:
                self._fails_at_times, self._lost = failed or self._fails_at_times, 0
                return _parsed(content)
            reason = f"it answers with status {status}"
            failed = failed or status == _FAILED
            if status not in PASSING and not (status == _FAILED and self._fails_at_times is not False):
                raise _refused(status)
            self._wait(min(wait, MAX_WAIT))
        if failed and not self._fails_at_times:
            self._fails_at_times = False
            raise _refused(_FAILED)
        self._lost += 1
        hint = f"check the service, or have more patience with it: service: {{retries: {self._settings.retries + 3}}}"
        raise ModelUnreachable(f"{reason} ({attempts} attempts)", hint=hint)

    def _once(self, method: str, path: str, body: bytes, most: int) -> tuple[int, bytes, float]:
        """Send one request; the whole of it has to be over in time, however slowly it drips."""
        connection = self._connected()
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token := os.environ.get(self._settings.token_env):
            headers["Authorization"] = f"Bearer {token}"
        with _over_in(self._settings.timeout_seconds, connection.sock):
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            content = response.read(most + 1)
        if len(content) > most:
            self.close()
            raise _nonsense(f"fewer than {most:,} bytes")
        if response.will_close:
            self.close()
        return response.status, content, _seconds(response.headers.get("Retry-After", ""))

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._address.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(self._address.host, self._address.port, timeout=self._settings.timeout_seconds)
        if self._connection.sock is None:
            self._connection.connect()
        return self._connection

    def _wait(self, seconds: float) -> None:
        """Wait as long as was asked, and until the next request is due."""
        now = time.monotonic()
        due = max(now + seconds, self._next)
        time.sleep(due - now)
        self._next = due + 1 / self._settings.requests_per_second


@contextmanager
def _over_in(seconds: float, sock: socket.socket) -> Iterator[None]:
    """End what goes on over a socket when the time is up.

    Raises:
        TimeoutError: it was.
    """
    late = []

    def stop() -> None:
        late.append(True)
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException):
        if late:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
    if late:
        raise TimeoutError


def _refused(status: int) -> ModelUnavailable:
    if status in _REDIRECTS:
        return ModelUnavailable(
            f"it answers with a redirect ({status}), and none is followed", hint="name the final URL"
        )
    if status in (401, 403):
        return ModelUnavailable(f"it refuses access (status {status})", hint="set the token's environment variable")
    if status in _CLIENT_ERRORS:
        return ModelRaised(f"the service refuses the request (status {status})", hint="send it the same rows by hand")
    return ModelRaised(f"the service fails on the request (status {status})", hint="look into the service's log")


def _nonsense(wanted: str) -> ModelUnavailable:
    return ModelUnavailable(f"the service's answer does not hold {wanted}", hint="correct the service")


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _nonsense("a JSON object")
    return found


def _signature(plain: dict[str, Any]) -> Signature:
    inputs, outputs = (tuple(_tensor(each) for each in plain.get(name) or ()) for name in ("inputs", "outputs"))
    if len(inputs) > MAX_COLUMNS or len(outputs) > MAX_COLUMNS:
        raise ValueError
    shape = list(plain["inputs"][0]["shape"]) if len(inputs) == 1 else []
    columns = max(shape[-1], 0) if len(shape) == MAX_DIMENSIONS else 0
    return Signature(inputs, outputs, columns, plain)


def _tensor(plain: dict[str, Any]) -> Tensor:
    name, datatype, shape = plain["name"], plain["datatype"], plain["shape"]
    known = datatype in _FLOATS | _INTEGERS | {"BOOL", "BYTES"}
    if not isinstance(name, str) or not known or not all(type(size) is int for size in shape):
        raise ValueError
    return Tensor(name, datatype, len(shape))


def _shape(given: Any, rows: int) -> tuple[int, ...]:  # noqa: ANN401 - any JSON
    """Hold an output's shape against (rows,) and (rows, several).

    Raises:
        ValueError: it is another one.
    """
    shape = tuple(given)
    if not all(type(size) is int for size in shape) or shape[:1] != (rows,):
        raise ValueError
    if not all(0 < size <= MAX_COLUMNS for size in shape[1:]) or len(shape) > MAX_DIMENSIONS:
        raise ValueError
    return shape


def _array(tensor: dict[str, Any], rows: int) -> "NDArray[np.generic]":
    """Read one output: shape (rows,) or (rows, several), of numbers or of texts.

    Raises:
        ValueError: the data isn't what shape and datatype announce, or a number isn't finite.
    """
    import numpy as np

    shape, datatype = _shape(tensor["shape"], rows), tensor["datatype"]
    if datatype == "BYTES":
        texts = np.asarray(tensor["data"], dtype=object).reshape(shape)
        if not all(isinstance(text, str) for text in texts.flat):
            raise ValueError
        return texts[:, 0] if texts.shape[1:] == (1,) else texts
    if datatype not in _FLOATS | _INTEGERS | {"BOOL"}:
        raise ValueError
    numbers = np.asarray(tensor["data"])
    if numbers.dtype.kind not in "biuf" or not np.isfinite(numbers).all():
        raise ValueError
    kind: type[np.generic] = np.float64 if datatype in _FLOATS else np.bool_ if datatype == "BOOL" else np.int64
    exact = numbers.astype(kind).reshape(shape)
    if not np.array_equal(exact.ravel(), numbers.ravel()):
        raise ValueError
    return exact[:, 0] if exact.shape[1:] == (1,) else exact
