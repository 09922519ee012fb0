"""The work of the fresh processes of a measured push; imports no more than the functions would.

Each function builds its dependencies anew, as a new execution environment does.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from bench_harness.local_tables import client
from bench_harness.processes import ProcessUsage, seconds, usage_of
from bench_harness.push_setup import PushEnvironment, planner_dependencies, sender_dependencies
from wxlive.stores.push_queue import ChunkMessage, parse_message
from wxlive_push_fanout.send import get_ready, send
from wxlive_push_start.plan import plan
from wxlive_push_start.start import start

SEGMENTS = 4
MIN_CHUNKS_SENT = 3
"""Chunks that a sender sends before its memory is read."""


def start_push(environment: PushEnvironment, room_id: int) -> str:
    """Start the push; returns the campaign."""
    return str(start(room_id, planner_dependencies(environment))["campaign"])


def plan_push(environment: PushEnvironment, campaign: str, followers: int) -> ProcessUsage:
    """Plan the campaign, which must be for so many followers."""
    deps = planner_dependencies(environment)
    usage = usage_of(lambda: plan(campaign, deps))
    planned = deps.campaigns.get(campaign)
    assert planned is not None and planned.fully_planned, planned  # noqa: S101, PT018 - else the figure means nothing
    assert planned.audience == followers, planned  # noqa: S101 - else the figure means nothing
    return usage


def send_while_planning(environment: PushEnvironment, campaign: str, first: int) -> ProcessUsage:
    """Send the chunk ``first``, then those in the queue until the campaign is planned."""
    deps, sqs = sender_dependencies(environment), client("sqs", environment.aws)

    def work() -> None:
        send(campaign, first, deps)
        for sent in count(1):
            planned = deps.campaigns.get(campaign)
            if sent >= MIN_CHUNKS_SENT and planned is not None and planned.fully_planned:
                return
            send(campaign, receive_chunk(sqs, environment.queue_url), deps)

    return usage_of(work)


def receive_chunk(sqs: Any, queue_url: str) -> int:
    """Wait for a message that names a chunk and delete it; returns the chunk's number."""
    while True:
        answer = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=1)
        for message in answer.get("Messages", ()):
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            received = parse_message(message["Body"])
            if isinstance(received, ChunkMessage):
                return received.chunk


def start_idle_planner(environment: PushEnvironment) -> None:
    """Build what a planner works with, and do nothing."""
    planner_dependencies(environment)


def push_made_up_chunk(environment: PushEnvironment, room_id: int) -> None:
    """Build what a sender works with, and push made-up openids at once."""
    openids = [f"o{number:027d}" for number in range(environment.chunk)]
    deps = sender_dependencies(environment)
    get_ready(deps)
    deps.wechat.push(room_id, openids)


def scan_openids(environment: PushEnvironment) -> float:
    """Scan the openids, a thread for each segment; returns the seconds it took."""
    dynamodb = client("dynamodb", environment.aws)

    def scan(segment: int) -> None:
        request = {
            "TableName": environment.followers_table,
            "ProjectionExpression": "openid",
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": SEGMENTS,
        }
        while "LastEvaluatedKey" in (answer := dynamodb.scan(**request)):
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def scan_all() -> None:
        with ThreadPoolExecutor(SEGMENTS) as pool:
            list(pool.map(scan, range(SEGMENTS)))

    return seconds(scan_all)
