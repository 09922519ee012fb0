"""What a report says in words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from gettext import gettext as _

from wxlive.domain.campaigns import HELD, CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.domain.shares import format_share
from wxlive_cli.formatting import format_duration, format_quantity
from wxlive_cli.language import N_, shown
from wxlive_cli.report.chart import Band, Lane
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.fates import Fate
from wxlive_cli.time_parsing import format_clock, format_time


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a campaign in a word and a sentence. ``tone`` is good, waiting or bad."""

    tone: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One possible outcome, how many followers met it, and what it means."""

    tone: str
    label: str
    openids: int
    meaning: str


def overview(facts: CampaignFacts, offset_hours: int) -> dict[str, str]:
    """Return the rows of a report for a terminal; times are in the zone of that offset."""
    times = facts.times()
    return {
        "verdict": verdict(facts).sentence,
        "notified": _("{number} of {audience}").format(
            number=f"{facts.report.results['success']:,}", audience=f"{facts.audience:,}"
        ),
        "started": format_time(facts.report.campaign.created_at, offset_hours),
        "last call": format_time(times["last_call_at"] or 0, offset_hours),
        "duration": describe_duration(facts),
        "openids per second": _("{rate}; busiest second {busiest}").format(
            rate=f"{facts.rate:,}", busiest=f"{facts.busiest:,}"
        ),
    }


def describe_duration(facts: CampaignFacts) -> str:
    """Say how long a campaign sent, and for how much of that it made no call."""
    took = format_duration(facts.took_s)
    if not facts.idle_s:
        return took
    return _("{took}, {idle} of it without a call").format(
        took=took, idle=format_duration(facts.idle_s)
    )


def verdict(facts: CampaignFacts) -> Verdict:
    """Say how a campaign went; if several things are wrong, the most serious one."""
    reason = shown(facts.report.campaign.reason or "")
    match facts.report.state:
        case CampaignState.FAILED:
            return Verdict("bad", _("failed"), reason or _("The campaign failed."))
        case CampaignState.CANCELLED if not facts.is_counted:
            sentence = _("Cancelled; nobody but its trial was notified.")
            return Verdict("bad", _("cancelled"), sentence)
        case CampaignState.CANCELLED:
            followers = format_quantity(facts.unsent, "follower")
            sentence = _("Cancelled; no call was made for {followers}.").format(followers=followers)
            return Verdict("bad", _("cancelled"), sentence)
        case state if state in HELD:
            return Verdict("waiting", shown(state.value), reason or _("The campaign is on hold."))
        case _:
            return _verdict_on_calls(facts)


def _verdict_on_calls(facts: CampaignFacts) -> Verdict:
    openids = facts.report.openids
    if not facts.report.nothing_left_to_send:
        followers = format_quantity(facts.unsent, "follower")
        return Verdict(
            "waiting",
            _("in progress"),
            _("{followers} still to be notified.").format(followers=followers),
        )
    if openids[ChunkState.UNKNOWN]:
        followers = format_quantity(openids[ChunkState.UNKNOWN], "follower")
        sentence = _("It is not known whether the notification reached {followers}.").format(
            followers=followers
        )
        return Verdict("bad", _("partly unknown"), sentence)
    if openids[ChunkState.REFUSED]:
        followers = format_quantity(openids[ChunkState.REFUSED], "follower")
        return Verdict(
            "bad",
            _("partly refused"),
            _("{followers} could not be notified.").format(followers=followers),
        )
    if facts.awaited:
        followers = format_quantity(facts.awaited, "follower")
        sentence = _(
            "Everything was sent; the results for {followers} have not arrived yet."
        ).format(followers=followers)
        return Verdict("waiting", _("sent"), sentence)
    return Verdict(
        "good", _("settled"), _("Everything was sent once, and every result has arrived.")
    )


def outcomes(facts: CampaignFacts) -> tuple[Outcome, ...]:
    """Divide the audience by outcome; outcomes that nobody met are left out."""
    every = (*_reported_outcomes(facts), *_other_outcomes(facts))
    return tuple(outcome for outcome in every if outcome.openids)


def _reported_outcomes(facts: CampaignFacts) -> tuple[Outcome, ...]:
    results = facts.report.results
    return (
        Outcome("good", _("notified"), results["success"], _("WeChat delivered the notification.")),
        Outcome(
            "neutral",
            _("unsubscribed"),
            results["relation_error"],
            _("They no longer follow the Mini Program; the next sync removes them."),
        ),
        Outcome(
            "neutral",
            _("limit reached"),
            results["user_recv_limit"],
            _("They have received as many notifications as WeChat allows."),
        ),
        Outcome(
            "bad",
            _("invalid openid"),
            results["openid_error"],
            _("WeChat does not know these openids for this Mini Program."),
        ),
        Outcome(
            "bad",
            _("WeChat error"),
            results["internal_error"],
            _("WeChat failed to deliver and gives no reason."),
        ),
    )


def _other_outcomes(facts: CampaignFacts) -> tuple[Outcome, ...]:
    openids = facts.report.openids
    return (
        Outcome(
            "waiting",
            _("awaited"),
            facts.awaited,
            _("Accepted; WeChat has not reported the result yet."),
        ),
        Outcome(
            "waiting",
            _("without result"),
            max(0, facts.miscounted),
            _("Accepted, or counted as accepted by hand; no result covers them."),
        ),
        Outcome(
            "bad",
            _("unknown"),
            openids[ChunkState.UNKNOWN],
            _("The call may or may not have been carried out. It is never repeated automatically."),
        ),
        Outcome(
            "bad",
            _("refused"),
            openids[ChunkState.REFUSED],
            _("WeChat refused the call; see Errors."),
        ),
        Outcome("neutral", _("not sent"), facts.unsent, _("No call was made for them.")),
    )


TOLD = N_("followers in accepted calls")
LIMIT_ALLOWS = N_("what WeChat's limit allows")
HELD_THEN = N_("held")

FATES = {
    Fate.REPORTED: N_("accepted"),
    Fate.AWAITED: N_("accepted, no result yet"),
    Fate.SENDING: N_("under way"),
    Fate.SPLIT: N_("cut in halves"),
    Fate.REPEATED: N_("refused, sent again"),
    Fate.REFUSED: N_("refused"),
    Fate.UNKNOWN: N_("unknown"),
}

HOLDS = {
    HoldKind.OPERATOR: N_("paused"),
    HoldKind.DAY: N_("another room has the day"),
    HoldKind.QUOTA: N_("no calls left"),
    HoldKind.ROOM: N_("room not live"),
    HoldKind.ACCESS: N_("no access"),
    HoldKind.TRIAL: N_("after the trial"),
    HoldKind.BRAKE: N_("too many were not notified"),
}
"""Why a campaign was held, where no reason is on record."""


def describe_lane(lane: Lane) -> str:
    """Say how many calls met a fate, and how many followers they had."""
    calls = format_quantity(lane.calls, "call")
    followers = format_quantity(lane.openids, "follower")
    return _("{fate}: {calls}, {followers}").format(
        fate=_(FATES[lane.fate]), calls=calls, followers=followers
    )


def describe_band(band: Band, offset_hours: int) -> str:
    """Say when a campaign was held, for how long and why."""
    hold = band.hold
    since, until = (format_clock(at_s, offset_hours) for at_s in (hold.since, hold.until))
    until = _("now") if band.is_open else until
    length = format_duration(hold.until - hold.since)
    words = (
        _("{since} to {until} ({length}, drawn shorter): {reason}")
        if band.is_shortened
        else _("{since} to {until} ({length}): {reason}")
    )
    reason = shown(hold.reason or HOLDS[hold.kind])
    return words.format(since=since, until=until, length=length, reason=reason)


@dataclass(frozen=True, slots=True)
class Compared:
    """One campaign in a comparison, in words; ``share`` is the part notified, 0 to 1."""

    campaign: str
    started_at: int
    room: str
    state: str
    followers: str
    notified: str
    share: float
    duration: str
    errors: str

    @property
    def words(self) -> tuple[str, ...]:
        """What stands below ``COMPARED``, but for the time."""
        return (
            self.room,
            self.state,
            self.followers,
            self.notified,
            self.duration,
            self.errors,
        )


COMPARISON = N_("Comparison; the first is this campaign. Those that made no call are left out.")

COMPARED = ("started", "room", "state", "followers", "notified", "duration", "errors")
"""The headings of a comparison."""


def compare(facts: CampaignFacts, earlier: Iterable[CampaignFacts]) -> tuple[Compared, ...]:
    """Compare a campaign with earlier ones, the newest first."""
    return tuple(map(_compared, (facts, *earlier)))


def _compared(facts: CampaignFacts) -> Compared:
    campaign, success = facts.report.campaign, facts.report.results["success"]
    return Compared(
        campaign=campaign.campaign,
        started_at=campaign.created_at,
        room=f"{campaign.room_id} {facts.room_name}".rstrip(),
        state=verdict(facts).word,
        followers=f"{facts.audience:,}",
        notified=format_share(success, facts.audience),
        share=success / facts.audience if facts.audience else 0,
        duration=describe_duration(facts),
        errors=describe_errors(facts),
    )


def describe_errors(facts: CampaignFacts) -> str:
    """Name the errors of a campaign and how many calls met each: ``45011 (2), no answer (1)``."""
    named = (
        f"{_('no answer') if error.errcode is None else error.errcode} ({error.calls:,})"
        for error in facts.errors
    )
    return ", ".join(named) or _("none")
