"""Starting a campaign: check first, make it the living one, have it planned."""

from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.calendar import day_of, stamp_of
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import ChunkState, spread_of
from wxlive.domain.reports import Report, report
from wxlive.errors import Conflict, InvalidCommand
from wxlive.stores.living import Living
from wxlive.stores.push_queue import WAKE
from wxlive_push_start.checks import Checked, check, is_held_at_midnight
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.plan import RESERVE_S, Planning, plan
from wxlive_push_start.reconcile import close
from wxlive_push_start.reporting import read_report
from wxlive_push_start.trials import NO_TRIAL, ChosenTrial, TrialRequest, choose_trial

FIRST_CHUNK_S = 3
"""How long a start looks for its first chunk before it leaves all of the planning to later."""


def start(
    room_id: int,
    deps: Dependencies,
    target: Audience = EVERYBODY,
    *,
    command: str = "",
    again: bool = False,
    trial: TrialRequest | None = None,
) -> dict[str, Any]:
    """Start a campaign for a room, to a target audience; returns its report.

    With a ``trial`` that part of the audience is notified, and the rest waits for its results.

    A repeated command for the same room and audience starts nothing, on whatever day, and returns
    the campaign that was: no follower is notified twice. Followers whom an earlier campaign for
    the room has notified, or may have, are left out, unless the operator says ``again``.

    Raises:
        InvalidCommand: another campaign is not finished, another room has the day, the room is not
            live, too few calls are left, or nobody is in the audience.
    """
    before, lived = _last_living(deps)
    repeated = _unfinished(room_id, target, lived) or (
        None if again else _finished(room_id, target, deps)
    )
    if repeated is not None:
        return _repeat(repeated, command, deps)
    if before is not None and lived is not None and not before.finished:
        close(before, lived, deps)
    with suppress(Exception):  # it only makes the push faster
        deps.queue.send(WAKE)
    first = trial.size if trial is not None else 0
    checked = check(room_id, target, deps, counted=False, again=again, first=first)
    chosen = choose_trial(trial, room_id, target, deps, again=again)
    campaign = _new_campaign(
        room_id, target, checked, deps, command=command, again=again, chosen=chosen
    )
    try:
        deps.campaigns.open(campaign, before=before, release=checked.release, first=chosen.openids)
    except Conflict as error:
        _, lived = _last_living(deps)
        repeated = _unfinished(room_id, target, lived)
        if repeated is None:
            raise InvalidCommand(
                "Another push was started in the same second, or went on; see `wxlive status`, "
                "then run the command again"
            ) from error
        return _repeat(repeated, command, deps)
    return _plan_first(campaign, deps).summary()


def _repeat(repeated: Report, command: str, deps: Dependencies) -> dict[str, Any]:
    """Return the campaign that a command repeats; the command is executed by that."""
    if command:
        deps.commands.record(command, {"campaign": repeated.campaign.campaign}, deps.now())
    return {**repeated.summary(), "repeated": True}


def _plan_first(campaign: Campaign, deps: Dependencies) -> Report:
    """Queue the first chunk here and now, so that its sender waits for no other process.

    Not if earlier campaigns for the room must be read first: that may take long. A trial has the
    time to become as large as it was asked for.
    """
    until_s = deps.now() + FIRST_CHUNK_S
    limited = replace(deps, remaining_s=lambda: RESERVE_S + until_s - deps.now())
    planning = Planning.OUT_OF_TIME
    if len(deps.campaigns.of_room(campaign.room_id)) == 1:
        hurried = limited if campaign.trial is None else deps
        planning = plan(campaign.campaign, hurried, max_chunks=1)
    if planning is not Planning.DONE:  # a trial is followed there
        deps.plan_later(campaign.campaign)
    stored = deps.campaigns.get(campaign.campaign)
    return read_report(stored or campaign, deps)


def rehearse(
    room_id: int,
    deps: Dependencies,
    target: Audience = EVERYBODY,
    *,
    again: bool = False,
    trial: TrialRequest | None = None,
) -> dict[str, Any]:
    """Return what a push would take, without starting one.

    Raises:
        InvalidCommand: it would be refused, and why.
    """
    _, lived = _last_living(deps)
    repeated = _unfinished(room_id, target, lived) or (
        None if again else _finished(room_id, target, deps)
    )
    if repeated is not None:
        raise InvalidCommand(
            f"Room {room_id} was pushed to this audience by campaign {repeated.campaign.campaign} "
            f"({repeated.state.value}); `--again` notifies it again once that has finished"
        )
    first = trial.size if trial is not None else 0
    checked = check(room_id, target, deps, counted=True, again=again, first=first)
    chosen = choose_trial(trial, room_id, target, deps, again=again)
    campaign = _new_campaign(room_id, target, checked, deps, command="", again=again)
    return {
        **report(campaign, (), (), deps.now()).summary(),
        "campaign": None,
        "audience": checked.forecast.audience,
        "dry_run": True,
        **asdict(checked.forecast),
        "first": len(chosen.openids) or min(first, checked.forecast.audience),
        "held_at_midnight": is_held_at_midnight(room_id, checked.forecast, deps),
    }


def _last_living(deps: Dependencies) -> tuple[Living | None, Report | None]:
    """Return the campaign that lives or lived last, and its report.

    The pointer is read first: if the campaign is revived after its report was read, the pointer
    has changed, and a campaign that replaces it cannot be opened.
    """
    living = deps.living.load()
    campaign = deps.campaigns.get(living.campaign) if living is not None else None
    return living, read_report(campaign, deps) if campaign is not None else None


def _unfinished(room_id: int, target: Audience, lived: Report | None) -> Report | None:
    """Return the living campaign if a command for this room and audience repeats it.

    Raises:
        InvalidCommand: it is for another room or audience.
    """
    if lived is None or lived.nothing_left_to_send:
        return None
    if lived.campaign.room_id == room_id and lived.campaign.target == target:
        return lived
    raise InvalidCommand(
        f"Campaign {lived.campaign.campaign} for room {lived.campaign.room_id} is "
        f"{lived.state.value} and not finished; wait for its end or cancel it, then push again"
    )


def _finished(room_id: int, target: Audience, deps: Dependencies) -> Report | None:
    """Return the campaign that has pushed this room to this audience, on whatever day.

    One that ended early, or had chunks refused, does not count: another one may reach the rest.
    """
    for campaign in deps.campaigns.of_room(room_id):
        if campaign.target == target and not campaign.is_ended:
            found = read_report(campaign, deps)
            if found.state is not CampaignState.FAILED and not found.chunks[ChunkState.REFUSED]:
                return found
    return None


def _new_campaign(
    room_id: int,
    target: Audience,
    checked: Checked,
    deps: Dependencies,
    *,
    command: str,
    again: bool,
    chosen: ChosenTrial = NO_TRIAL,
) -> Campaign:
    now_s = deps.now()
    openids = chosen.openids
    return Campaign(
        campaign=f"{stamp_of(now_s, deps.day_offset_hours)}-{room_id}",
        room_id=room_id,
        day=day_of(now_s, deps.day_offset_hours),
        state=CampaignState.PLANNED,
        created_at=int(now_s),
        target=target,
        spread=spread_of(deps.chunk) if checked.has_room_for_spread else 1,
        command=command or deps.new_id(),
        again=again,
        trial=chosen.trial,
        chunks=1 if openids else 0,
        audience=len(openids),
    )
