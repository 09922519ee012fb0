"""Reading a command and executing it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from wxlive.domain.audience import MAX_ROOMS, Audience
from wxlive.domain.reports import Report
from wxlive.errors import InvalidCommand
from wxlive_push_start.announce import announce
from wxlive_push_start.checks import check_still_wanted
from wxlive_push_start.control import (
    accept_unknown,
    cancel,
    end_hold,
    give_up,
    pause,
    resend_unknown,
    resume,
    set_pace,
)
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.follow_trial import follow_trial
from wxlive_push_start.index_members import index_members
from wxlive_push_start.plan import Planning, plan
from wxlive_push_start.reconcile import reconcile
from wxlive_push_start.reporting import read_report
from wxlive_push_start.start import rehearse, start
from wxlive_push_start.trials import parse_trial

_CONTROLS: dict[str, Callable[[str, Dependencies, str], Report]] = {
    "pause": pause,
    "cancel": cancel,
    "resend_unknown": resend_unknown,
    "accept_unknown": accept_unknown,
}
"""The operator's commands about a campaign."""


def execute(event: Mapping[str, Any], deps: Dependencies) -> dict[str, Any]:
    """Execute one command once; returns its report.

    A command carries an id that was made where it arose. If it was executed before, the campaign's
    present report is returned, or the sentence by which it was refused. What the stack itself asks
    for (``automatic``) is asked for again after a refusal, so that is not recorded.

    Raises:
        InvalidCommand: the action is unknown, or not possible as things are.
    """
    command = str(event.get("command") or "")
    before = deps.commands.outcome(command) if command else None
    if before is not None:
        return _repeat(before, deps)
    try:
        done = _execute(event, command, deps)
    except InvalidCommand as error:
        if not command or event.get("automatic"):
            raise
        refused = {"refused": str(error)}
        if not deps.commands.record(command, refused, deps.now()):
            # It was delivered twice at once, and the other one was executed.
            return _repeat(deps.commands.outcome(command) or refused, deps)
        raise
    if command:
        with suppress(Exception):  # the next minute announces it
            announce(deps)
    return done


def _repeat(outcome: Mapping[str, Any], deps: Dependencies) -> dict[str, Any]:
    if "refused" in outcome:
        raise InvalidCommand(outcome["refused"])
    campaign = deps.campaigns.get(outcome["campaign"])
    if campaign is None:
        raise InvalidCommand(f"The campaign {outcome['campaign']} of this command has expired")
    return read_report(campaign, deps).summary()


def _execute(event: Mapping[str, Any], command: str, deps: Dependencies) -> dict[str, Any]:
    match event.get("action"):
        case "start":
            return _start(event, command, deps)
        case "reconcile":
            return _each_minute(deps)
        case "plan":
            return _plan(_campaign_of(event), deps)
        case "pace":
            return _pace(event, command, deps).summary()
        case "end_hold" | "give_up" | "resume":
            return _about_hold(event, command, deps).summary()
        case str(action) if action in _CONTROLS:
            return _CONTROLS[action](_campaign_of(event), deps, command).summary()
        case action:
            raise InvalidCommand(
                f"Unknown action {action!r}; use start, plan, resume, pace, {', '.join(_CONTROLS)}"
            )


def _each_minute(deps: Dependencies) -> dict[str, Any]:
    """Do what is done each minute. What one part fails at keeps no other from being done."""
    try:
        done = reconcile(deps)
    finally:
        try:
            announced = announce(deps)
        finally:
            indexed = index_members(deps)
    return {**done, "announced": announced, "indexed": indexed}


def _pace(event: Mapping[str, Any], command: str, deps: Dependencies) -> Report:
    per_second = event.get("per_second")
    if type(per_second) is not int or per_second < 0:
        raise InvalidCommand("per_second must be a number of openids, 0 for the stack's own pace")
    return set_pace(_campaign_of(event), per_second, deps, command)


def _about_hold(event: Mapping[str, Any], command: str, deps: Dependencies) -> Report:
    """Execute what names the hold that it is about."""
    campaign, hold = _campaign_of(event), str(event.get("hold"))
    match event["action"]:
        case "end_hold":
            return end_hold(campaign, hold, deps)
        case "give_up":
            return give_up(campaign, hold, str(event.get("reason")), deps)
        case _:
            return resume(campaign, deps, command, hold=hold if "hold" in event else None)


def _start(event: Mapping[str, Any], command: str, deps: Dependencies) -> dict[str, Any]:
    room_id = event.get("room_id")
    if not isinstance(room_id, int) or isinstance(room_id, bool):
        raise InvalidCommand("room_id must be a number")
    target = parse_audience(event.get("audience") or {})
    again = event.get("again") is True
    check_still_wanted(
        room_id, target, str(event.get("day") or ""), int(event.get("planned_at") or 0), deps
    )
    trial = parse_trial(event.get("trial"), deps)
    if event.get("dry_run"):
        return rehearse(room_id, deps, target, again=again, trial=trial)
    return start(room_id, deps, target, command=command, again=again, trial=trial)


def _campaign_of(event: Mapping[str, Any]) -> str:
    campaign = event.get("campaign")
    if not isinstance(campaign, str) or not campaign:
        raise InvalidCommand("campaign must be a campaign's id; `wxlive status` shows the newest")
    return campaign


def parse_audience(raw: object) -> Audience:
    """Parse whom a push is for.

    Raises:
        InvalidCommand: it is no object of room ids and Unix seconds.
    """
    refusal = InvalidCommand(
        'audience must be like {"rooms": [room ids, at most 50], "since": s, "before": s, '
        '"exceptions": the name of a stored list, "room_status": a live_status}, in Unix seconds'
    )
    if not isinstance(raw, dict) or not raw.keys() <= set(Audience.__dataclass_fields__):
        raise refusal
    rooms = raw.get("rooms") or []
    since, before = raw.get("since") or 0, raw.get("before") or 0
    status = raw.get("room_status") or 0
    if not isinstance(rooms, list) or len(rooms) > MAX_ROOMS:
        raise refusal
    if any(type(number) is not int or number < 0 for number in (*rooms, since, before, status)):
        raise refusal
    exceptions = raw.get("exceptions") or ""
    if not isinstance(exceptions, str):
        raise refusal
    return Audience(tuple(sorted(set(rooms))), since, before, exceptions, status)


def _plan(campaign: str, deps: Dependencies) -> dict[str, Any]:
    ended = plan(campaign, deps)
    deps.telemetry.logger.info("planned", extra={"campaign": campaign, "turn": ended.value})
    if ended is Planning.OUT_OF_TIME:
        deps.plan_later(campaign)
    if ended is Planning.AWAITS_TRIAL:
        follow_trial(campaign, deps)
    return {"campaign": campaign, "planning": ended.value}
