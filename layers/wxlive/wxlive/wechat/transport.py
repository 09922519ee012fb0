"""The HTTP session for WeChat: what a connection that fails means, and how long a call may take.

``requests`` bounds each read, not the call, and its errors do not say whether the request has left:
a TLS handshake that breaks is reported like an answer that breaks, and an answer that breaks behind
a proxy like a proxy that is not there. Here that is noted where the bytes leave, and a server that
sends its answer byte by byte, or without end, is cut off.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, socket
from time import monotonic
from typing import TYPE_CHECKING, Any

import requests
from requests import Request
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from wxlive.domain.chunks import CALL_LIMIT_S

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

ANSWER_LIMIT_BYTES = 8_000_000
"""A page of 2000 followers has some 250,000 bytes."""

_READ_BYTES = 65_536


class AnswerTooLarge(requests.RequestException):
    """An answer has more than ``ANSWER_LIMIT_BYTES``."""


class NothingSent(requests.RequestException):
    """No byte of the request has left; its cause says why."""


def kind_of(error: requests.RequestException) -> str:
    """Name what went wrong; a handshake by its own error, because a certificate can be mended."""
    handshake = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
    reason = error.__cause__ if isinstance(error, NothingSent) else None
    return type(handshake or reason or error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class _Call:
    """A call in progress: since when (monotonic), over which connection, whether it has left."""

    def __init__(self) -> None:
        self.began_s = monotonic()
        self.sock: Any = None
        self.is_cut = False
        self.has_left = False

    def cut(self) -> None:
        """Break the connection, so that whoever waits for it goes on."""
        self.is_cut = True
        if self.sock is not None:
            with suppress(OSError):
                # Not the method of a TLS socket: that one is for the thread that uses it.
                socket.shutdown(self.sock, SHUT_RDWR)


_calls = threading.local()


def _current() -> _Call | None:
    return getattr(_calls, "current", None)


@contextmanager
def _bounded(limit_s: float) -> Iterator[_Call]:
    """Cut a call off after ``limit_s``.

    Every failure is one that ``requests`` names, so that callers need to know no others, and
    ``NothingSent`` if the request has not left.
    """
    call = _calls.current = _Call()
    timer = threading.Timer(limit_s, call.cut)
    timer.daemon = True
    try:
        timer.start()
        yield call
    except Exception as error:  # a call that may have left must not end without an outcome
        if not call.has_left:
            raise NothingSent(type(error).__name__) from error
        if isinstance(error, requests.RequestException):
            raise
        raise requests.RequestException(type(error).__name__) from error
    finally:
        timer.cancel()
        _calls.current = None


class _Connection(HTTPConnection):
    """Connects within the connect time-out in all: name, every address, proxy and TLS."""

    _is_connecting = False

    def connect(self) -> None:
        self._is_connecting = True
        try:
            super().connect()
        except Exception:
            self.close()
            raise
        finally:
            self._is_connecting = False
        call, limit_s = _current(), self.timeout
        if call is None or not isinstance(limit_s, int | float):
            return
        if monotonic() - call.began_s > limit_s:
            self.close()
            raise NewConnectionError(self, f"no connection within {limit_s} s")

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        call = _current()
        if call is not None:
            call.sock = self.sock
            if call.is_cut:  # before there was a connection to break
                raise TimeoutError
            call.has_left = call.has_left or not self._is_connecting  # not what a proxy is asked
        super().send(data)


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class WechatSession(requests.Session):
    """A session whose calls end within ``limit_s``, with an answer of a bounded size.

    It repeats and redirects nothing by itself.
    """

    def __init__(self, limit_s: float = CALL_LIMIT_S) -> None:
        super().__init__()
        self._limit_s = limit_s
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(max_retries=0))

    def prepare_request(self, request: Request) -> "PreparedRequest":
        """Prepare a request.

        Raises:
            NothingSent: its address is none.
        """
        try:
            return super().prepare_request(request)
        except requests.RequestException as error:
            raise NothingSent(type(error).__name__) from error

    def send(self, request: "PreparedRequest", **kwargs: Any) -> "Response":
        """Send a request and read its answer whole.

        Raises:
            NothingSent: the request has not left.
            RequestException: there is no answer, it is too large, or whatever else went wrong.
        """
        with _bounded(self._limit_s) as call:
            response = super().send(request, **{**kwargs, "stream": True})
            response._content = self._read(response)  # noqa: SLF001 - as requests itself does
        if call.is_cut:  # what was read up to then may look like a whole answer
            raise requests.ReadTimeout(f"no whole answer within {self._limit_s} s")
        return response

    def open(self, url: str, limit_s: float) -> None:
        """Open a connection, unless one is open; through a proxy, only a call opens it.

        Raises:
            RequestException: there is none within ``limit_s``.
        """
        settings = self.merge_environment_settings(url, {}, False, None, None)
        if settings["proxies"]:
            return
        adapter, request = self.get_adapter(url), self.prepare_request(Request("GET", url))
        assert isinstance(adapter, HTTPAdapter)  # noqa: S101 - as mounted
        pool: Any = adapter.get_connection_with_tls_context(request, settings["verify"])
        connection = pool._get_conn()  # noqa: SLF001 - closes one that the server has closed
        try:
            if connection.is_closed:
                connection.timeout = limit_s
                with _bounded(limit_s):
                    connection.connect()
        finally:
            pool._put_conn(connection)  # noqa: SLF001

    def _read(self, response: "Response") -> bytes:
        body = bytearray()
        for part in response.iter_content(_READ_BYTES):
            body += part
            if len(body) > ANSWER_LIMIT_BYTES:
                response.close()
                raise AnswerTooLarge(f"more than {ANSWER_LIMIT_BYTES} bytes")
        return bytes(body)
