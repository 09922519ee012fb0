"""A world in a few lines: who acts, what is there already, what may go wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from explore.aws.backend import MemoryAws
from explore.aws.store import Tables
from explore.engine.world import (
    Jumps,
    World,
)
from explore.stack.aws_fates import USUAL_FATES
from explore.stack.dependencies import Setting
from explore.stack.places import (
    CAMPAIGN,
    NOW_S,
    STATE_TABLE,
    TABLES,
)
from explore.stack.wechat import Rules
from wxlive.domain.campaigns import CampaignState, Hold, HoldKind, Trial
from wxlive.domain.chunks import CLAIM_STALE_S
from wxlive.domain.rooms import Choice
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.rooms import RoomStore

Prepare = Callable[[Tables], Tables]

Command: TypeAlias = str | Mapping[str, Any]
"""An action on the campaign, or a whole payload."""


def _as_they_are(tables: Tables) -> Tables:
    return tables


def _no_jumps(_world: World) -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One world.

    Args:
        name: what it is called on the command line.
        about: what it is about, in a sentence.
        chunks: the openids of each chunk that is planned already, in a campaign that sends.
        trial: that of the campaign, whose part is the one chunk that is planned, or none is; its
            ``members`` say only whether it is of a list.
        messages: the chunks that messages in the queue name.
        followers: who is subscribed, where a planner plans.
        senders: how many workers the queue may have at once.
        humans: what each human asks for, whenever he likes or not at all: an action, a payload, or
            several, one after the other.
        invocations: commands that Lambda has accepted already.
        minutes: how often push_start reconciles after the last fault or act, once a minute.
        polls: how often live_watch polls, likewise.
        syncs: commands and schedules' events of follower_sync, each after so many seconds.
        turns: how often follower_sync continues after the last fault or act, every 15 minutes.
        listed: WeChat's followers, each since when (Unix s).
        follows: who subscribes (True) or leaves, in this order, whenever they like.
        rooms: what happens to rooms, in this order, whenever it likes: (id, live_status).
        faults, ticks, copies: the bound, see ``Budget``.
        ablated_with: as many faults while conditions are taken away, one after the other.
        is_warm: whether workers have a token and a connection when they start.
        rate: most openids in a second.
        decides: whether a human decides about unknown chunks.
        jumps: moments that a tick may go to.
        prepare: changes the tables before the world begins.
        begins_s: when the world begins (Unix s).
        token_life_s: how long the token is valid then.
        seconds: how long it is watched.
    """

    name: str
    about: str
    chunks: tuple[tuple[str, ...], ...] = ()
    trial: Trial | None = None
    messages: tuple[int, ...] = ()
    followers: tuple[str, ...] = ()
    senders: int = 2
    humans: tuple[Command | tuple[Command, ...], ...] = ()
    invocations: tuple[Command, ...] = ()
    minutes: int = 0
    polls: int = 0
    syncs: tuple[tuple[int, Command], ...] = ()
    turns: int = 0
    listed: tuple[tuple[str, int], ...] = ()
    follows: tuple[tuple[str, bool], ...] = ()
    rooms: tuple[tuple[int, int], ...] = ()
    faults: int = 1
    ticks: int = 0
    copies: int = 0
    ablated_with: int = 1
    is_warm: bool = True
    rate: int = 2
    decides: bool = False
    setting: Setting = field(default_factory=Setting)
    rules: Rules = field(default_factory=Rules)
    aws_fates: tuple[str, ...] = USUAL_FATES
    jumps: Jumps = _no_jumps
    prepare: Prepare = _as_they_are
    begins_s: int = NOW_S
    token_life_s: int = 7200
    seconds: int = 7200

    def bounded(
        self, *, faults: int | None = None, ticks: int | None = None, copies: int | None = None
    ) -> "Scenario":
        """Return it within another bound."""
        return replace(
            self,
            faults=self.faults if faults is None else faults,
            ticks=self.ticks if ticks is None else ticks,
            copies=self.copies if copies is None else copies,
        )

    def since(self, openid: str) -> int:
        """Return since when a follower is subscribed (Unix s), as the table has it at first."""
        return dict(self.listed).get(openid, NOW_S - 900)

    @property
    def bound(self) -> str:
        """Return the bound in words."""
        parts = [(self.faults, "faults"), (self.copies, "copies"), (self.ticks, "ticks")]
        return ", ".join(f"{most} {name}" for most, name in parts if most or name == "faults")


# ---------------------------------------------------------- what is there already


def held(hold_id: str) -> Prepare:
    """Return the preparation by which the campaign is held until its day's quota is renewed."""

    def prepare(tables: Tables) -> Tables:
        aws = MemoryAws()
        aws.tables = tables
        hold = Hold(HoldKind.QUOTA, hold_id, "no calls left", NOW_S, NOW_S + 1)
        CampaignStore(aws.dynamodb().Table(STATE_TABLE)).hold(CAMPAIGN, CampaignState.PAUSED, hold)
        return aws.tables

    return prepare


def tried(hold_id: str) -> Prepare:
    """Return the preparation by which the campaign is held after a trial that was refused."""

    def prepare(tables: Tables) -> Tables:
        aws = MemoryAws()
        aws.tables = tables
        state = aws.dynamodb().Table(STATE_TABLE)
        ledger = LedgerStore(state)
        for chunk in ledger.chunks(CAMPAIGN):
            ledger.refuse(CAMPAIGN, chunk, reason="refused")
        hold = Hold(HoldKind.TRIAL, hold_id, "none of 1 told", NOW_S)
        CampaignStore(state).hold(CAMPAIGN, CampaignState.TRIAL, hold)
        return aws.tables

    return prepare


def chosen(room_id: int, day: str, push_at: int = 0) -> Prepare:
    """Return the preparation by which a room is chosen for a day, or its push planned (Unix s)."""

    def prepare(tables: Tables) -> Tables:
        aws = MemoryAws()
        aws.tables = tables
        RoomStore(aws.dynamodb().Table(STATE_TABLE)).choose(day, Choice(room_id, NOW_S, push_at))
        return aws.tables

    return prepare


def executed(*commands: str) -> Prepare:
    """Return the preparation by which commands about the campaign were executed before."""
    rows = [
        {"pk": "command", "sk": command, "outcome": {"campaign": CAMPAIGN}, "expires_at": NOW_S}
        for command in commands
    ]
    return lambda tables: tables.put(STATE_TABLE, *rows)


def claim_grown_old(world: World) -> Mapping[str, int]:
    """A moment for ticks: when the last claim has outlived its worker, by a second."""
    tables: Tables = world.shared[TABLES]
    claimed = [
        int(item.attributes["claimed_at"])
        for item in tables.items
        if item.attributes.get("state") == "sending" and "claimed_at" in item.attributes
    ]
    return {"old-claim": (max(claimed) + CLAIM_STALE_S + 1) * 1000} if claimed else {}
