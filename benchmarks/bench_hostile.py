"""Hostile requests against the callback: no 5xx, no state change, bounded CPU and memory.

Mutations of the official payloads, XML bombs, cut bodies and wrong keys, from one seed. The
stores and queues only complain when they are used. ``python benchmarks/bench_hostile.py 1000000``
for another number.
"""

import base64
import json
import random
import statistics
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from measuring import Measurement

from wxlive.crypto import Envelope, signature
from wxlive.intake import Intake
from wxlive.messages import MAX_BODY_BYTES
from wxlive.settings import MessageMode, Secrets, Settings
from wxlive.telemetry import Telemetry
from wxlive_callback.handler import Parts, answer

REQUESTS, SEED, ROUNDS = 100_000, 20261122, 3
EVENTS = Path(__file__).parents[1] / "events" / "callback"
OURS = Secrets("wxba5fad812f8e6fb9", "app-secret", ("token-nobody-knows",), ("K" * 43,))
ROOM = MAX_BODY_BYTES - 100
BOMBS = {
    "laughs": '<!DOCTYPE xml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml>&b;</xml>',
    "external entity": '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml>&a;</xml>',
    "many elements": "<xml>" + "<a/>" * (ROOM // 4) + "</xml>",
    "never closed": "<xml>" + "<a>" * (ROOM // 3),
    "deep XML": "<xml>" + "<a>" * (ROOM // 7) + "</a>" * (ROOM // 7) + "</xml>",
    "deep JSON": '{"a":' * (ROOM // 6) + "1" + "}" * (ROOM // 6),
    "deep lists": '{"a":' + "[" * (ROOM // 2) + "]" * (ROOM // 2) + "}",
    "many values": '{"a":[' + "1," * (ROOM // 2) + "1]}",
    "huge number": '{"a":' + "9" * ROOM + "}",
    "references": "<xml>" + "&#65;" * (ROOM // 5) + "</xml>",
    "attributes": "<xml " + " ".join(f'a{i}=""' for i in range(ROOM // 10)) + "/>",
    "CDATA": "<xml>" + "<![CDATA[" * (ROOM // 9),
    "too large": "x" * (MAX_BODY_BYTES + 1),
    "empty": "",
    "long Encrypt": json.dumps({"Encrypt": "A" * ROOM}),
}


class Untouched:
    """Stands where every store and queue does."""

    def _touched(self, *_: object) -> NoReturn:
        raise AssertionError("a hostile request reached a store")

    apply = add_result = keep = _touched


def measure() -> list[Measurement]:
    """CPU (ms) and memory (MiB) of the worst request; the floor is the median request's."""
    return _measure(REQUESTS)


def measure_quick() -> list[Measurement]:
    """Measure the same with fewer requests."""
    return _measure(REQUESTS // 50)


def _measure(requests: int) -> list[Measurement]:
    rounds = [run(requests // ROUNDS, SEED + number) for number in range(ROUNDS)]
    answers = sum((counted for counted, _, _ in rounds), Counter[int]())
    shown = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
    return [
        Measurement(
            f"hostile, worst CPU of {requests:,}",
            f"{shown}; none stored; floor: the median request",
            "ms",
            [statistics.median(cpu_ms) for _, cpu_ms, _ in rounds],
            [max(cpu_ms) for _, cpu_ms, _ in rounds],
        ),
        Measurement(
            "hostile, worst memory",
            "peak of one request, each kind of bomb once; floor: the smallest",
            "MiB",
            [min(peaks_mib) for *_, peaks_mib in rounds],
            [max(peaks_mib) for *_, peaks_mib in rounds],
        ),
    ]


def run(requests: int, seed: int = SEED) -> tuple[Counter[int], list[float], list[float]]:
    """Answer so many requests; returns the statuses, each one's CPU, the bombs' memory."""
    source = random.Random(seed)
    parts = {mode: _parts(mode) for mode in (MessageMode.SECURE, MessageMode.COMPATIBLE)}
    answers: Counter[int] = Counter()
    cpu_ms = []
    for _, event in zip(range(requests), hostile(source), strict=False):
        mode = source.choice(list(parts))
        started = time.process_time()
        answers[answer(event, parts[mode])["statusCode"]] += 1
        cpu_ms.append(1000 * (time.process_time() - started))
    if set(answers) - {400, 403, 405, 413}:
        raise AssertionError(f"hostile requests were answered {dict(answers)}")
    return answers, cpu_ms, [_peak_mib(body, parts[MessageMode.SECURE]) for body in BOMBS.values()]


def hostile(source: random.Random) -> Iterator[dict[str, Any]]:
    """Without end: requests that nobody with the token and the key has made."""
    official = [json.loads(path.read_text("utf-8")) for path in sorted(EVENTS.glob("*.json"))]
    while True:
        [make] = source.choices(list(MAKERS), list(MAKERS.values()))
        yield make(source, dict(source.choice(official)))


def _mutated(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    body = bytearray((event["body"] or "").encode())
    for _ in range(source.randint(1, 8)):
        if body:
            place = source.randrange(len(body))
            body[place : place + source.randint(0, 4)] = source.randbytes(source.randint(0, 4))
    return event | {"body": body.decode("utf-8", source.choice(["replace", "surrogateescape"]))}


def _cut(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    body = event["body"] or ""
    return event | {"body": body[: source.randint(0, len(body))]}


def _bomb(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    return event | {"httpMethod": "POST", "body": source.choice(list(BOMBS.values()))}


def _wrong_key(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    """The right form, signed and sealed by somebody who guesses token and key."""
    key = "".join(source.choices("ABCDEFGHabcdefgh0123", k=43))
    encrypted = Envelope(key, OURS.appid).encrypt("<xml><MsgType>event</MsgType></xml>")
    now = str(int(time.time()))
    query = {"timestamp": now, "nonce": "1"}
    query["msg_signature"] = signature("a guess", now, "1", encrypted)
    body = json.dumps({"Encrypt": encrypted})
    return event | {"httpMethod": "POST", "queryStringParameters": query, "body": body}


def _wrong_query(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    names = [
        "signature",
        "timestamp",
        "nonce",
        "msg_signature",
        "echostr",
        "encrypt_type",
        "openid",
    ]
    values = ["", "raw", "0", "9" * 400, "\u0661", "\ud800", "%00", "a" * 40, "-1", "1e9"]
    query = dict(event["queryStringParameters"])
    for name in source.sample(names, 3):
        query[name] = source.choice(values)
    method = source.choice(["GET", "POST", "PUT", "HEAD"])
    return event | {"httpMethod": method, "queryStringParameters": query}


def _as_base64(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    body = source.randbytes(source.randint(0, 2000))
    text = base64.b64encode(body).decode() if source.random() < 0.5 else body.decode("latin-1")  # noqa: PLR2004 - half of them
    return event | {"httpMethod": "POST", "body": text, "isBase64Encoded": True}


MAKERS: dict[Callable[[random.Random, dict[str, Any]], dict[str, Any]], int] = {
    _mutated: 30,
    _cut: 10,
    _wrong_key: 10,
    _wrong_query: 10,
    _as_base64: 10,
    _bomb: 1,
}
"""How often each is chosen; a bomb takes as long as a hundred others."""


def _peak_mib(body: str, parts: Parts) -> float:
    event = {"httpMethod": "POST", "queryStringParameters": {}, "body": body}
    tracemalloc.start()
    answer(event, parts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


class Quiet(Telemetry):
    """Counts nothing and logs nothing below a crash."""

    def __init__(self) -> None:
        super().__init__()
        self.logger.setLevel("CRITICAL")

    def count(self, metric: object, value: int = 1) -> None:
        pass


def _parts(mode: MessageMode) -> Parts:
    untouched, telemetry = Untouched(), Quiet()
    usual = dict.fromkeys(Settings.__dataclass_fields__, "")
    settings = Settings(**usual | {"message_mode": mode, "callback_max_age_s": 600})  # type: ignore[arg-type]  # the callback reads these two
    return Parts(
        settings=settings,
        secrets=lambda: OURS,
        intake=Intake(untouched, lambda: untouched, untouched, telemetry),
        backlog=untouched,
        telemetry=telemetry,
    )


if __name__ == "__main__":
    seen, spent_ms, peaks = run(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS)
    print(dict(seen), f"worst {max(spent_ms):.0f} ms, {max(peaks):.1f} MiB")
