"""The HTTP servers around a metered function: its invocations, and its requests to AWS."""

import json
import threading
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from typing import Any, TypeAlias

from bench_harness.lambda_runtime import QuietServer

Count: TypeAlias = Callable[[str, str, bytes, bytes], None]
"""Called with the service and operation of a request to AWS, its body and that of the answer."""

_PASSED_ON = {"content-type", "x-amzn-requestid", "x-amz-crc32", "x-amz-function-error"}
_SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AWSEvents": "events"}
"""Services by their name in ``X-Amz-Target``, where it is another one."""


def serve_invocations(invoke: Callable[[Any], Any]) -> QuietServer:
    """Serve POSTs whose body is an event; the answer is what ``invoke`` returns."""

    class Handler(_Handler):
        def do_POST(self) -> None:
            answer = invoke(json.loads(self.body()))
            self.reply(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    return _serve(Handler)


def serve_counting_proxy(aws: str, count: Count) -> QuietServer:
    """Pass requests on to the local AWS at ``aws`` (host and port), and count the successful."""

    class Handler(_Handler):
        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            request = self.body()
            connection = _connection(aws)
            connection.request(self.command, self.path, request, dict(self.headers))
            with connection.getresponse() as response:
                answer = response.read()
            if response.status == 200:  # noqa: PLR2004 - OK; refused requests are not counted
                service, operation = _target(self.headers)
                count(service, operation, request, answer)
            headers = {k: v for k, v in response.getheaders() if k.lower() in _PASSED_ON}
            self.reply(response.status, headers, answer)

    return _serve(Handler)


def address_of(server: QuietServer) -> str:
    """Return the server's URL, without a slash at the end."""
    return f"http://127.0.0.1:{server.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _serve(handler: type[BaseHTTPRequestHandler]) -> QuietServer:
    server = QuietServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


_connections = threading.local()


def _connection(aws: str) -> HTTPConnection:
    """Return this thread's connection to the local AWS: a thread serves one client connection."""
    if not hasattr(_connections, "aws"):
        _connections.aws = HTTPConnection(aws)
    connection: HTTPConnection = _connections.aws
    return connection


def _target(headers: Any) -> tuple[str, str]:
    """Return the service and the operation of an AWS request."""
    service, _, operation = headers.get("X-Amz-Target", "").partition(".")
    return _SERVICES.get(service, service), operation
