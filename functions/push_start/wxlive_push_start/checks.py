"""What is read before a campaign starts: the room, the day, the quota, the audience."""

from dataclasses import dataclass

from wxlive.domain.audience import Audience
from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.rooms import Room
from wxlive.domain.sync_runs import RunState
from wxlive.errors import InvalidCommand, WxliveError
from wxlive.stores.reports import may_have_notified
from wxlive.wechat.apis import ROOM_PAGES, ROOMS_PER_PAGE, Api
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.left_out import LeftOut, left_out
from wxlive_push_start.preflight import Forecast, check_audience, check_room, forecast

ROOM_FOR_MORE = 1.2
"""How much larger than the last sync's list the audience may have become."""

ROOM_FOR_SPREAD = 1.02
"""How many more calls than the least there must be for chunks of different sizes."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a push would take, and the day that it takes over from a room that notified nobody.

    ``has_room_for_spread`` says that the day's calls suffice for chunks of different sizes.
    """

    forecast: Forecast
    release: tuple[str, int, str] | None
    has_room_for_spread: bool


def check(
    room_id: int,
    target: Audience,
    deps: Dependencies,
    *,
    counted: bool,
    again: bool,
    first: int = 0,
) -> Checked:
    """Check that a room can be pushed to an audience now.

    Args:
        room_id: the room.
        target: the audience.
        deps: what it is read from.
        counted: whether the audience is counted even where an estimate decides nothing.
        again: whether followers whom the room has notified before belong to it.
        first: how many are notified first, in a call of their own.

    Raises:
        InvalidCommand: it can't be, and why.
    """
    day = day_of(deps.now(), deps.day_offset_hours)
    release = _takeover(day, room_id, deps)
    _check_choice(day, room_id, deps)
    check_room(room_id, _find_room(room_id, deps))
    _seed_quota(deps)
    quota_left = deps.quota.left(day)
    if counted or not target.is_everybody or (audience := _estimate(quota_left, deps)) is None:
        try:
            without = left_out(room_id, target, deps, again=again)
        except InvalidCommand as error:
            raise InvalidCommand(f"{error}. Nothing was sent") from error
        audience = _count(target, without, deps)
        check_audience(audience, target, told=without.told, left_out=len(without))
    expected = forecast(
        audience=audience,
        first=first,
        chunk=deps.chunk,
        interval_ms=deps.interval_ms,
        quota_left=quota_left,
        day_left_s=day_ends_at(deps.now(), deps.day_offset_hours) - deps.now(),
    )
    return Checked(expected, release, expected.calls * ROOM_FOR_SPREAD <= quota_left)


def check_still_wanted(
    room_id: int, target: Audience, day: str, planned_at: int, deps: Dependencies
) -> None:
    """Check that a push that the stack itself asked for is still wanted when it is begun.

    Args:
        room_id: the room.
        target: the audience.
        day: the day that it was asked for, empty if it is any day.
        planned_at: the time of the plan that it carries out, 0 if none.
        deps: what it is read from.

    Raises:
        InvalidCommand: the day is over, or the plan was removed or changed.
    """
    today = day_of(deps.now(), deps.day_offset_hours)
    if day and day != today:
        raise InvalidCommand(
            f"The push of room {room_id} was asked for {day}, and it is {today}. Nothing was sent"
        )
    if not planned_at:
        return
    choice = deps.rooms.chosen(today)
    wanted = (room_id, planned_at, target)
    if choice is None or (choice.room_id, choice.push_at, choice.target) != wanted:
        raise InvalidCommand(
            f"The planned push of room {room_id} was removed or changed. Nothing was sent"
        )


def is_held_at_midnight(room_id: int, expected: Forecast, deps: Dependencies) -> bool:
    """Whether a push would hold at midnight, since another room is wanted for the day after."""
    if not expected.crosses_midnight:
        return False
    midnight_s = day_ends_at(deps.now(), deps.day_offset_hours)
    choice = deps.rooms.chosen(day_of(midnight_s, deps.day_offset_hours))
    return choice is not None and choice.room_id != room_id


def _takeover(day: str, room_id: int, deps: Dependencies) -> tuple[str, int, str] | None:
    """Return the day to take over from another room, if no call of that day notified anybody.

    Raises:
        InvalidCommand: another room has the day.
    """
    holder = deps.days.holder(day)
    if holder is None or holder[0] == room_id:
        return None
    held_by, campaign_id = holder
    if not may_have_notified(held_by, day, deps.campaigns, deps.ledger, deps.day_offset_hours):
        return day, held_by, campaign_id
    raise InvalidCommand(
        f"Room {held_by} was pushed today by campaign {campaign_id}, and WeChat allows one room a "
        f"day; push room {room_id} tomorrow"
    )


def _check_choice(day: str, room_id: int, deps: Dependencies) -> None:
    choice = deps.rooms.chosen(day)
    if choice is not None and choice.room_id != room_id:
        raise InvalidCommand(
            f"Room {choice.room_id} is {choice.word} for today, and WeChat allows one room a day; "
            f"run `wxlive rooms unchoose` to push room {room_id} instead"
        )


def _estimate(quota_left: int, deps: Dependencies) -> int | None:
    """Return how many followers there are about, None where only the exact number decides.

    Counting millions takes longer than the first push may. What the last sync listed is close
    enough while the day's calls leave room for more.
    """
    run = deps.runs.newest()
    listed = run.listed if run is not None and run.state is RunState.DONE else 0
    return listed if 0 < listed * ROOM_FOR_MORE <= quota_left * deps.chunk else None


def _count(target: Audience, without: LeftOut, deps: Dependencies) -> int:
    """Count an audience without those who are left out."""
    if not without:
        return deps.followers.count_audience(target)
    audience = deps.followers.snapshot(target)
    return sum(openid is not None and openid not in without for _, _, openid in audience)


def _find_room(room_id: int, deps: Dependencies) -> Room | None:
    for page in range(ROOM_PAGES):
        listed = deps.wechat.rooms(page * ROOMS_PER_PAGE, ROOMS_PER_PAGE)
        for room in listed.rooms:
            if room.room_id == room_id:
                deps.rooms.save(room, deps.now())
                return room
        if listed.rows < ROOMS_PER_PAGE:
            return None
    return None


def _seed_quota(deps: Dependencies) -> None:
    """Learn what other programs of the merchant have used today, if WeChat answers."""
    asked_s = deps.now()
    try:
        quota = deps.wechat.quota(Api.PUSH_MESSAGE)
    except WxliveError as error:
        deps.telemetry.problem("quota not known", error)
        return
    deps.quota.learn(
        quota, asked_s=asked_s, answered_s=deps.now(), offset_hours=deps.day_offset_hours
    )
