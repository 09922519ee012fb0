"""The sentences for the team. Every word that a robot shows is here, as a whole sentence.

They are translated as they are written; the reason of a campaign was stored in English.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wxlive.domain.announcements import DETAIL_TYPES, ROOM_WENT_LIVE
from wxlive.domain.calendar import clock_of
from wxlive.domain.history import Incident
from wxlive.language import Catalogue

Event = Mapping[str, Any]

_WENT_LIVE = "Room {room_id} ({name}) went live."
_AUTO_PUSH = "AutoPush notifies its followers, unless another room was chosen."
_PUSH_BY_HAND = "To notify the followers: wxlive push --room {room_id} --wait"
_STARTED = "Campaign {campaign} for room {room_id} started."
_HELD = "Campaign {campaign} for room {room_id} is held: {reason}."
_TRIAL_DONE = "The trial of campaign {campaign} for room {room_id} is done. {reason}."
_AFTER_TRIAL = (
    "If it does not go on by itself: wxlive resume {campaign}, or wxlive cancel {campaign}"
)
_BRAKED = "Campaign {campaign} for room {room_id} has paused itself: {reason}."
_RESUME_BY_HAND = "To go on: wxlive resume {campaign}"
_RESUMES_BY_ITSELF = "It goes on by itself once that has changed."
_RESUMED = "Campaign {campaign} for room {room_id} goes on; it was held: {reason}."
_SETTLED = (
    "Campaign {campaign} for room {room_id} is done: WeChat reports {success:,} of {accepted:,} "
    "followers notified."
)
_CANCELLED = "Campaign {campaign} for room {room_id} was cancelled."
_FAILED = "Campaign {campaign} for room {room_id} FAILED: {reason}."
_ACCEPTED = "WeChat accepted it for {accepted:,} followers."
_REFUSED = "Calls for {refused:,} followers were refused: wxlive status {campaign}"
_UNKNOWN = "The outcome of calls for {unknown:,} followers is unknown: wxlive status {campaign}"
_NO_REASON = "no reason is known"
_ALARM_RINGS = "ALARM {alarm}: {description}"
_ALARM_CLEARED = "Alarm {alarm} has cleared."

_NOT_UNDERSTOOD = "{stack}: something happened that notify does not understand; its log has it."

_ENDED_BY_OPERATOR = frozenset({"operator", "day"})
"""The kinds of hold that the operator ends."""

_ALARM_NAME = re.compile(r"-Monitoring-[^-]+-([A-Za-z]+?)(?:Alarm)?-[^-]+$")
"""CloudFormation's name of an alarm: the nested stack's, the alarm's own, a random end."""


def sentence(event: Event, *, stack: str, offset_hours: int, catalogue: Catalogue) -> str | None:
    """Return the message about an event: the detail of one of ours, or of an alarm of CloudWatch's.

    None for an event that is not worth a message.
    """
    if "alarmName" in event:
        parts, when = _alarm(event), ""
    else:
        parts, when = _ours(event), f" {clock_of(event['at'], offset_hours)}"
    words = " ".join(map(catalogue.gettext, parts)).format(**_facts(event, catalogue))
    words = words.replace("。 ", "。")  # Chinese has no blank between sentences
    return f"{stack}{when}: {words}" if words else None


def not_understood(*, stack: str, catalogue: Catalogue) -> str:
    """Return the message about an event of which ``sentence`` can't be made."""
    return catalogue.gettext(_NOT_UNDERSTOOD).format(stack=stack)


def _ours(event: Event) -> Iterable[str]:
    tell = _TELLERS.get(event["type"])
    return tell(event) if tell is not None else ()


def _facts(event: Event, catalogue: Catalogue) -> dict[str, Any]:
    """Return what the sentences say of an event, by the names that they use."""
    found = _ALARM_NAME.search(event.get("alarmName", ""))
    return {
        **event,
        **event.get("openids", {}),
        **event.get("results", {}),
        "reason": catalogue.shown((event.get("reason") or _NO_REASON).rstrip(".")),
        "alarm": found[1] if found else event.get("alarmName"),
        "description": event.get("configuration", {}).get("description", ""),
    }


def _room_went_live(event: Event) -> Iterable[str]:
    return _WENT_LIVE, _AUTO_PUSH if event["auto_push"] else _PUSH_BY_HAND


def _held(event: Event) -> Iterable[str]:
    by_operator = event["hold"] in _ENDED_BY_OPERATOR
    return _HELD, _RESUME_BY_HAND if by_operator else _RESUMES_BY_ITSELF


def _trouble(event: Event) -> Iterable[str]:
    """Say whose calls may have notified nobody, if any did."""
    if event["openids"]["refused"]:
        yield _REFUSED
    if event["openids"]["unknown"]:
        yield _UNKNOWN


def _alarm(event: Event) -> Iterable[str]:
    """Tell that an alarm rang or cleared; a first measurement is no news."""
    if event["state"]["value"] == "ALARM":
        yield _ALARM_RINGS
    elif event.get("previousState", {}).get("value") == "ALARM":
        yield _ALARM_CLEARED


_TELLERS: Mapping[str, Callable[[Event], Iterable[str]]] = {
    ROOM_WENT_LIVE: _room_went_live,
    DETAIL_TYPES[Incident.STARTED]: lambda _: [_STARTED],
    DETAIL_TYPES[Incident.HELD]: _held,
    DETAIL_TYPES[Incident.TRIAL_DONE]: lambda _: [_TRIAL_DONE, _AFTER_TRIAL],
    DETAIL_TYPES[Incident.BRAKED]: lambda _: [_BRAKED, _RESUME_BY_HAND],
    DETAIL_TYPES[Incident.RESUMED]: lambda _: [_RESUMED],
    DETAIL_TYPES[Incident.SETTLED]: lambda event: [_SETTLED, *_trouble(event)],
    DETAIL_TYPES[Incident.CANCELLED]: lambda event: [_CANCELLED, _ACCEPTED, *_trouble(event)],
    DETAIL_TYPES[Incident.FAILED]: lambda event: [_FAILED, _ACCEPTED, *_trouble(event)],
}
"""Which sentences tell of which event."""
