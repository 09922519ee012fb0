"""push_start with the real stores and client, on the world's services."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from factories import CAMPAIGN, ROOM, a_new_campaign, a_pseudonym_key
from support.clients import wechat_client
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.pace import interval_ms
from wxlive.errors import InvalidCommand
from wxlive.stores.announcements import AnnouncementStore, EventBus
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.days import DayStore
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import LivingStore
from wxlive.stores.member_indexes import MemberIndexStore
from wxlive.stores.muted import MutedStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.apis import Api
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.plan import plan
from wxlive_push_start.start import start

OTHER_ROOM = 2002
AUDIENCE = [f"o{n}" for n in range(5)]
"""Whom ``planned`` is for: two full chunks and a rest."""

_ids = count(1)


def start_deps(world: World, **changes: Any) -> Dependencies:
    """Build the dependencies of an invocation; ``changes`` replace some of them."""
    state = world.aws.functions.state
    deps = Dependencies(
        wechat=wechat_client(world),
        followers=FollowerStore(world.aws.functions.dynamodb, "followers"),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        results=ResultStore(state),
        living=LivingStore(state),
        days=DayStore(state),
        commands=CommandStore(state),
        announcements=AnnouncementStore(state),
        events=EventBus(world.events, "wxlive"),
        except_lists=ExceptListStore(state),
        muted=MutedStore(state),
        forgotten=ForgottenStore(world.aws.functions.dynamodb, "state", a_pseudonym_key),
        members=MemberIndexStore(state),
        rooms=RoomStore(state),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, 5000),
        queue=PushQueue(world.aws.functions.sqs, world.queues["push"]),
        telemetry=world.telemetry,
        chunk=2,
        interval_ms=interval_ms(2000, 2000),
        day_offset_hours=DAY_OFFSET_HOURS,
        brake_percent=50,
        trial_followed_s=0,
        now=world.clock,
        sleep=world.clock.sleep,
        remaining_s=world.remaining_s,
        plan_later=world.invoked.append,
        new_id=lambda: f"start-{next(_ids)}",
    )
    return replace(deps, **changes)


def opened(world: World, *openids: str, **facts: Any) -> str:
    """Open a campaign for these subscribed followers, by default ``AUDIENCE``; returns its id.

    Nothing of it is planned. ``facts`` are fields of it.
    """
    world.put_followers(*(openids or AUDIENCE))
    world.campaigns.open(a_new_campaign(**facts), before=world.living.load(), release=None)
    return CAMPAIGN


def planned(world: World, *openids: str) -> str:
    """Start a campaign for these subscribed followers and plan it to its end; returns its id."""
    world.put_followers(*(openids or AUDIENCE))
    campaign: str = start(ROOM, start_deps(world))["campaign"]
    plan(campaign, start_deps(world))
    assert world.campaign(campaign).fully_planned
    return campaign


def refusal(world: World, room: int = ROOM, **changes: Any) -> str:
    """Start a push that is refused; returns the sentence."""
    with pytest.raises(InvalidCommand) as error:
        start(room, start_deps(world, **changes))
    return str(error.value)
