"""The sentences for the team: one for each event, understood without the documentation."""

from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S, a_campaign, a_chunk, a_result, a_room
from wxlive.domain.announcements import announce_campaign, announce_room
from wxlive.domain.campaigns import HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.domain.history import Happening, Incident
from wxlive.domain.reports import report
from wxlive.language import DOMAIN, LOCALE, Catalogue
from wxlive.settings import Language
from wxlive_notify.messages import sentence

ALARM = "wxlive-Monitoring-1A2B3C-PushNeedsOperatorAlarm-X9Y8Z7"


def told(event: Any, language: Language = Language.EN) -> str | None:
    catalogue = Catalogue.load(language, (DOMAIN, LOCALE))
    return sentence(event, stack="wxlive", offset_hours=8, catalogue=catalogue)


def campaign_event(incident: Incident, *chunks: Any, **happening: Any) -> dict[str, Any]:
    campaign = a_campaign(audience=20)
    found = report(campaign, chunks or [a_chunk(1, ChunkState.ACCEPTED)], [a_result()], NOW_S)
    return dict(announce_campaign(Happening(incident, NOW_S, **happening), campaign, found).detail)


def alarm(now: str, before: str) -> dict[str, Any]:
    return {
        "alarmName": ALARM,
        "state": {"value": now},
        "previousState": {"value": before},
        "configuration": {"description": "A push needs the operator."},
    }


@pytest.mark.parametrize("incident", list(Incident))
def test_every_event_of_a_campaign_has_a_sentence(incident: Incident) -> None:
    hold = HoldKind.QUOTA if incident in {Incident.HELD, Incident.RESUMED} else None
    text = told(campaign_event(incident, reason="Why", hold=hold))
    assert text is not None
    assert text.startswith("wxlive 19:30:00: ")
    assert CAMPAIGN in text
    assert "room 1001" in text


def test_a_hold_says_why_and_how_it_ends() -> None:
    by_itself = told(campaign_event(Incident.HELD, reason="Used up", hold=HoldKind.QUOTA))
    by_operator = told(campaign_event(Incident.HELD, reason="Paused", hold=HoldKind.OPERATOR))
    assert "held: Used up. It goes on by itself once" in str(by_itself)
    assert f"held: Paused. To go on: wxlive resume {CAMPAIGN}" in str(by_operator)


def test_a_trial_and_the_brake_say_what_came_of_it_and_how_to_go_on() -> None:
    trial = told(campaign_event(Incident.TRIAL_DONE, reason="Trial: 9 of 10 told (90.0 %)"))
    brake = told(campaign_event(Incident.BRAKED, reason="3 of 5 were not told"))
    assert (
        "is done. Trial: 9 of 10 told (90.0 %). If it does not go on by itself: wxlive resume"
        in str(trial)
    )
    assert f"paused itself: 3 of 5 were not told. To go on: wxlive resume {CAMPAIGN}" in str(brake)


def test_the_end_says_how_many_were_notified() -> None:
    text = str(told(campaign_event(Incident.SETTLED)))
    assert "10 of 10 followers notified." in text
    assert "refused" not in text
    assert "unknown" not in text


def test_the_end_says_what_went_wrong() -> None:
    bad = [a_chunk(1, ChunkState.REFUSED), a_chunk(2, ChunkState.UNKNOWN)]
    text = str(told(campaign_event(Incident.SETTLED, *bad)))
    assert "Calls for 10 followers were refused" in text
    assert "The outcome of calls for 10 followers is unknown" in text
    assert f"wxlive status {CAMPAIGN}" in text


def test_a_room_that_is_not_pushed_by_itself_says_how_to_push_it() -> None:
    room = a_room(name="<特卖>", live_since=NOW_S)
    by_hand = str(told(announce_room(room, auto_push=False).detail))
    assert "Room 1001 (<特卖>) went live." in by_hand
    assert "wxlive push --room 1001 --wait" in by_hand
    assert "AutoPush" in str(told(announce_room(room, auto_push=True).detail))


def test_a_room_whose_name_looks_like_a_placeholder_is_told_as_it_is() -> None:
    text = str(told(announce_room(a_room(name="{reason}"), auto_push=True).detail))
    assert "({reason}) went live" in text


def test_an_alarm_is_told_when_it_rings_and_when_it_clears() -> None:
    assert told(alarm("ALARM", "OK")) == (
        "wxlive: ALARM PushNeedsOperator: A push needs the operator."
    )
    assert told(alarm("OK", "ALARM")) == "wxlive: Alarm PushNeedsOperator has cleared."


def test_an_alarm_that_is_measured_for_the_first_time_is_no_news() -> None:
    assert told(alarm("OK", "INSUFFICIENT_DATA")) is None


def test_the_team_is_told_in_its_language() -> None:
    held = campaign_event(Incident.HELD, reason="Paused by the operator", hold=HoldKind.OPERATOR)
    assert told(held, Language.ZH) == (
        f"wxlive 19:30:00: 直播间 1001 的推送任务 {CAMPAIGN} 已挂起：已由操作员暂停。"
        f"要继续，请执行：wxlive resume {CAMPAIGN}"
    )
    settled = str(told(campaign_event(Incident.SETTLED), Language.ZH))
    assert "10 位订阅者中，微信报告已通知 10 位。" in settled


@pytest.mark.parametrize("incident", list(Incident))
def test_every_event_is_told_in_chinese(incident: Incident) -> None:
    event = campaign_event(incident, reason=None, hold=HoldKind.QUOTA)
    text = str(told(event, Language.ZH)).removeprefix("wxlive 19:30:00: ")
    assert text != str(told(event)).removeprefix("wxlive 19:30:00: ")
    assert "Campaign" not in text


def test_an_event_of_a_later_version_is_passed_over() -> None:
    event = campaign_event(Incident.STARTED) | {"type": "Campaign praised"}
    assert told(event) is None
