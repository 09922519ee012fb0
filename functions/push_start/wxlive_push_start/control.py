"""Control of a campaign: hold, resume, cancel, and decide about the unknown.

Each command of the operator has an id. It is stored with the command's effect, so a command that
comes late or twice changes nothing.
"""

from wxlive.domain.campaigns import (
    HELD,
    LONGEST_INTERVAL_S,
    UNENDED,
    Campaign,
    CampaignState,
    Hold,
    HoldKind,
)
from wxlive.domain.chunks import ChunkState
from wxlive.domain.history import happenings
from wxlive.domain.reports import Report
from wxlive.errors import Conflict, InvalidCommand
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.repeats import call_off
from wxlive_push_start.reporting import read_report


def pause(campaign_id: str, deps: Dependencies, command: str) -> Report:
    """Send nothing more until ``resume``. A call that has begun is finished.

    Raises:
        InvalidCommand: no such campaign, or it has nothing left to send.
    """
    current = _unfinished(campaign_id, "paused", deps).campaign
    hold = Hold(
        HoldKind.OPERATOR, command or deps.new_id(), "Paused by the operator", int(deps.now())
    )
    if not deps.campaigns.hold(
        campaign_id,
        CampaignState.PAUSED,
        hold,
        out_of=UNENDED,
        past_holds=current.holds_until(hold.since),
        command=command,
    ):
        _executed_before(command, campaign_id, "paused", deps)
    return _report(campaign_id, deps)


def set_pace(campaign_id: str, per_second: int, deps: Dependencies, command: str) -> Report:
    """Send so many openids a second from the next call on; 0 is as fast as the stack allows.

    Raises:
        InvalidCommand: no such campaign, it has nothing left to send, or calls would be more than
            half a minute apart.
    """
    least = -(-deps.chunk // LONGEST_INTERVAL_S)
    if 0 < per_second < least:
        raise InvalidCommand(
            f"{per_second} openids a second are too few: a call has {deps.chunk}, and calls may be "
            f"{LONGEST_INTERVAL_S} s apart, so use {least} or more, or `wxlive pause`"
        )
    _unfinished(campaign_id, "paced", deps)
    if not deps.campaigns.set_pace(campaign_id, per_second, deps.now(), command=command):
        _executed_before(command, campaign_id, "paced", deps)
    return _report(campaign_id, deps)


def resume(
    campaign_id: str, deps: Dependencies, command: str, *, hold: str | None = None
) -> Report:
    """Resume: enqueue every chunk that waits, and continue planning where it stopped.

    Harmless on a campaign that is sending. One that is held after its trial goes on with the rest.

    Args:
        campaign_id: the campaign.
        deps: what it works with.
        command: the command's id.
        hold: the id of the hold that the operator saw, empty if none. A command that comes late
            does not end a hold that was made after it. None, as from version 0.1, ends any.

    Raises:
        InvalidCommand: no such campaign, it has nothing left to send, or it was held anew.
    """
    current = _unfinished(campaign_id, "resumed", deps).campaign
    now_s = deps.now()
    if not deps.campaigns.resume(
        campaign_id,
        current.hold_id if hold is None else hold,
        now_s,
        past_holds=current.holds_until(now_s),
        ends_trial=current.hold_kind is HoldKind.TRIAL,
        command=command,
    ):
        if _get(campaign_id, deps).state is not CampaignState.SENDING:
            _executed_before(command, campaign_id, "resumed", deps)
        return _report(campaign_id, deps)
    start_again(current, deps)
    return _report(campaign_id, deps)


def end_hold(campaign_id: str, hold_id: str, deps: Dependencies) -> Report:
    """End a hold of the machine's, by its id, because its cause is gone.

    Nothing happens if the campaign is no longer held by it.
    """
    campaign = _get(campaign_id, deps)
    now_s = deps.now()
    if _is_held_by(campaign, hold_id) and deps.campaigns.resume(
        campaign_id, hold_id, now_s, past_holds=campaign.holds_until(now_s)
    ):
        start_again(campaign, deps)
    return _report(campaign_id, deps)


def give_up(campaign_id: str, hold_id: str, reason: str, deps: Dependencies) -> Report:
    """End a held campaign whose room will not open again, by its hold's id."""
    current = _report(campaign_id, deps)
    campaign = current.campaign
    if _is_held_by(campaign, hold_id):
        sentence = f"{reason}; {_left_over(current)} were not notified"
        now_s = deps.now()
        deps.campaigns.end(
            campaign_id,
            CampaignState.FAILED,
            sentence,
            now_s,
            out_of_hold=hold_id,
            past_holds=campaign.holds_until(now_s),
        )
    return _report(campaign_id, deps)


def cancel(campaign_id: str, deps: Dependencies, command: str) -> Report:
    """Send nothing more. What WeChat has accepted cannot be undone.

    Raises:
        InvalidCommand: no such campaign, or it has nothing left to send.
    """
    current = _unfinished(campaign_id, "cancelled", deps).campaign
    now_s = deps.now()
    if not deps.campaigns.end(
        campaign_id,
        CampaignState.CANCELLED,
        "Cancelled by the operator",
        now_s,
        past_holds=current.holds_until(now_s),
        command=command,
    ):
        _executed_before(command, campaign_id, "cancelled", deps)
    return _report(campaign_id, deps)


def resend_unknown(campaign_id: str, deps: Dependencies, command: str) -> Report:
    """Send the unknown chunks again. Followers whom the first call reached are notified twice.

    Raises:
        InvalidCommand: no such campaign, nothing is unknown, the campaign has ended, or another
            one lives.
    """
    current = _with_unknown(campaign_id, deps)
    if current.campaign.is_ended:
        raise InvalidCommand(
            f"Campaign {campaign_id} is {current.state.value}; nothing more is sent of it"
        )
    _check_living(campaign_id, deps)
    campaign = current.campaign
    names = [happening.name for happening in happenings(campaign, None)]
    deps.announcements.reopen(campaign_id, names, campaign.created_at)
    _record(command, campaign_id, deps)
    for chunk in current.unknown:
        again = deps.ledger.resend(
            campaign_id, chunk, now_s=deps.now(), reason="Sent again by the operator"
        )
        if again:
            deps.queue.enqueue(campaign_id, chunk.number)
    return _report(campaign_id, deps)


def accept_unknown(campaign_id: str, deps: Dependencies, command: str) -> Report:
    """Treat the unknown chunks as sent. Followers whom the call did not reach are not notified.

    Raises:
        InvalidCommand: no such campaign, or nothing is unknown.
    """
    current = _with_unknown(campaign_id, deps)
    _record(command, campaign_id, deps)
    for chunk in current.unknown:
        deps.ledger.accept(
            campaign_id,
            chunk,
            reason="Accepted by the operator",
            is_ended=current.campaign.is_ended,
        )
    return _report(campaign_id, deps)


def _left_over(report: Report) -> str:
    """Say which followers of a campaign no call may have reached."""
    reached = (ChunkState.SENDING, ChunkState.ACCEPTED, ChunkState.UNKNOWN)
    left = report.campaign.audience - sum(report.openids[state] for state in reached)
    if report.campaign.awaits_trial:
        others = "all followers but those of the trial"
        return f"{others}, and {left} of these," if left else others
    return f"{left} followers" if report.campaign.fully_planned else f"at least {left} followers"


def _is_held_by(campaign: Campaign, hold_id: str) -> bool:
    """Whether the hold of that id stands. Version 0.1 gave holds no id."""
    return campaign.state in HELD and campaign.hold_id == hold_id


def start_again(campaign: Campaign, deps: Dependencies) -> None:
    """Enqueue every chunk of a campaign that waits, and have the rest planned."""
    queued = [
        chunk for chunk in deps.ledger.chunks(campaign.campaign) if chunk.state is ChunkState.QUEUED
    ]
    if any(chunk.earlier_calls for chunk in queued):
        call_off(read_report(campaign, deps), deps)
    deps.queue.enqueue_all(campaign.campaign, [chunk.number for chunk in queued])
    if not campaign.fully_planned:
        deps.plan_later(campaign.campaign)


def _check_living(campaign_id: str, deps: Dependencies) -> None:
    living = deps.living.load()
    if living is not None and living.campaign != campaign_id:
        raise InvalidCommand(
            f"Campaign {campaign_id} is not the latest one ({living.campaign}); its unknown chunks "
            "can be accepted, not sent again"
        )


def _record(command: str, campaign_id: str, deps: Dependencies) -> None:
    """Store that a command is executed, whose effect takes several writes.

    Raises:
        Conflict: it was executed before.
    """
    outcome = {"campaign": campaign_id, "run": deps.new_id()}
    if command and not deps.commands.record(command, outcome, deps.now()):
        raise Conflict(f"The command {command} is being executed already; see `wxlive status`")


def _executed_before(command: str, campaign_id: str, done: str, deps: Dependencies) -> None:
    """Accept that nothing was written if the command was executed before.

    Raises:
        InvalidCommand: it was not; the campaign has changed meanwhile.
    """
    if command and deps.commands.outcome(command) is not None:
        return
    campaign = _get(campaign_id, deps)
    why = f" ({campaign.reason})" if campaign.reason else ""
    raise InvalidCommand(
        f"Campaign {campaign_id} became {campaign.state.value} meanwhile{why} and was not {done}; "
        "see `wxlive status`, then run the command again"
    )


def _with_unknown(campaign_id: str, deps: Dependencies) -> Report:
    current = _report(campaign_id, deps)
    if not current.unknown:
        raise InvalidCommand(
            f"Campaign {campaign_id} has no unknown chunk; there is nothing to resolve"
        )
    return current


def _unfinished(campaign_id: str, done: str, deps: Dependencies) -> Report:
    current = _report(campaign_id, deps)
    if current.nothing_left_to_send:
        raise InvalidCommand(
            f"Campaign {campaign_id} is {current.state.value} and has nothing left to send; "
            f"it can't be {done}"
        )
    return current


def _get(campaign_id: str, deps: Dependencies) -> Campaign:
    campaign = deps.campaigns.get(campaign_id)
    if campaign is None:
        raise InvalidCommand(
            f"There is no campaign {campaign_id}; `wxlive status` shows the newest"
        )
    return campaign


def _report(campaign_id: str, deps: Dependencies) -> Report:
    return read_report(_get(campaign_id, deps), deps)
