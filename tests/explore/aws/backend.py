"""A whole AWS in memory, as far as the stores' contract tests need it. Time stands still in it."""

import hashlib
import itertools
import threading
from collections.abc import Mapping
from typing import Any, Final

from botocore import xform_name

from explore.aws.clients import Client, Resource
from explore.aws.outcomes import Answer, AwsError, Outcome
from explore.aws.tables import Schema, Tables, execute

MEMORY: Final = "memory"


class MemoryAws:
    """A backend of the contract tests. Its calls may come from several threads."""

    name = MEMORY

    def __init__(self) -> None:
        self.tables = Tables.empty()
        self._queues: dict[str, list[tuple[str, str]]] = {}
        self._secrets: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()

    def dynamodb(self) -> Any:
        return Resource(self.port)

    def dynamodb_client(self, config: object = None) -> Any:
        return Client("dynamodb", self.port)

    def sqs(self) -> Any:
        return Client("sqs", self.port)

    def secretsmanager(self) -> Any:
        return Client("secretsmanager", self.port)

    def port(self, service: str, operation: str, request: Mapping[str, Any]) -> Outcome:
        """Carry out a call at once."""
        with self._turn:
            own = getattr(self, f"_{service}_{xform_name(operation)}", None)
            if own is not None:
                outcome: Outcome = own(request)
                return outcome
            self.tables, outcome = execute(self.tables, operation, request)
            return outcome

    # ------------------------------------------------------------- tables

    def _dynamodb_create_table(self, request: Mapping[str, Any]) -> Outcome:
        types = {
            each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]
        }
        names = [each["AttributeName"] for each in request["KeySchema"]]
        schema = Schema(
            request["TableName"],
            names[0],
            types[names[0]],
            *(each for name in names[1:] for each in (name, types[name])),
        )
        self.tables = self.tables.with_schemas([*self.tables.schemas.values(), schema])
        return Answer.of(TableDescription=Answer.of(TableName=schema.table))

    def _dynamodb_describe_table(self, request: Mapping[str, Any]) -> Outcome:
        schema = self.tables.schemas[request["TableName"]]
        keys = [
            Answer.of(AttributeName=name, KeyType=role)
            for name, role in zip(schema.key_types, ("HASH", "RANGE"), strict=False)
        ]
        return Answer.of(Table=Answer.of(TableName=schema.table, KeySchema=tuple(keys)))

    def _dynamodb_delete_table(self, request: Mapping[str, Any]) -> Outcome:
        left = [each for name, each in self.tables.schemas.items() if name != request["TableName"]]
        self.tables = self.tables.with_schemas(left)
        return Answer.of()

    # ------------------------------------------------------------- queues

    def _sqs_create_queue(self, request: Mapping[str, Any]) -> Outcome:
        url = f"https://sqs.invalid/1/{request['QueueName']}"
        self._queues.setdefault(url, [])
        return Answer.of(QueueUrl=url)

    def _sqs_delete_queue(self, request: Mapping[str, Any]) -> Outcome:
        del self._queues[request["QueueUrl"]]
        return Answer.of()

    def _sqs_send_message(self, request: Mapping[str, Any]) -> Outcome:
        return Answer.of(**self._send(request["QueueUrl"], request))

    def _sqs_send_message_batch(self, request: Mapping[str, Any]) -> Outcome:
        sent = [
            Answer.of(Id=entry["Id"], **self._send(request["QueueUrl"], entry))
            for entry in request["Entries"]
        ]
        return Answer.of(Successful=tuple(sent))

    def _send(self, url: str, message: Mapping[str, Any]) -> dict[str, str]:
        name, body = f"m-{next(self._numbers)}", message["MessageBody"]
        if not message.get("DelaySeconds"):  # time stands still: a delay never ends
            self._queues[url].append((name, body))
        digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
        return {"MessageId": name, "MD5OfMessageBody": digest}

    def _sqs_receive_message(self, request: Mapping[str, Any]) -> Outcome:
        waiting = self._queues[request["QueueUrl"]]
        number = request.get("MaxNumberOfMessages", 1)
        taken, waiting[:] = waiting[:number], waiting[number:]
        messages = [
            Answer.of(MessageId=name, ReceiptHandle=name, Body=body) for name, body in taken
        ]
        return Answer.of(Messages=tuple(messages)) if messages else Answer.of()

    # ------------------------------------------------------------ secrets

    def _secretsmanager_create_secret(self, request: Mapping[str, Any]) -> Outcome:
        self._secrets[request["Name"]] = request["SecretString"]
        return Answer.of(Name=request["Name"])

    def _secretsmanager_put_secret_value(self, request: Mapping[str, Any]) -> Outcome:
        self._secrets[request["SecretId"]] = request["SecretString"]
        return Answer.of(Name=request["SecretId"])

    def _secretsmanager_delete_secret(self, request: Mapping[str, Any]) -> Outcome:
        self._secrets.pop(request["SecretId"], None)
        return Answer.of(Name=request["SecretId"])

    def _secretsmanager_get_secret_value(self, request: Mapping[str, Any]) -> Outcome:
        text = self._secrets.get(request["SecretId"])
        if text is None:
            return AwsError(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
            )
        return Answer.of(Name=request["SecretId"], SecretString=text)
