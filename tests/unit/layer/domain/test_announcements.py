"""What is announced has the form that docs/events.md and its schema describe."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from factories import CAMPAIGN, NOW_S, ROOM, a_campaign, a_chunk, a_result, a_room
from wxlive.domain.announcements import (
    DETAIL_TYPES,
    ROOM_WENT_LIVE,
    Announcement,
    announce_campaign,
    announce_room,
)
from wxlive.domain.campaigns import HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.domain.history import FINAL, HOLDS, Happening, Incident
from wxlive.domain.reports import report
from wxlive_local.paths import ROOT

SCHEMA = json.loads((ROOT / "docs/events.schema.json").read_text("utf-8"))
PAGE = (ROOT / "docs/events.md").read_text("utf-8")
HELD = {Incident.HELD, Incident.RESUMED, *HOLDS.values()}


def announced(incident: Incident, hold: HoldKind = HoldKind.QUOTA) -> Announcement:
    """Announce an incident of a campaign of ten openids that settled."""
    campaign = a_campaign(audience=10, resume_at=NOW_S + 60)
    found = report(campaign, [a_chunk(1, ChunkState.ACCEPTED)], [a_result()], NOW_S)
    happening = Happening(incident, NOW_S, "why", hold if incident in HELD else None)
    return announce_campaign(happening, campaign, found)


def everything() -> list[Announcement]:
    campaigns = [announced(incident, hold) for incident in Incident for hold in HoldKind]
    return [announce_room(a_room(), auto_push=True), *campaigns]


def errors(announcement: Announcement) -> list[str]:
    """Return what the schema says about an event, as it is published."""
    event = {
        "source": "wxlive",
        "detail-type": announcement.detail_type,
        "detail": {"stack": "wxlive", **announcement.detail},
    }
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(event)]


def test_every_event_has_the_form_of_the_schema() -> None:
    assert {one.detail_type: errors(one) for one in everything() if errors(one)} == {}


def test_the_schema_refuses_another_form() -> None:
    right = announced(Incident.SETTLED)
    assert errors(Announcement({**right.detail, "type": "Campaign praised"}))
    assert errors(Announcement({**right.detail, "openid": "o1"}))
    assert errors(Announcement({**right.detail, "at": "now"}))


def test_the_page_names_every_event_and_every_field() -> None:
    named = set(re.findall(r"`([^`]+)`", PAGE))
    fields = {field for one in everything() for field in one.detail}
    types = {ROOM_WENT_LIVE, *DETAIL_TYPES.values()}

    assert types | fields <= named


@pytest.mark.parametrize("incident", sorted(FINAL))
def test_the_end_of_a_campaign_comes_with_its_figures(incident: Incident) -> None:
    detail: dict[str, Any] = dict(announced(incident).detail)
    assert detail["event_id"] == f"campaign#{CAMPAIGN}#{incident.value}"
    assert (detail["audience"], detail["openids"]["accepted"]) == (10, 10)
    assert detail["results"]["success"] == 10


def test_a_hold_says_when_it_is_due_to_end() -> None:
    assert announced(Incident.HELD).detail["resume_at"] == NOW_S + 60
    assert announced(Incident.HELD).detail["hold"] == "quota"


def test_a_room_is_announced_under_one_id_each_time_it_opens() -> None:
    first, again = (
        announce_room(a_room(live_since=at), auto_push=False) for at in (NOW_S, NOW_S + 9)
    )
    assert first.detail["event_id"] == f"room#{ROOM}#{NOW_S}"
    assert first.detail["event_id"] != again.detail["event_id"]
