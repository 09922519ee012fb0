"""What a report says in words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from wxlive.domain.campaigns import HELD, CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.domain.shares import format_share
from wxlive_cli.formatting import format_duration, format_quantity
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
        "notified": f"{facts.report.results['success']:,} of {facts.audience:,}",
        "started": format_time(facts.report.campaign.created_at, offset_hours),
        "last call": format_time(times["last_call_at"] or 0, offset_hours),
        "duration": describe_duration(facts),
        "openids per second": f"{facts.rate:,}; busiest second {facts.busiest:,}",
    }


def describe_duration(facts: CampaignFacts) -> str:
    """Say how long a campaign sent, and for how much of that it made no call."""
    took = format_duration(facts.took_s)
    if not facts.idle_s:
        return took
    return f"{took}, {format_duration(facts.idle_s)} of it without a call"


def verdict(facts: CampaignFacts) -> Verdict:
    """Say how a campaign went; if several things are wrong, the most serious one."""
    reason = facts.report.campaign.reason
    match facts.report.state:
        case CampaignState.FAILED:
            return Verdict("bad", "failed", reason or "The campaign failed.")
        case CampaignState.CANCELLED if not facts.is_counted:
            return Verdict("bad", "cancelled", "Cancelled; nobody but its trial was notified.")
        case CampaignState.CANCELLED:
            followers = format_quantity(facts.unsent, "follower")
            sentence = f"Cancelled; no call was made for {followers}."
            return Verdict("bad", "cancelled", sentence)
        case state if state in HELD:
            return Verdict("waiting", state.value, reason or "The campaign is on hold.")
        case _:
            return _verdict_on_calls(facts)


def _verdict_on_calls(facts: CampaignFacts) -> Verdict:
    openids = facts.report.openids
    if not facts.report.nothing_left_to_send:
        followers = format_quantity(facts.unsent, "follower")
        return Verdict("waiting", "in progress", f"{followers} still to be notified.")
    if openids[ChunkState.UNKNOWN]:
        followers = format_quantity(openids[ChunkState.UNKNOWN], "follower")
        sentence = f"It is not known whether the notification reached {followers}."
        return Verdict("bad", "partly unknown", sentence)
    if openids[ChunkState.REFUSED]:
        followers = format_quantity(openids[ChunkState.REFUSED], "follower")
        return Verdict("bad", "partly refused", f"{followers} could not be notified.")
    if facts.awaited:
        followers = format_quantity(facts.awaited, "follower")
        sentence = f"Everything was sent; the results for {followers} have not arrived yet."
        return Verdict("waiting", "sent", sentence)
    return Verdict("good", "settled", "Everything was sent once, and every result has arrived.")


def outcomes(facts: CampaignFacts) -> tuple[Outcome, ...]:
    """Divide the audience by outcome; outcomes that nobody met are left out."""
    every = (*_reported_outcomes(facts), *_other_outcomes(facts))
    return tuple(outcome for outcome in every if outcome.openids)


def _reported_outcomes(facts: CampaignFacts) -> tuple[Outcome, ...]:
    results = facts.report.results
    return (
        Outcome("good", "notified", results["success"], "WeChat delivered the notification."),
        Outcome(
            "neutral",
            "unsubscribed",
            results["relation_error"],
            "They no longer follow the Mini Program; the next sync removes them.",
        ),
        Outcome(
            "neutral",
            "limit reached",
            results["user_recv_limit"],
            "They have received as many notifications as WeChat allows.",
        ),
        Outcome(
            "bad",
            "invalid openid",
            results["openid_error"],
            "WeChat does not know these openids for this Mini Program.",
        ),
        Outcome(
            "bad",
            "WeChat error",
            results["internal_error"],
            "WeChat failed to deliver and gives no reason.",
        ),
    )


def _other_outcomes(facts: CampaignFacts) -> tuple[Outcome, ...]:
    openids = facts.report.openids
    return (
        Outcome(
            "waiting", "awaited", facts.awaited, "Accepted; WeChat has not reported the result yet."
        ),
        Outcome(
            "waiting",
            "without result",
            max(0, facts.miscounted),
            "Accepted, or counted as accepted by hand; no result covers them.",
        ),
        Outcome(
            "bad",
            "unknown",
            openids[ChunkState.UNKNOWN],
            "The call may or may not have been carried out. It is never repeated automatically.",
        ),
        Outcome(
            "bad", "refused", openids[ChunkState.REFUSED], "WeChat refused the call; see Errors."
        ),
        Outcome("neutral", "not sent", facts.unsent, "No call was made for them."),
    )


TOLD = "followers in accepted calls"
LIMIT_ALLOWS = "what WeChat's limit allows"
HELD_THEN = "held"

FATES = {
    Fate.REPORTED: "accepted",
    Fate.AWAITED: "accepted, no result yet",
    Fate.SENDING: "under way",
    Fate.SPLIT: "cut in halves",
    Fate.REPEATED: "refused, sent again",
    Fate.REFUSED: "refused",
    Fate.UNKNOWN: "unknown",
}

HOLDS = {
    HoldKind.OPERATOR: "paused",
    HoldKind.DAY: "another room has the day",
    HoldKind.QUOTA: "no calls left",
    HoldKind.ROOM: "room not live",
    HoldKind.ACCESS: "no access",
    HoldKind.TRIAL: "after the trial",
    HoldKind.BRAKE: "too many were not notified",
}
"""Why a campaign was held, where no reason is on record."""


def describe_lane(lane: Lane) -> str:
    """Say how many calls met a fate, and how many followers they had."""
    calls = format_quantity(lane.calls, "call")
    followers = format_quantity(lane.openids, "follower")
    return f"{FATES[lane.fate]}: {calls}, {followers}"


def describe_band(band: Band, offset_hours: int) -> str:
    """Say when a campaign was held, for how long and why."""
    hold = band.hold
    since, until = (format_clock(at_s, offset_hours) for at_s in (hold.since, hold.until))
    until = "now" if band.is_open else until
    length = format_duration(hold.until - hold.since)
    shortened = ", drawn shorter" if band.is_shortened else ""
    return f"{since} to {until} ({length}{shortened}): {hold.reason or HOLDS[hold.kind]}"


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


COMPARISON = "Comparison; the first is this campaign. Those that made no call are left out."

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
        f"{'no answer' if error.errcode is None else error.errcode} ({error.calls:,})"
        for error in facts.errors
    )
    return ", ".join(named) or "none"
