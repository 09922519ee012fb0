"""AWS in this process: the explorer's tables and queues, which pass the stores' contract tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explore.aws.backend import MemoryAws
from explore.aws.clients import Client, Port, Resource
from support.steps import Steps
from support.tables import FOLLOWERS, STATE, create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_sqs import SQSClient

    from explore.aws.outcomes import Outcome

QUEUES = ("push", "backlog", "quarantine")

STEPS_OF = frozenset({"dynamodb", "sqs"})
"""The services whose calls are steps."""


@dataclass(frozen=True)
class Clients:
    """Clients of one user of AWS, and that user's view of the State table."""

    dynamodb: "DynamoDBClient"
    state: "Table"
    sqs: "SQSClient"


class WorldAws:
    """The tables and queues of one stack, empty, and clients for two users.

    ``test`` are the test's own clients. Each call of the ``functions``' clients is two steps.
    """

    def __init__(self, steps: Steps) -> None:
        self._memory = MemoryAws()
        self._steps = steps
        self.test = _clients(self._memory.port)
        self.functions = _clients(self.port)
        create_table(self.test.dynamodb, FOLLOWERS, "followers")
        create_table(self.test.dynamodb, STATE, "state")
        self.queues = {
            name: self.test.sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUES
        }

    def port(self, service: str, operation: str, request: Mapping[str, Any]) -> "Outcome":
        """Carry out a call of a function's."""
        if service not in STEPS_OF:
            return self._memory.port(service, operation, request)
        self._steps.begin(operation, dict(request))
        outcome = self._memory.port(service, operation, request)
        self._steps.end(operation, dict(request))
        return outcome

    def save(self) -> Any:
        """Return what is in the tables, to ``restore``."""
        return self._memory.tables

    def restore(self, saved: Any) -> None:
        """Put the tables back as they were."""
        self._memory.tables = saved


def _clients(port: Port) -> Clients:
    dynamodb, sqs = (client_of(service, port) for service in ("dynamodb", "sqs"))
    return Clients(dynamodb, resource_of(port).Table("state"), sqs)


def client_of(service: str, port: Port) -> Any:
    """Return a client of a service."""
    return Client(service, port)


def resource_of(port: Port) -> Any:
    """Return a DynamoDB resource."""
    return Resource(port)
