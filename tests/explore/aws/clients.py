"""What stands in for boto3's clients and DynamoDB resource: the same calls, through one function.

The stand-ins behave as boto3 does on both sides of a call: parameters are checked against the
service's model, events are emitted, answers have boto3's types and errors are botocore's own. What
lies between, signing, sending and retrying, is the port's business.

A request without a ``ClientRequestToken`` that takes one stands for boto3's behaviour: one new
token for each call, which its retries share.
"""

import io
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeAlias

import botocore
from boto3.dynamodb.table import BatchWriter
from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.hooks import HierarchicalEmitter, first_non_none_response
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.response import StreamingBody
from botocore.validate import ParamValidator

from explore.aws.outcomes import Answer, AwsError, Unreachable, render
from explore.aws.store import Item
from explore.aws.values import attributes_to_resource, serialize, to_json

Port: TypeAlias = Callable[[str, str, Mapping[str, Any]], Any]
"""Carries out a call: service, operation as AWS spells it, request as boto3's client takes it.

Returns an ``Outcome``, or a mapping that is given to the caller as it is; or raises.
"""

ENDPOINT: Final = "https://aws.invalid/"
_ERROR_STATUS = 300


@cache
def service(name: str) -> "Service":
    """Return what is known of a service, loaded once."""
    return Service(name)


class Service:
    """A service's model, as botocore ships it."""

    def __init__(self, name: str) -> None:
        self.name = name
        loader = Loader(include_default_search_paths=True)
        self.model: Any = ServiceModel(loader.load_service_model(name, "service-2"), name)
        self.id: str = self.model.service_id.hyphenize()
        self.exceptions: Any = ClientExceptionsFactory().create_client_exceptions(self.model)
        self.operations: dict[str, Any] = {
            botocore.xform_name(operation): self.model.operation_model(operation)
            for operation in self.model.operation_names
        }
        self._checked: set[tuple[str, Hashable]] = set()

    def check(self, model: OperationModel, request: Mapping[str, Any]) -> None:
        """Check a request against the model, once for all requests of the same form.

        Raises:
            ParamValidationError: it does not fit.
        """
        seen = model.name, _form(request)
        if seen in self._checked:
            return
        shape: Any = model.input_shape
        report = ParamValidator().validate(request, shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())
        self._checked.add(seen)


def _form(value: Any) -> Hashable:
    """Return what botocore's checks depend on: names, types, and whether something is there."""
    if isinstance(value, Mapping):
        return frozenset((name, _form(inner)) for name, inner in value.items())
    if isinstance(value, list | tuple):
        return (list, len(value) > 0, frozenset(map(_form, value)))
    return (type(value), bool(value) if not isinstance(value, int) else value > 0)


@dataclass
class Meta:
    """A client's ``meta``: its events, and of a resource or table its client."""

    client: "Client | None" = None
    events: Any = field(default_factory=HierarchicalEmitter)


class Client:
    """Stands in for a low-level client of any service."""

    def __init__(self, name: str, port: Port) -> None:
        self._service = service(name)
        self._port = port
        self.meta: Any = Meta()
        self.exceptions = self._service.exceptions

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        model = self._service.operations.get(name)
        if model is None:
            raise AttributeError(f"{self._service.name} has no operation {name}")

        def call(**params: Any) -> dict[str, Any]:
            return self._call(model, params)

        return call

    def _call(self, model: OperationModel, params: dict[str, Any]) -> dict[str, Any]:
        emit, name = self.meta.events.emit, f"{self._service.id}.{model.name}"
        context: dict[str, Any] = {}
        given = emit(f"provide-client-params.{name}", params=params, model=model, context=context)
        request = self._request(first_non_none_response(given, default=params))
        self._service.check(model, request)
        sent = {"body": request, "context": context}
        answered = emit(
            f"before-call.{name}", model=model, params=sent, request_signer=None, context=context
        )
        instead = first_non_none_response(answered)
        if instead is None:
            return self._finish(model, self._port(self._service.name, model.name, request))
        http, parsed = instead
        if http.status_code >= _ERROR_STATUS:
            raise self._error(model, parsed)
        return dict(parsed)

    def _finish(self, model: OperationModel, outcome: Any) -> dict[str, Any]:
        """Return what the caller gets, or raise what it meets."""
        if isinstance(outcome, Unreachable):
            raise unreachable(outcome)
        if isinstance(outcome, AwsError):
            raise self._error(model, error_response(outcome))
        parsed = self._answer(model, outcome) if isinstance(outcome, Answer) else dict(outcome)
        if model.has_streaming_output and isinstance(body := parsed.get("Payload"), bytes):
            parsed["Payload"] = StreamingBody(io.BytesIO(body), len(body))
        return parsed | {"ResponseMetadata": _metadata(200)}

    def _answer(self, model: OperationModel, answer: Answer) -> dict[str, Any]:
        """Render an answer, after whoever wants to has parsed it by themselves."""
        event = f"before-parse.{self._service.id}.{model.name}"
        if not self.meta.events._handlers.prefix_search(event):
            return answer.body(self._of_item)
        response = {
            "status_code": 200,
            "headers": {},
            "body": to_json(answer.body(Item.wire)).encode(),
        }
        customized: dict[str, Any] = {}
        self.meta.events.emit(
            event,
            operation_model=model,
            response_dict=response,
            customized_response_dict=customized,
        )
        return customized or answer.body(self._of_item)

    def _error(self, model: OperationModel, parsed: Mapping[str, Any]) -> Exception:
        made: Exception = self.exceptions.from_code(parsed["Error"]["Code"])(parsed, model.name)
        return made

    def _request(self, params: dict[str, Any]) -> dict[str, Any]:
        """Turn what the program gives into what is sent."""
        return params

    @staticmethod
    def _of_item(item: Item) -> dict[str, Any]:
        """Turn an item into what the program gets."""
        return item.wire()


def _metadata(status: int) -> dict[str, Any]:
    return {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}


def error_response(error: AwsError) -> dict[str, Any]:
    """Return the ``response`` of the exception that boto3 makes of an error."""
    details = {name: render(value, Item.wire) for name, value in error.details}
    return {
        "Error": {"Message": error.message, "Code": error.code},
        "ResponseMetadata": _metadata(error.status),
        **details,
    }


def unreachable(why: Unreachable) -> Exception:
    """Return what botocore raises when it gets no answer."""
    if why is Unreachable.TIMED_OUT:
        return ReadTimeoutError(endpoint_url=ENDPOINT)
    if why is Unreachable.REFUSED:
        return EndpointConnectionError(endpoint_url=ENDPOINT)
    return ConnectionClosedError(endpoint_url=ENDPOINT)


# ------------------------------------------------------- DynamoDB's resource

_ATTRIBUTES = frozenset({"Item", "Key", "ExclusiveStartKey", "ExpressionAttributeValues"})


class ResourceClient(Client):
    """Stands in for the client behind a DynamoDB resource, which takes and returns plain Python."""

    def __init__(self, port: Port) -> None:
        super().__init__("dynamodb", port)

    def _request(self, params: dict[str, Any]) -> dict[str, Any]:
        request: dict[str, Any] = _serialized(params)
        return request

    @staticmethod
    def _of_item(item: Item) -> dict[str, Any]:
        return attributes_to_resource(item.attributes)


def _serialized(params: Any) -> Any:
    if isinstance(params, list | tuple):
        return [_serialized(each) for each in params]
    if not isinstance(params, Mapping):
        return params
    return {
        name: {key: serialize(inner) for key, inner in value.items()}
        if name in _ATTRIBUTES and isinstance(value, Mapping)
        else _serialized(value)
        for name, value in params.items()
    }


class Table:
    """Stands in for boto3's ``Table``."""

    def __init__(self, name: str, client: ResourceClient) -> None:
        self.name: Final = name
        self.meta: Any = Meta(client, client.meta.events)

    def get_item(self, **params: Any) -> dict[str, Any]:
        return self._call("get_item", params)

    def put_item(self, **params: Any) -> dict[str, Any]:
        return self._call("put_item", params)

    def update_item(self, **params: Any) -> dict[str, Any]:
        return self._call("update_item", params)

    def delete_item(self, **params: Any) -> dict[str, Any]:
        return self._call("delete_item", params)

    def query(self, **params: Any) -> dict[str, Any]:
        return self._call("query", params)

    def scan(self, **params: Any) -> dict[str, Any]:
        return self._call("scan", params)

    def batch_writer(self) -> BatchWriter:
        return BatchWriter(self.name, self.meta.client)

    def delete(self) -> dict[str, Any]:
        return self._call("delete_table", {})

    @property
    def key_schema(self) -> list[dict[str, str]]:
        described: list[dict[str, str]] = self._call("describe_table", {})["Table"]["KeySchema"]
        return described

    def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.meta.client, method)(TableName=self.name, **params)
        return answer


class Resource:
    """Stands in for boto3's DynamoDB resource."""

    def __init__(self, port: Port) -> None:
        client = ResourceClient(port)
        self.meta: Any = Meta(client, client.meta.events)

    def create_table(self, **params: Any) -> Any:
        self.meta.client.create_table(**params)
        return Table(params["TableName"], self.meta.client)

    def Table(self, name: str) -> Any:  # noqa: N802 - boto3's name
        return Table(name, self.meta.client)
