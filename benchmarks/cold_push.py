"""What the cold processes of ``bench_growth`` do; imports no more than the functions would.

Each takes a ``PushPlace`` and builds its parts anew, as a cold function does.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

from measuring import peak_mb, seconds
from place import client
from pushing import PushPlace, planner_parts, sender_parts

from wxlive.stores.queue import read_ring
from wxlive_push_fanout.send import send
from wxlive_push_start.plan import plan
from wxlive_push_start.start import start

SEGMENTS = 4
CHUNKS_SENT = 3
"""Chunks after which a sender's memory is looked at."""


@dataclass(frozen=True)
class Turn:
    """What a process took for its work, and the most memory it had before and until its end."""

    seconds: float
    bare_mb: float
    peak_mb: float


def start_cold(place: PushPlace, room_id: int) -> str:
    """Start the push; returns the campaign."""
    return str(start(room_id, planner_parts(place, _nobody))["campaign"])


def plan_cold(place: PushPlace, campaign: str, followers: int) -> Turn:
    """Plan the campaign, which must be for so many followers."""
    parts = planner_parts(place, _nobody)
    bare_mb = peak_mb()
    taken = seconds(lambda: plan(campaign, parts))
    planned = parts.campaigns.get(campaign)
    assert planned is not None and planned.fully_planned, planned  # noqa: S101, PT018 - or all is void
    assert planned.audience == followers, planned  # noqa: S101 - or all is void
    return Turn(taken, bare_mb, peak_mb())


def send_cold(place: PushPlace, campaign: str, ring: int) -> Turn:
    """Send what rings while the campaign is being planned, a few chunks at least."""
    parts, sqs = sender_parts(place), client("sqs", place.aws)
    bare_mb = peak_mb()

    def work() -> None:
        send(campaign, ring, parts)
        for sent in count(1):
            planned = parts.campaigns.get(campaign)
            if sent >= CHUNKS_SENT and planned is not None and planned.fully_planned:
                return
            send(campaign, take_ring(sqs, place.queue), parts)

    return Turn(seconds(work), bare_mb, peak_mb())


def take_ring(sqs: Any, queue: str) -> int:
    """Wait for a ring and take it; returns the number of its chunk."""
    while True:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
        for message in answer.get("Messages", ()):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return read_ring(message["Body"])[1]


def begin_cold(place: PushPlace) -> None:
    """Begin as a planner does, and do nothing."""
    planner_parts(place, _nobody)


def push_bare(place: PushPlace, room_id: int) -> None:
    """Begin as a sender does, and push a made-up chunk at once."""
    openids = [f"o{number:027d}" for number in range(place.chunk)]
    sender_parts(place).wechat.push(room_id, openids)


def scan_bare(place: PushPlace) -> float:
    """Scan the openids, each segment in a thread; returns the seconds it took."""
    dynamodb = client("dynamodb", place.aws)

    def scan(segment: int) -> None:
        request = {
            "TableName": place.followers,
            "ProjectionExpression": "openid",
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": SEGMENTS,
        }
        while True:
            answer = dynamodb.scan(**request)
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def everybody() -> None:
        with ThreadPoolExecutor(SEGMENTS) as pool:
            list(pool.map(scan, range(SEGMENTS)))

    return seconds(everybody)


def _nobody(_campaign: str) -> None:
    """Leave the planning to the benchmark, which has it done in the next process."""
