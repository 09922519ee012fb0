"""Reading a command and executing it."""

from collections.abc import Mapping
from typing import Any

from wxlive.domain.audience import Audience
from wxlive.errors import InvalidCommand
from wxlive_push_start.control import accept_unknown, cancel, pause, resend_unknown, resume
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.plan import Planning, plan
from wxlive_push_start.start import rehearse, start

MAX_ROOMS = 50
"""Rooms that an audience may name: half of what a filter of DynamoDB takes."""

_CONTROLS = {
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "resend_unknown": resend_unknown,
    "accept_unknown": accept_unknown,
}


def execute(event: Mapping[str, Any], deps: Dependencies) -> dict[str, Any]:
    """Execute one command; returns its report.

    Raises:
        InvalidCommand: the action is unknown, or not possible as things are.
    """
    action = event.get("action")
    if action == "start":
        room_id = event.get("room_id")
        if not isinstance(room_id, int) or isinstance(room_id, bool):
            raise InvalidCommand("room_id must be a number")
        begin = rehearse if event.get("dry_run") else start
        return begin(room_id, deps, parse_audience(event.get("audience") or {}))
    if action != "plan" and action not in _CONTROLS:
        raise InvalidCommand(f"Unknown action {action!r}; use start, plan, {', '.join(_CONTROLS)}")
    campaign = event.get("campaign")
    if not isinstance(campaign, str) or not campaign:
        raise InvalidCommand("campaign must be a campaign's id; `wxlive status` shows the newest")
    if action == "plan":
        return _plan(campaign, deps)
    return _CONTROLS[action](campaign, deps).summary()


def parse_audience(raw: object) -> Audience:
    """Parse whom a push is for.

    Raises:
        InvalidCommand: it is no object of room ids and Unix seconds.
    """
    refusal = InvalidCommand(
        'audience must be like {"rooms": [room ids, at most 50], "since": s, "before": s}, '
        "in Unix seconds"
    )
    if not isinstance(raw, dict) or not raw.keys() <= {"rooms", "since", "before"}:
        raise refusal
    rooms = raw.get("rooms") or []
    limits = [raw.get("since") or 0, raw.get("before") or 0]
    if not isinstance(rooms, list) or len(rooms) > MAX_ROOMS:
        raise refusal
    if any(type(number) is not int or number < 0 for number in (*rooms, *limits)):
        raise refusal
    return Audience(tuple(sorted(set(rooms))), *limits)


def _plan(campaign: str, deps: Dependencies) -> dict[str, Any]:
    ended = plan(campaign, deps)
    deps.telemetry.logger.info("planned", extra={"campaign": campaign, "turn": ended.value})
    if ended is Planning.OUT_OF_TIME:
        deps.plan_later(campaign)
    return {"campaign": campaign, "planning": ended.value}
