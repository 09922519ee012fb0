"""Conditions of a night on the deployed stack: what AWS, the hosts and the network do to it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench_harness.aws_faults import SHARE, AwsFaults, ThrottlingBursts
from bench_harness.faulty_proxy import PASSED, FaultyProxy
from bench_harness.freezer import Freezer
from bench_harness.function_hosts import change_functions, host_environment
from bench_harness.nat import ForgetfulNat
from wxlive_local.local_aws import free_port
from wxlive_local.up import LocalStack, Options, local_stack

SEED = 20261127

WECHAT_IDLE_S = 40.0
"""After which the NAT forgets a connection to WeChat: longer than the layer trusts an idle one, as
NAT gateways are (350 s)."""


def _some_faults() -> AwsFaults:
    return AwsFaults(SHARE, SEED)


def _bursts() -> AwsFaults:
    return ThrottlingBursts(0.7, SEED, burst_s=4, period_s=13)


def _no_faults() -> AwsFaults:
    return AwsFaults(0, SEED)


@dataclass(frozen=True)
class Conditions:
    """What happens in a night.

    ``faults`` spoils calls of AWS. The clocks of the functions' processes differ by up to
    ``clock_spread_s`` from AWS's, and WeChat's is ``wechat_ahead_s`` ahead. A process takes
    ``slow_start_s`` longer to start. With ``freezes`` it stands still between two events, and its
    connections die without a word: those to AWS after ``aws_idle_s``, those to WeChat after
    ``WECHAT_IDLE_S``. The operator pauses the push for ``pause_s``.
    """

    name: str
    faults: Callable[[], AwsFaults] = _no_faults
    clock_spread_s: float = 0
    wechat_ahead_s: float = 0
    slow_start_s: float = 0
    freezes: bool = False
    aws_idle_s: float = 3  # the local AWS closes an idle connection in the open after 5 s
    pause_s: float = 0


FAULTS = Conditions("faults", faults=_some_faults)
SINGLE = (
    Conditions("throttling", faults=_bursts),
    Conditions("clocks", clock_spread_s=0.5, wechat_ahead_s=20),
    Conditions("freezing", freezes=True, pause_s=WECHAT_IDLE_S + 10),
    Conditions("slow starts", slow_start_s=4),
)
QUICK = Conditions(
    "a bit of all",
    faults=_some_faults,
    clock_spread_s=0.1,
    wechat_ahead_s=20,
    slow_start_s=1,
    freezes=True,
    aws_idle_s=60,
)
"""No connection dies in it: the retry of a callback that meets a dead one takes three minutes."""


@dataclass(frozen=True)
class Happened:
    """What the conditions did, as counted."""

    spoilt: float
    by_kind: Mapping[str, int]
    frozen: int
    dead: int

    def describe(self) -> str:
        """Describe it in a few words."""
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.by_kind.items()))
        frozen = f"; processes frozen {self.frozen} times, {self.dead} idle connections dead"
        return f"{self.spoilt:.1%} of the calls of AWS spoilt ({kinds})" + (
            frozen if self.frozen else ""
        )


@contextmanager
def night_stack(
    conditions: Conditions, followers: int, chunk: int
) -> Iterator[tuple[LocalStack, Callable[[], Happened]]]:
    """Deploy a stack under these conditions; yield it, and what counts what they did."""
    port = free_port()
    with ExitStack() as running:
        proxy = running.enter_context(FaultyProxy(f"http://127.0.0.1:{port}", conditions.faults()))
        nats = []
        if conditions.freezes:
            nats.append(running.enter_context(ForgetfulNat(proxy.url, conditions.aws_idle_s)))
        options = Options(
            parameters={"SyncSchedule": "rate(365 days)", "PushChunkSize": str(chunk)},
            port=port,
            followers=followers,
            functions_aws_url=nats[0].url if nats else proxy.url,
            wechat_clock=lambda: time.time() + conditions.wechat_ahead_s,
        )
        stack = running.enter_context(local_stack(options))
        env = host_environment(
            clock_spread_s=conditions.clock_spread_s, slow_start_s=conditions.slow_start_s
        )
        freezer = None
        if conditions.freezes:
            nats.append(running.enter_context(ForgetfulNat(stack.wechat_url, WECHAT_IDLE_S)))
            env["WECHAT_API_BASE"] = nats[1].url
            freezer = running.enter_context(Freezer(port))
        change_functions(stack, env)

        def happened() -> Happened:
            outcomes = proxy.outcomes()
            return Happened(
                spoilt=1 - outcomes[PASSED] / max(1, outcomes.total()),
                by_kind=outcomes,
                frozen=freezer.times if freezer else 0,
                dead=sum(nat.died for nat in nats),
            )

        yield stack, happened
