"""Delivers callbacks: time-outs, retries, doubled and late ones. All on one event loop.

docs/wechat-protocol.md#delivery-and-retries
"""

import asyncio
import ipaddress
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

import aiohttp

from wxlive_local.simulator.callbacks import (
    CallbackRequest,
    event_request,
    verification_request,
)
from wxlive_local.simulator.entities import CallbackEvent, FollowEvent, PushResult
from wxlive_local.simulator.faults import CALLBACK_FOLLOW, CALLBACK_RESULT, Fault, FaultRules
from wxlive_local.simulator.ledger import (
    Attempt,
    CallbackRecord,
    DeliveryState,
    InjectedFault,
    Ledger,
)
from wxlive_local.simulator.platform import Account

_OK: Final = 200
_BODY_KEPT: Final = 500


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How callbacks are delivered.

    An attempt fails after ``timeout_s``; ``interval_s`` is from the start of one attempt to the
    start of the next. A result is sent ``result_delay_s`` after its push was accepted.
    ``concurrency`` limits all requests that are in flight: for each the local AWS starts a
    process with a copy of the layer, and a small machine has room for few.
    """

    attempts: int = 3
    interval_s: float = 5.0
    timeout_s: float = 5.0
    result_delay_s: float = 0.3
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a URL verification. ``ok``: HTTP 200 and exactly the echostr."""

    ok: bool
    status: int | None
    body: str
    error: str | None = None


class Deliverer:
    """Delivers events to the callback URL and enters every attempt in the ledger.

    Use it as an async context manager; on exit, deliveries in progress are cancelled.
    """

    def __init__(
        self,
        account: Account,
        ledger: Ledger,
        faults: FaultRules,
        now: Callable[[], float],
        policy: DeliveryPolicy,
    ) -> None:
        self._account = account
        self._ledger = ledger
        self._faults = faults
        self._now = now
        self._policy = policy
        self._url: str | None = None
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight = asyncio.Semaphore(policy.concurrency)

    async def __aenter__(self) -> Self:
        # Reusing a connection long after its last use risks a reset that is not the receiver's
        # fault; opening one per event would use up the ports at 60,000 events.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=1)
        timeout = aiohttp.ClientTimeout(total=self._policy.timeout_s)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def set_url(self, url: str) -> None:
        """Set where callbacks are sent from now on.

        Raises:
            ValueError: not an http address on this machine; the simulator sends nothing beyond it.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not _is_loopback(parts.hostname or ""):
            raise ValueError(f"the callback URL must be http(s) on the loopback, not {url!r}")
        self._url = url

    async def verify_url(self) -> Verification:
        """Verify the callback URL as the console does when it is saved.

        docs/wechat-protocol.md#url-verification
        """
        echostr = str(secrets.randbelow(9 * 10**18) + 10**18)
        request = verification_request(
            self._account, timestamp=int(self._now()), nonce=_nonce(), echostr=echostr
        )
        attempt = await self._send("GET", request)
        ok = attempt.status == _OK and attempt.body == echostr
        return Verification(ok, attempt.status, attempt.body, attempt.error)

    # ------------------------------------------------------------- events

    async def deliver(
        self, events: Iterable[FollowEvent], *, doubled: bool = False, late_s: float = 0.0
    ) -> list[CallbackRecord]:
        """Deliver the events, several at a time, in any order, all of them ``late_s`` late.

        Returns:
            Their records, once each event is delivered or given up.
        """
        records = [self._expect(event, doubled=doubled, delay_s=late_s) for event in events]
        prompt = (record for record in records if not record.delay_s)
        late = [self._deliver(record) for record in records if record.delay_s]

        async def work() -> None:
            for record in prompt:  # shared by all workers
                await self._deliver(record)

        workers = [work() for _ in range(min(self._policy.concurrency, len(records)))]
        await asyncio.gather(*(self._start(one) for one in (*workers, *late)))
        return records

    async def deliver_result(self, result: PushResult) -> None:
        """Start to deliver the result of a push that is not answered yet.

        Returns at once, unless a fault makes the result arrive before the push's answer.
        """
        record = self._expect(result, delay_s=self._policy.result_delay_s)
        task = self._start(self._deliver(record))
        if record.early:
            # Bounded, or a receiver that is down would delay the answer by all attempts.
            await asyncio.wait({task}, timeout=self._policy.timeout_s)

    async def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no delivery is in progress; return False after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while self._tasks:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            await asyncio.wait(set(self._tasks), timeout=left)
        return True

    def _expect(
        self, event: CallbackEvent, *, doubled: bool = False, delay_s: float = 0.0
    ) -> CallbackRecord:
        path = CALLBACK_FOLLOW if isinstance(event, FollowEvent) else CALLBACK_RESULT
        record = CallbackRecord(event, copies=2 if doubled else 1, delay_s=delay_s)
        rule = self._faults.take(path)
        if rule is not None:
            self._ledger.faults.append(InjectedFault(self._now(), path, rule.kind))
            if rule.kind is Fault.DOUBLED:
                record.copies = 2
            elif rule.kind is Fault.LATE:
                record.delay_s += rule.seconds
            elif rule.kind is Fault.EARLY:
                record.early, record.delay_s = True, 0.0
            else:
                record.state = DeliveryState.LOST
        return self._ledger.expect(record)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ----------------------------------------------------------- delivery

    async def _deliver(self, record: CallbackRecord) -> None:
        if record.state is DeliveryState.LOST:
            return
        await asyncio.sleep(record.delay_s)
        request = event_request(
            self._account, record.event, timestamp=int(self._now()), nonce=_nonce()
        )
        copies = (self._deliver_copy(record, request) for _ in range(record.copies))
        delivered = await asyncio.gather(*copies)
        record.state = DeliveryState.DELIVERED if any(delivered) else DeliveryState.GIVEN_UP

    async def _deliver_copy(self, record: CallbackRecord, request: CallbackRequest) -> bool:
        for number in range(1, self._policy.attempts + 1):
            attempt = await self._send("POST", request)
            record.attempts.append(attempt)
            if _is_success(attempt):
                return True
            if number < self._policy.attempts:
                await asyncio.sleep(max(0.0, self._policy.interval_s - attempt.took_s))
        return False

    async def _send(self, method: str, request: CallbackRequest) -> Attempt:
        """Send one request; a failure is part of the attempt."""
        async with self._in_flight:
            return await self._send_now(method, request)

    async def _send_now(self, method: str, request: CallbackRequest) -> Attempt:
        at, started = self._now(), time.monotonic()
        if self._session is None or self._url is None:
            return Attempt(at, 0.0, None, "", "no callback URL is set")
        try:
            async with self._session.request(
                method,
                self._url,
                params=request.query,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
            ) as response:
                body = (await response.read()).decode("utf-8", "replace")[:_BODY_KEPT]
                return Attempt(at, time.monotonic() - started, response.status, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The text of a client error may show the URL with its signature.
            return Attempt(at, time.monotonic() - started, None, "", type(error).__name__)


def _is_success(attempt: Attempt) -> bool:
    # Samples answer `SUCCESS`, and an empty body is as good: docs/wechat-protocol.md#replies.
    return attempt.status == _OK and attempt.body.strip().lower() in {"success", ""}


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _nonce() -> str:
    return str(secrets.randbelow(9 * 10**8) + 10**8)
