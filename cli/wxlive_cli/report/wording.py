"""What a report says in words. Pure."""

from dataclasses import dataclass

from wxlive.domain.campaigns import HELD, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive_cli.formatting import format_duration, format_quantity, format_share
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.time_parsing import format_time


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


def compare(facts: CampaignFacts, previous: CampaignFacts) -> tuple[tuple[str, str, str], ...]:
    """Compare two campaigns; each row is a measure and its value now and then."""
    return tuple(
        (label, now, then)
        for (label, now), (_, then) in zip(_measures(facts), _measures(previous), strict=True)
    )


def _measures(facts: CampaignFacts) -> tuple[tuple[str, str], ...]:
    audience = facts.audience
    return (
        ("followers", f"{audience:,}"),
        ("notified", format_share(facts.report.results["success"], audience)),
        ("unsubscribed", format_share(facts.report.results["relation_error"], audience)),
        ("unknown", f"{facts.report.openids[ChunkState.UNKNOWN]:,}"),
        ("refused", f"{facts.report.openids[ChunkState.REFUSED]:,}"),
        ("duration", describe_duration(facts)),
        ("openids per second", f"{facts.rate:,}"),
    )
