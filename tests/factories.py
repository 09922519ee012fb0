"""Records for tests: valid as they come, so that a test names only what it is about.

Every factory takes the fields of its record as keywords. Times are Unix seconds.
"""

from dataclasses import replace
from typing import Any

from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.events import FollowAction, FollowNotify, PushResult
from wxlive.domain.followers import Follower, ListedRow, Source, Status
from wxlive.domain.rooms import Room, RoomStatus
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.settings import Secrets, Settings

NOW_S = 1_795_347_000
"""2026-11-22 19:30 in Beijing."""

DAY = "2026-11-22"
ROOM = 1001
CAMPAIGN = "20261122T193000-1001"
PSEUDONYM_KEY = "0a" * 32

ENV = {
    "FOLLOWERS_TABLE": "followers",
    "STATE_TABLE": "state",
    "PUSH_QUEUE_URL": "https://sqs.test/push",
    "CALLBACK_BACKLOG_URL": "https://sqs.test/backlog",
    "CALLBACK_QUARANTINE_URL": "https://sqs.test/quarantine",
    "CALLBACK_ALLOW_LIST": "none",
    "NOTIFY_SECRET_NAME": "none",
    "NOTIFY_LANGUAGE": "en",
    "WECHAT_SECRET_NAME": "wxlive/wechat",
    "WECHAT_API_BASE": "https://wechat.test",
    "MESSAGE_MODE": "secure",
    "PUSH_RATE_PER_SECOND": "2000",
    "PUSH_CHUNK_SIZE": "2000",
    "PUSH_RETRY_BUSY": "off",
    "ROOM_WAIT_LIMIT_S": "3600",
    "DAILY_CALL_QUOTA": "5000",
    "SYNC_DAILY_CALLS": "4500",
    "CALLBACK_MAX_AGE_S": "0",
    "DAY_OFFSET_HOURS": "8",
    "SWEEP_GUARD_PERCENT": "20",
    "CLOCK_MARGIN_S": "120",
    "BRAKE_PERCENT": "50",
    "AUTO_PUSH": "off",
    "TRIAL_OPENIDS": "0",
    "TRIAL_GO_ON_PERCENT": "50",
    "WATCH_DAILY_CALLS": "400",
    "PUSH_START_FUNCTION": "wxlive-push-start",
    "STACK_NAME": "wxlive",
}
"""The environment of a function: every variable that the settings need."""


def some_settings(**changes: Any) -> Settings:
    """Return what ``ENV`` says."""
    return replace(Settings.from_env(ENV), **changes)


def some_secrets(**changes: Any) -> Secrets:
    """Return a well-formed secret with one token and one key."""
    secrets = Secrets(
        appid="wx0123456789abcdef",
        secret="5" * 32,
        tokens=("aWord123",),
        aes_keys=("A" * 43,),
    )
    return replace(secrets, **changes)


def a_follower(openid: str = "o-1", **changes: Any) -> Follower:
    """Return a follower who subscribed in the room a quarter of an hour ago."""
    follower = Follower(
        openid=openid,
        status=Status.SUBSCRIBED,
        changed_at=NOW_S - 900,
        subscribed_at=NOW_S - 900,
        room_id=ROOM,
        room_status=RoomStatus.LIVE.value,
        source=Source.CALLBACK,
    )
    return replace(follower, **changes)


def a_row(openid: str = "o-1", **changes: Any) -> ListedRow:
    """Return the row of WeChat's list that says the same as ``a_follower``."""
    row = ListedRow(
        openid=openid,
        subscribed_at=NOW_S - 900,
        room_id=ROOM,
        room_status=RoomStatus.LIVE.value,
    )
    return replace(row, **changes)


def a_notice(openid: str = "o-1", **changes: Any) -> FollowNotify:
    """Return WeChat's event that somebody subscribes now, in the live room."""
    notice = FollowNotify(
        openid=openid,
        room_id=ROOM,
        time_s=NOW_S,
        room_status=RoomStatus.LIVE.value,
        action=FollowAction.ADD_FOLLOW,
    )
    return replace(notice, **changes)


def a_room(room_id: int = ROOM, **changes: Any) -> Room:
    """Return a live room without a name or planned times."""
    room = Room(room_id=room_id, name="", status=RoomStatus.LIVE.value, starts_at=0, ends_at=0)
    return replace(room, **changes)


def a_run(run: str = "20261122T193000-ab12", **changes: Any) -> SyncRun:
    """Return an open sync run that has stored no page."""
    opened = SyncRun(run=run, state=RunState.OPEN, started_at=NOW_S, absent_as_of=NOW_S - 120)
    return replace(opened, **changes)


def a_new_campaign(campaign: str = CAMPAIGN, **changes: Any) -> Campaign:
    """Return a campaign that has just been opened: nothing of it is planned."""
    opened = Campaign(
        campaign=campaign,
        room_id=ROOM,
        day=DAY,
        state=CampaignState.PLANNED,
        created_at=NOW_S,
    )
    return replace(opened, **changes)


def a_campaign(campaign: str = CAMPAIGN, **changes: Any) -> Campaign:
    """Return a campaign that is fully planned and sends."""
    facts = {"state": CampaignState.SENDING, "fully_planned": True, "chunks": 1, **changes}
    return a_new_campaign(campaign, **facts)


def a_chunk(number: int = 1, state: ChunkState = ChunkState.QUEUED, **changes: Any) -> Chunk:
    """Return a ledger row of ten openids; an accepted one has the message id ``m-<number>``."""
    message_id = f"m-{number}" if state is ChunkState.ACCEPTED else None
    return replace(Chunk(number, state, openids=10, message_id=message_id), **changes)


def a_result(message_id: str = "m-1", **changes: Any) -> PushResult:
    """Return WeChat's report on ten openids that adds up: who is in no error was notified."""
    errors = ("openid_error", "relation_error", "user_recv_limit", "internal_error")
    counts = {"total": 10, **dict.fromkeys(errors, 0), **changes}
    counts.setdefault("success", counts["total"] - sum(counts[error] for error in errors))
    facts: dict[str, Any] = {"room_id": ROOM, "time_s": NOW_S, **counts}
    return PushResult(message_id=message_id, **facts)


def a_pseudonym_key(_needed: bool) -> str:  # noqa: FBT001 - as the store asks
    """Return ``PSEUDONYM_KEY``: somebody was forgotten already."""
    return PSEUDONYM_KEY
