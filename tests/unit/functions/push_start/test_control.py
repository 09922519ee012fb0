"""An operator's command has one effect: repeated, late or doubled, it returns the first outcome."""

from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S, ROOM, a_chunk, a_room
from support.starter import Starter
from wxlive.domain.campaigns import HELD, UNENDED, CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState, EarlierCall
from wxlive.stores.living import Living
from wxlive.stores.push_queue import ChunkMessage

PAUSED, SENDING = CampaignState.PAUSED, CampaignState.SENDING
CONTROLS = ["pause", "resume", "cancel"]
QUEUED_TWO = (a_chunk(1), a_chunk(2))


def unknown(number: int = 1, **facts: Any) -> Any:
    claim = {"claim": f"claim-{number}", "claimed_at": NOW_S}
    return a_chunk(number, ChunkState.UNKNOWN, **claim, **facts)


# ---------------------------------------------------------------- repeated


@pytest.mark.parametrize(("action", "state"), [("pause", PAUSED), ("resume", SENDING)])
def test_a_repeated_command_returns_its_campaign_as_it_is_now_and_does_nothing(
    starter: Starter, action: str, state: CampaignState
) -> None:
    starter.put(*QUEUED_TWO)
    assert starter.execute(action, "c-1")["state"] == state
    starter.change(state=CampaignState.WAITING_LIVE, hold_id="h-2")
    sent = list(starter.queue.sent)

    answer = starter.execute(action, "c-1")

    assert (answer["campaign"], answer["state"]) == (CAMPAIGN, "waiting_live")
    assert starter.campaign.hold_id == "h-2"
    assert starter.queue.sent == sent


def test_a_late_resume_does_not_undo_a_pause_that_was_acknowledged(starter: Starter) -> None:
    starter.put(*QUEUED_TWO)
    starter.execute("resume", "c-1")
    starter.execute("pause", "c-2")

    assert starter.execute("resume", "c-1")["state"] == "paused"
    assert starter.campaign.state is PAUSED


def test_a_resume_does_not_end_a_hold_that_was_made_after_it(starter: Starter) -> None:
    """It was given before the pause and is delivered for the first time after it."""
    starter.put(*QUEUED_TWO)
    starter.execute("pause", "c-1")

    refusal = starter.execute("resume", "c-2", hold="")["refused"]
    assert "became paused meanwhile (Paused by the operator) and was not resumed" in refusal
    assert starter.campaign.state is PAUSED
    assert starter.execute("resume", "c-3", hold="c-1")["state"] == "sending"


def test_a_resume_of_a_hold_that_has_ended_by_itself_is_done(starter: Starter) -> None:
    starter.put(*QUEUED_TWO)

    assert starter.execute("resume", "c-1", hold="h-1")["state"] == "sending"


def test_the_holds_of_a_campaign_stay_on_record(starter: Starter) -> None:
    quota = {"hold_kind": HoldKind.QUOTA, "hold_id": "h-1", "held_since": NOW_S - 60}
    starter.put(*QUEUED_TWO, state=PAUSED, reason="used up", **quota)
    starter.execute("pause", "c-1")
    starter.execute("resume", "c-2")
    starter.execute("pause", "c-3")
    starter.execute("cancel", "c-4")

    by_quota, *by_operator = starter.campaign.past_holds
    assert (by_quota.kind, by_quota.reason) == (HoldKind.QUOTA, "used up")
    assert (by_quota.since, by_quota.until) == (NOW_S - 60, NOW_S)
    assert [hold.kind for hold in by_operator] == [HoldKind.OPERATOR] * 2
    assert starter.campaign.ended_at == NOW_S


def test_a_repeated_cancel_returns_the_cancelled_campaign(starter: Starter) -> None:
    starter.put(*QUEUED_TWO)
    starter.execute("cancel", "c-1")
    answer = starter.execute("cancel", "c-1")
    assert (answer["state"], answer["chunks"]["cancelled"]) == ("cancelled", 2)


@pytest.mark.parametrize("action", CONTROLS)
def test_a_command_that_is_executed_twice_at_once_is_refused_in_neither_answer(
    starter: Starter, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen that it was not executed; one is first."""
    starter.put(*QUEUED_TWO)
    first = starter.execute(action, "c-1")
    read = starter.commands.outcome
    reads = iter([None])
    monkeypatch.setattr(starter.commands, "outcome", lambda name: next(reads, read(name)))

    assert starter.execute(action, "c-1") == first


def test_without_an_id_a_command_is_a_new_one_each_time(starter: Starter) -> None:
    starter.put(*QUEUED_TWO)
    for action, state in [("pause", PAUSED), ("resume", SENDING), ("pause", PAUSED)]:
        assert starter.execute(action)["state"] == state
    assert starter.commands.rows == {}


# ---------------------------------------------------------------- refused


def test_a_refused_command_is_refused_again_although_it_would_be_possible_now(
    starter: Starter,
) -> None:
    starter.put(a_chunk(1, ChunkState.REFUSED))
    first = starter.execute("pause", "c-1")
    assert "has nothing left to send; it can't be paused" in first["refused"]
    starter.put(*QUEUED_TWO)

    assert starter.execute("pause", "c-1") == first
    assert starter.campaign.state is SENDING
    assert starter.execute("pause", "c-2")["state"] == "paused"


def test_a_refused_start_is_refused_again_although_the_room_is_live_by_then(
    starter: Starter,
) -> None:
    first = starter.execute("start", "c-1", room_id=ROOM)
    assert "is not among the rooms that WeChat lists" in first["refused"]
    starter.wechat.listed = (a_room(),)
    asked = starter.wechat.asked

    assert starter.execute("start", "c-1", room_id=ROOM) == first
    assert starter.wechat.asked == asked
    assert starter.campaigns.rows == {}


def test_what_the_stack_itself_asks_for_is_asked_for_again_after_a_refusal(
    starter: Starter,
) -> None:
    facts = {"room_id": ROOM, "automatic": True}
    starter.execute("start", "auto#1001", **facts)
    starter.execute("start", "auto#1001", **facts)
    assert starter.wechat.asked == 2
    assert starter.commands.rows == {}


def test_a_command_for_a_campaign_that_has_expired_says_so(starter: Starter) -> None:
    starter.put(*QUEUED_TWO)
    starter.execute("pause", "c-1")
    starter.campaigns.rows.clear()
    assert "of this command has expired" in starter.execute("pause", "c-1")["refused"]


@pytest.mark.parametrize("action", [*CONTROLS, "resend_unknown", "accept_unknown"])
def test_a_command_for_no_campaign_is_refused(starter: Starter, action: str) -> None:
    assert "There is no campaign" in starter.execute(action, "c-1")["refused"]
    assert "must be a campaign's id" in starter.execute(action, "c-2", campaign="")["refused"]


# ---------------------------------------------------------------- start


def test_a_late_start_returns_its_campaign_although_that_has_ended(starter: Starter) -> None:
    starter.put(*QUEUED_TWO, state=CampaignState.FAILED, command="c-1")
    starter.commands.rows["c-1"] = {"campaign": CAMPAIGN}

    answer = starter.execute("start", "c-1", room_id=ROOM)

    assert (answer["campaign"], answer["state"]) == (CAMPAIGN, "failed")
    assert (starter.wechat.asked, starter.planned, starter.queue.sent) == (0, [], [])


def test_a_start_that_repeats_a_push_starts_nothing_when_it_comes_late(starter: Starter) -> None:
    """Its outcome was the campaign that was; once that has failed, it must not start another."""
    starter.put(*QUEUED_TWO)
    first = starter.execute("start", "c-1", room_id=ROOM)
    assert (first["campaign"], first["repeated"]) == (CAMPAIGN, True)
    starter.change(state=CampaignState.FAILED)
    starter.wechat.listed = (a_room(),)

    assert starter.execute("start", "c-1", room_id=ROOM)["campaign"] == CAMPAIGN
    assert starter.wechat.asked == 0


def test_another_room_is_refused_while_a_campaign_lives(starter: Starter) -> None:
    starter.put(*QUEUED_TWO)
    refused = starter.execute("start", "c-1", room_id=7)["refused"]
    assert f"Campaign {CAMPAIGN} for room {ROOM} is sending and not finished" in refused


# ---------------------------------------------------------------- pause, resume, cancel


@pytest.mark.parametrize("state", sorted(UNENDED))
def test_pause_holds_a_campaign_that_is_planned_sends_or_is_held(
    starter: Starter, state: CampaignState
) -> None:
    starter.put(*QUEUED_TWO, state=state, hold_id="h-1" if state in HELD else "")
    starter.execute("pause", "c-1")
    held = starter.campaign
    assert (held.state, held.hold_kind, held.hold_id) == (PAUSED, HoldKind.OPERATOR, "c-1")
    assert (held.reason, held.resume_at) == ("Paused by the operator", 0)


@pytest.mark.parametrize("kind", HoldKind)
def test_resume_ends_any_hold_and_enqueues_what_waits(starter: Starter, kind: HoldKind) -> None:
    starter.put(
        *QUEUED_TWO,
        a_chunk(3, ChunkState.ACCEPTED),
        state=PAUSED,
        hold_kind=kind,
        hold_id="h-1",
        fully_planned=False,
    )
    assert starter.execute("resume", "c-1")["state"] == "sending"
    assert starter.campaign.hold_id == ""
    assert starter.queue.messages == [ChunkMessage(CAMPAIGN, 1), ChunkMessage(CAMPAIGN, 2)]
    assert starter.planned == [CAMPAIGN]


def test_resume_does_not_end_a_hold_that_began_after_it_looked(
    starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter.put(*QUEUED_TWO, state=PAUSED, hold_kind=HoldKind.QUOTA, hold_id="h-1")
    chunks = starter.ledger.chunks

    def hold_meanwhile(campaign: str) -> Any:
        starter.change(hold_id="h-2")
        return chunks(campaign)

    monkeypatch.setattr(starter.ledger, "chunks", hold_meanwhile)
    refused = starter.execute("resume", "c-1")["refused"]
    assert "became paused meanwhile and was not resumed" in refused
    assert starter.campaign.hold_id == "h-2"
    assert starter.queue.sent == []


# ---------------------------------------------------------------- the machine's own commands


def test_the_machine_ends_the_hold_that_it_names_and_enqueues_what_waits(starter: Starter) -> None:
    starter.put(*QUEUED_TWO, state=PAUSED, hold_kind=HoldKind.QUOTA, hold_id="h-1")
    assert starter.execute("end_hold", hold="h-1")["state"] == "sending"
    assert len(starter.queue.sent) == 2


def test_a_late_automatic_resume_ends_no_other_hold(starter: Starter) -> None:
    starter.put(*QUEUED_TWO, state=PAUSED, hold_kind=HoldKind.OPERATOR, hold_id="c-1")
    assert starter.execute("end_hold", hold="h-1")["state"] == "paused"
    assert (starter.campaign.hold_id, starter.queue.sent) == ("c-1", [])


@pytest.mark.parametrize("state", [s for s in CampaignState if s not in HELD])
def test_a_late_automatic_resume_changes_no_campaign_that_is_not_held(
    starter: Starter, state: CampaignState
) -> None:
    starter.put(*QUEUED_TWO, state=state)
    for action in ("end_hold", "give_up"):
        starter.execute(action, hold="h-1", reason="why")
        assert starter.campaign.state is state
    assert starter.queue.sent == []


def test_a_campaign_that_is_given_up_says_how_many_were_not_notified(starter: Starter) -> None:
    refused = a_chunk(4, ChunkState.REFUSED)
    chunks = (*QUEUED_TWO, a_chunk(3, ChunkState.ACCEPTED), refused)
    starter.put(*chunks, audience=40, state=PAUSED, hold_id="h-1")
    answer = starter.execute("give_up", hold="h-1", reason="Room 1001 is ended (103)")
    assert answer["state"] == "failed"
    assert answer["reason"] == "Room 1001 is ended (103); 30 followers were not notified"


def test_a_campaign_that_is_given_up_before_it_is_planned_knows_only_a_part(
    starter: Starter,
) -> None:
    starter.put(*QUEUED_TWO, audience=20, state=PAUSED, hold_id="h-1", fully_planned=False)
    answer = starter.execute("give_up", hold="h-1", reason="why")
    assert answer["reason"] == "why; at least 20 followers were not notified"


def test_a_campaign_whose_hold_has_changed_is_not_given_up(starter: Starter) -> None:
    starter.put(*QUEUED_TWO, state=PAUSED, hold_id="c-9")
    assert starter.execute("give_up", hold="h-1", reason="why")["state"] == "paused"
    assert starter.telemetry.counted == {}


# ---------------------------------------------------------------- what is unknown


def test_unknown_chunks_are_sent_again_once_for_each_command(starter: Starter) -> None:
    starter.put(unknown(1), unknown(2), a_chunk(3, ChunkState.ACCEPTED))
    for _ in range(2):
        starter.execute("resend_unknown", "c-1")
    assert starter.queue.messages == [ChunkMessage(CAMPAIGN, 1), ChunkMessage(CAMPAIGN, 2)]
    assert starter.chunk(1).state is ChunkState.QUEUED
    assert starter.chunk(1).earlier_calls == (EarlierCall(NOW_S, 10, "claim-1"),)


def test_a_late_resend_does_not_send_what_became_unknown_after_it(starter: Starter) -> None:
    starter.put(unknown(1))
    starter.execute("resend_unknown", "c-1")
    starter.ledger.rows[CAMPAIGN, 1] = unknown(1, earlier_calls=(EarlierCall(NOW_S, 10),))
    starter.execute("resend_unknown", "c-1")
    assert starter.chunk(1).state is ChunkState.UNKNOWN
    assert len(starter.queue.sent) == 1


def test_unknown_chunks_are_accepted_as_sent(starter: Starter) -> None:
    starter.put(unknown(1))
    answer = starter.execute("accept_unknown", "c-1")
    assert (answer["chunks"]["accepted"], answer["chunks"]["unknown"]) == (1, 0)
    assert (starter.chunk(1).message_id, starter.queue.sent) == (None, [])


@pytest.mark.parametrize("action", ["resend_unknown", "accept_unknown"])
def test_without_an_unknown_chunk_there_is_nothing_to_decide(starter: Starter, action: str) -> None:
    starter.put(a_chunk(1, ChunkState.ACCEPTED))
    assert "has no unknown chunk" in starter.execute(action, "c-1")["refused"]


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_nothing_of_an_ended_campaign_is_sent_again_but_it_can_be_accepted(
    starter: Starter, state: str
) -> None:
    starter.put(unknown(1), state=CampaignState(state))
    assert "nothing more is sent of it" in starter.execute("resend_unknown", "c-1")["refused"]
    assert starter.execute("accept_unknown", "c-2")["chunks"]["accepted"] == 1


def test_while_another_campaign_lives_nothing_is_sent_again(starter: Starter) -> None:
    starter.put(unknown(1))
    starter.living.row = Living("20261123T193000-7", 3)
    assert "is not the latest one" in starter.execute("resend_unknown", "c-1")["refused"]
    assert starter.chunk(1).state is ChunkState.UNKNOWN


# ---------------------------------------------------------------- malformed


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"action": "dance"}, "Unknown action 'dance'"),
        ({"action": "start", "room_id": "1001"}, "room_id must be a number"),
        ({"action": "start", "room_id": True}, "room_id must be a number"),
        ({"action": "start", "room_id": ROOM, "audience": [7]}, "audience must be like"),
    ],
)
def test_a_malformed_command_is_refused_each_time(
    starter: Starter, event: dict[str, Any], words: str
) -> None:
    for _ in range(2):
        assert words in starter.execute(**event, command="c-1")["refused"]


# -------------------------------------------------------------------- pace


def test_a_pace_is_set_once_and_kept_through_a_hold(starter: Starter) -> None:
    starter.put(*QUEUED_TWO)
    starter.execute("pace", "c-1", per_second=500)
    starter.execute("pace", "c-2", per_second=0)

    starter.execute("pace", "c-1", per_second=500)
    assert starter.campaign.per_second == 0

    starter.execute("pace", "c-3", per_second=67)
    starter.execute("pause", "c-4")
    starter.execute("resume", "c-5")
    assert (starter.campaign.per_second, starter.campaign.state) == (67, SENDING)


@pytest.mark.parametrize("per_second", [None, "500", True, -1, 1.5])
def test_a_pace_that_is_no_number_is_refused(starter: Starter, per_second: object) -> None:
    starter.put(*QUEUED_TWO)

    refused = starter.execute("pace", per_second=per_second)["refused"]

    assert "per_second must be a number" in refused


def test_a_pace_at_which_a_campaign_would_seem_to_stand_still_is_refused(starter: Starter) -> None:
    starter.put(*QUEUED_TWO)

    assert "use 67 or more" in starter.execute("pace", per_second=66)["refused"]
    assert starter.campaign.per_second == 0


def test_a_campaign_that_has_ended_has_no_pace(starter: Starter) -> None:
    starter.put(*QUEUED_TWO, state=CampaignState.CANCELLED)

    assert "can't be paced" in starter.execute("pace", per_second=500)["refused"]
