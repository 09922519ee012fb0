"""What must hold before the first call: a live room, calls left, an audience."""

import math
from dataclasses import dataclass

from wxlive.domain.audience import Audience
from wxlive.domain.rooms import Room
from wxlive.errors import InvalidCommand


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a push would take: calls, minutes at full pace, calls left afterwards.

    ``crosses_midnight`` says that it would still send on WeChat's next day.
    """

    audience: int
    calls: int
    minutes: float
    quota_after: int
    crosses_midnight: bool


def check_room(room_id: int, room: Room | None) -> None:
    """Refuse a room that is unknown or not live.

    Raises:
        InvalidCommand: nothing was sent, and why.
    """
    if room is None:
        raise InvalidCommand(
            f"Room {room_id} is not among the rooms that WeChat lists; check the id in the "
            "Mini Program console. Nothing was sent"
        )
    if not room.is_live:
        raise InvalidCommand(
            f"Room {room_id} is {room.status_words}, not live; open the room first, then push. "
            "Nothing was sent"
        )


def check_audience(audience: int, target: Audience, *, told: int, left_out: int) -> None:
    """Refuse an audience of nobody; of ``left_out``, ``told`` were notified before.

    Raises:
        InvalidCommand: nothing was sent, and why.
    """
    if audience:
        return
    if told:
        raise InvalidCommand(
            f"The room has notified {told} followers before, or may have, and nobody else is "
            "in this audience; `wxlive push --again` includes them. Nothing was sent"
        )
    if left_out:
        raise InvalidCommand(
            "No subscribed follower is in this audience, apart from those who are muted or in "
            "--except-file; choose another one. Nothing was sent"
        )
    if target.is_everybody:
        raise InvalidCommand(
            "No subscribed follower is known; run `wxlive sync` first. Nothing was sent"
        )
    raise InvalidCommand(
        "No subscribed follower is in this audience, which --subscribed-in, --since and --before "
        "describe; choose another one. Nothing was sent"
    )


def forecast(
    *,
    audience: int,
    chunk: int,
    interval_ms: int,
    quota_left: int,
    day_left_s: float,
    first: int = 0,
) -> Forecast:
    """Return what pushing to ``audience`` followers takes, ``first`` of them in their own call.

    Raises:
        InvalidCommand: the day has too few calls left.
    """
    calls = math.ceil(max(0, audience - first) / chunk) + (1 if first else 0)
    if calls > quota_left:
        raise InvalidCommand(
            f"{audience} followers take {calls} calls, but only {quota_left} of today's are "
            "left; push tomorrow, or to a later room. Nothing was sent"
        )
    return Forecast(
        audience=audience,
        calls=calls,
        minutes=round(calls * interval_ms / 60_000, 1),
        quota_after=quota_left - calls,
        crosses_midnight=calls * interval_ms / 1000 > day_left_s,
    )
