"""Stand-ins for boto3's clients that spare work which one history after the other repeats."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from explore.aws.clients import Client, ResourceClient, Service, Table
from explore.aws.outcomes import Answer as AwsAnswer
from explore.engine.programs import Port
from explore.stack.places import STATE_TABLE


class _Lenient(Service):
    """A service that checks one request of each operation and each choice of parameters."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._lenient: set[tuple[str, frozenset[str]]] = set()

    def check(self, model: Any, request: Mapping[str, Any]) -> None:
        """Check a request against the model."""
        key = (model.name, frozenset(request))
        if key not in self._lenient:
            super().check(model, request)
            self._lenient.add(key)


_lenient = cache(_Lenient)


class _Rendering:
    """Spares the stand-ins of boto3 work: recorded calls are not checked, answers rendered once.

    An answer that was rendered is given to everybody, so nobody may change it; ``plain`` copies.
    """

    _rendered: "dict[tuple[bool, AwsAnswer], dict[str, Any]]" = {}  # noqa: RUF012 - for all of them

    _port: Any

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._service: Any = _lenient(self._service.name)

    def _call(self, model: Any, params: dict[str, Any]) -> dict[str, Any]:
        recorded = self._port.recorded(self._service.name, model.name)
        if recorded is None:
            called: dict[str, Any] = super()._call(model, params)  # type: ignore[misc]  # the client's
            return called
        finished: dict[str, Any] = self._finish(model, recorded.value)  # type: ignore[attr-defined]  # the client's
        return finished

    def _answer(self, model: Any, answer: AwsAnswer) -> dict[str, Any]:
        key = (isinstance(self, ResourceClient), answer)
        found = self._rendered.get(key)
        if found is None:
            found = self._rendered[key] = super()._answer(model, answer)  # type: ignore[misc]  # the client's
        return found


class _Client(_Rendering, Client):
    """A low-level client."""


class _TableClient(_Rendering, ResourceClient):
    """The client behind a table."""


def client(service: str, port: Port) -> Any:
    """Return a low-level client of a service."""
    return _Client(service, port)


def state_table(port: Port) -> Any:
    """Return the State table."""
    return Table(STATE_TABLE, _TableClient(port))
