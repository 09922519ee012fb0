"""What the commands about campaigns share: finding one, and showing it."""

from gettext import gettext as _

from wxlive.domain.campaigns import HELD, Campaign, CampaignState, Trial
from wxlive.domain.reports import Report
from wxlive.errors import InvalidCommand
from wxlive_cli.console import CommandResult, say
from wxlive_cli.exit_codes import code_of
from wxlive_cli.formatting import format_quantity
from wxlive_cli.language import named, shown
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.reader import read_facts
from wxlive_cli.stack import Stack
from wxlive_cli.tables import facts_table
from wxlive_cli.time_parsing import format_time


def find_campaign(stack: Stack, name: str | None) -> Campaign:
    """Return the named campaign, or the newest one.

    Raises:
        InvalidCommand: there is no such campaign.
    """
    if name == "":
        raise InvalidCommand("The id of the campaign is empty; `wxlive status` shows the newest")
    campaign = stack.campaigns.get(name) if name else stack.campaigns.newest()
    if campaign is None:
        raise InvalidCommand(
            f"There is no campaign {name}; `wxlive status` shows the newest"
            if name
            else "There is no campaign yet; start one with `wxlive push`"
        )
    return campaign


def find_living(stack: Stack, name: str | None) -> Campaign:
    """Return the named campaign, or the one that has something left to send.

    Raises:
        InvalidCommand: there is no such campaign.
    """
    if name is not None:
        return find_campaign(stack, name)
    living = stack.living.load()
    campaign = stack.campaigns.get(living.campaign) if living else None
    if campaign is None:
        raise InvalidCommand("There is no campaign yet; start one with `wxlive push`")
    report = stack.report(campaign)
    if report.nothing_left_to_send:
        raise InvalidCommand(
            f"No campaign is under way: {name_campaign(stack, campaign)} is {report.state.value}"
        )
    return campaign


def name_campaign(stack: Stack, campaign: Campaign) -> str:
    """Name a campaign with its room, as in ``campaign 20261122T193000-1001 for room 1001 (Name)``.

    Every sentence and every screen about a campaign does.
    """
    room = stack.rooms.all().get(campaign.room_id)
    return campaign_words(campaign, room.name if room else "")


def campaign_words(campaign: Campaign, room_name: str) -> str:
    """Name a campaign with its room, whose name is empty where it is not known."""
    if not room_name:
        return _("campaign {campaign} for room {room_id}").format(
            campaign=campaign.campaign, room_id=campaign.room_id
        )
    return _("campaign {campaign} for room {room_id} ({name})").format(
        campaign=campaign.campaign, room_id=campaign.room_id, name=room_name
    )


def campaign_title(facts: CampaignFacts) -> str:
    """Return the first line of a screen about a campaign."""
    words = campaign_words(facts.report.campaign, facts.room_name)
    return words[0].upper() + words[1:]


def goes_on(named: str, campaign: str) -> str:
    """Say that a campaign goes on without the command, how to watch it and how to stop it."""
    return _(
        "The {named} goes on: watch it with `wxlive watch {campaign}`, stop it "
        "with `wxlive pause {campaign}` or `wxlive cancel {campaign}`."
    ).format(named=named, campaign=campaign)


def say_still_open(named: str, report: Report, timeout_s: int) -> None:
    """Say, when a command has waited long enough, how the campaign stands and what to do."""
    say(
        _("The time of {timeout_s} s is up, and the campaign is not over: {state}.").format(
            timeout_s=timeout_s, state=shown(report.state.value)
        )
    )
    if report.state in HELD:
        say(describe_hold(named, report))
    else:
        say(goes_on(named, report.campaign.campaign))


def describe_hold(named: str, report: Report) -> str:
    """Say that a campaign is held, why, and how it is resumed."""
    campaign = report.campaign
    reason = shown((campaign.reason or "no reason is known").rstrip("."))
    words = (
        _(
            "The {named} waits after its trial. {reason}. `wxlive resume {campaign}` goes on with "
            "the rest, `wxlive cancel {campaign}` ends it."
        )
        if report.state is CampaignState.TRIAL
        else _(
            "The {named} is {state} ({reason}): `wxlive resume {campaign}` resumes it, "
            "`wxlive cancel {campaign}` ends it."
        )
    )
    return words.format(
        named=named, state=shown(report.state.value), reason=reason, campaign=campaign.campaign
    )


def campaign_result(stack: Stack, campaign: Campaign, *, code: int | None = None) -> CommandResult:
    """Return a campaign as the result of a command; its exit code is the one that it deserves.

    Args:
        stack: the stack.
        campaign: the campaign, which is read anew.
        code: another exit code.
    """
    facts = read_facts(stack, find_campaign(stack, campaign.campaign))
    rows = _rows(facts, stack.day_offset_hours)
    return CommandResult(
        facts.status(),
        code_of(facts.report) if code is None else code,
        facts_table(campaign_title(facts), rows),
    )


def _rows(facts: CampaignFacts, offset_hours: int) -> dict[str, str | int | None]:
    """Lay a campaign out for a person; counts of zero and unknown times are left out."""
    report, campaign = facts.report, facts.report.campaign
    rows: dict[str, str | int | None] = {
        "state": report.state.value,
        "reason": campaign.reason,
        "audience": audience_words(facts),
    }
    if campaign.trial is not None:
        rows["trial"] = _trial_words(campaign.trial)
    if campaign.per_second:
        rows["pace"] = _("at most {per_second} openids a second").format(
            per_second=f"{campaign.per_second:,}"
        )
    times = facts.times()
    if campaign.state not in HELD:
        times |= {"held_since": None, "resume_at": None}
    labels = {
        "created_at": "started",
        "held_since": "held since",
        "resume_at": "resumes",
        "first_call_at": "first call",
        "last_call_at": "last call",
        "last_result_at": "last result",
    }
    rows |= {
        label: format_time(at, offset_hours)
        for name, label in labels.items()
        if (at := times[name])
    }
    for state, chunks in report.chunks.items():
        if chunks:
            openids = format_quantity(report.openids[state], "openid")
            rows[state.value] = _("{openids} in {calls}").format(
                openids=openids, calls=format_quantity(chunks, "call")
            )
    rows |= {
        _("result: {name}").format(name=named(name)): count
        for name, count in report.results.items()
        if count
    }
    rows |= {
        _("reason {number}").format(number=number): reason
        for number, reason in enumerate(report.reasons, 1)
    }
    if report.overdue:
        rows["results overdue"] = _("{calls}, see --json").format(
            calls=format_quantity(len(report.overdue), "call")
        )
    if report.orphans:
        rows["orphan results"] = len(report.orphans)
    return rows


def _trial_words(trial: Trial) -> str:
    """Say who is notified first, and what follows."""
    who = format_quantity(trial.openids, "openid")
    if not trial.go_on_at:
        return _("{who} first, then `wxlive resume`").format(who=who)
    return _("{who} first; the rest by itself if {go_on_at} % are notified").format(
        who=who, go_on_at=trial.go_on_at
    )


def audience_words(facts: CampaignFacts) -> str:
    """Say how large the audience is, as far as it is known."""
    audience = f"{facts.audience:,}"
    return audience if facts.is_counted else _("at least {number}").format(number=audience)
