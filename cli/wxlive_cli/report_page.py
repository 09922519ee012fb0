"""A report as one HTML page: nothing to load, nothing to run, everything escaped."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wxlive.campaigns import HELD, CampaignState, ChunkState
from wxlive_cli.report_chart import chart
from wxlive_cli.report_facts import Account

_MINUTE_S, _HOUR_S = 60, 3600


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one thing a manager wants to know. ``tone`` is good, waiting or bad."""

    tone: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of outcome: how many followers, and what that means."""

    tone: str
    label: str
    openids: int
    meaning: str


def page(found: Account, previous: Account | None, *, now_s: float, offset_hours: int) -> str:
    """Write the page. Moments are shown ``offset_hours`` from UTC."""
    zone = timezone(timedelta(hours=offset_hours))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": lambda at: datetime.fromtimestamp(at, zone).strftime("%H:%M:%S"),
        "moment": lambda at: datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S"),
        "place": lambda length: f"{length:.2f}",
        "count": lambda number: f"{number:,.0f}",
        "span": span,
        "share": share,
    }
    return environment.get_template("report.html.j2").render(
        it=found,
        previous=previous,
        verdict=verdict(found),
        kinds=kinds(found),
        chart=chart(found.seconds, found.limit),
        comparison=comparison(found, previous) if previous else (),
        now_s=now_s,
        zone=zone.tzname(None),
    )


def verdict(found: Account) -> Verdict:
    """Say how it went, the worst thing first."""
    reason = found.report.campaign.reason
    match found.report.state:
        case CampaignState.FAILED:
            return Verdict("bad", "failed", reason or "It failed.")
        case CampaignState.CANCELLED:
            sentence = f"It was stopped; {found.unsent:,} followers were not told."
            return Verdict("bad", "cancelled", sentence)
        case state if state in HELD:
            return Verdict("waiting", state.value, reason or "It waits.")
        case _:
            return _verdict_of_the_sent(found)


def _verdict_of_the_sent(found: Account) -> Verdict:
    openids = found.report.openids
    unknown, refused = openids[ChunkState.UNKNOWN], openids[ChunkState.REFUSED]
    if not found.report.nothing_left_to_send:
        return Verdict("waiting", "under way", f"{found.unsent:,} followers are still to come.")
    if unknown:
        sentence = f"Nobody knows yet whether {unknown:,} followers were told."
        return Verdict("bad", "partly unknown", sentence)
    if refused:
        return Verdict("bad", "partly refused", f"{refused:,} followers could not be told.")
    if found.awaited:
        sentence = f"Everything was sent; the results of {found.awaited:,} have not come yet."
        return Verdict("waiting", "sent", sentence)
    return Verdict("good", "settled", "Everything was sent once, and every result is in.")


def kinds(found: Account) -> tuple[Kind, ...]:
    """Divide the audience by outcome; kinds that nobody belongs to are left out."""
    results, openids = found.report.results, found.report.openids
    every = (
        Kind("good", "told", results["success"], "WeChat delivered the notice."),
        Kind(
            "neutral",
            "left meanwhile",
            results["relation_error"],
            "They no longer follow the Mini Program; the next sync removes them.",
        ),
        Kind(
            "neutral",
            "at their limit",
            results["user_recv_limit"],
            "They have been sent as many notices as WeChat allows.",
        ),
        Kind(
            "bad",
            "invalid openid",
            results["openid_error"],
            "WeChat does not know these openids for this Mini Program.",
        ),
        Kind("bad", "WeChat's own failure", results["internal_error"], "WeChat gives no reason."),
        Kind("waiting", "result awaited", found.awaited, "Accepted; WeChat reports later."),
        Kind(
            "waiting",
            "without a result",
            max(0, found.miscounted),
            "Accepted, or taken for sent by hand; no result speaks of them.",
        ),
        Kind(
            "bad",
            "unknown",
            openids[ChunkState.UNKNOWN],
            "The call may or may not have been carried out. It is never repeated by itself.",
        ),
        Kind("bad", "refused", openids[ChunkState.REFUSED], "WeChat refused the call; see below."),
        Kind("neutral", "not sent", found.unsent, "No call was made for them."),
    )
    return tuple(kind for kind in every if kind.openids)


def comparison(found: Account, previous: Account) -> tuple[tuple[str, str, str], ...]:
    """Lay two campaigns side by side: what is compared, now, then."""
    return tuple(
        (label, now, then)
        for (label, now), (_, then) in zip(_measures(found), _measures(previous), strict=True)
    )


def _measures(found: Account) -> tuple[tuple[str, str], ...]:
    audience = found.report.campaign.audience
    unknown = found.report.openids[ChunkState.UNKNOWN]
    return (
        ("followers", f"{audience:,}"),
        ("told", share(found.report.results["success"], audience)),
        ("left meanwhile", share(found.report.results["relation_error"], audience)),
        ("unknown", f"{unknown:,}"),
        ("refused", f"{found.report.openids[ChunkState.REFUSED]:,}"),
        ("from first call to last", span(found.took_s)),
        ("openids per second", f"{found.pace:,}"),
    )


def share(part: int, whole: int) -> str:
    """Say a part as percent. A part that is not everything never shows as 100 %, nor some as 0."""
    if not whole:
        return "-"
    if part >= whole:
        return "100 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %" if part else "0 %"


def span(seconds: int) -> str:
    """Say a duration as a person would."""
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min {seconds % _MINUTE_S} s"
    return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // _MINUTE_S} min"
