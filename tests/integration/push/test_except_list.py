"""Who is on the list of exceptions is left out; the list belongs to the audience's identity."""

from typing import Any

from factories import NOW_S, ROOM
from support.push_stack import PushStack
from support.push_start import AUDIENCE, start_deps
from support.world import World
from wxlive.digests import digest_of

STAFF, OTHERS = AUDIENCE[:2], AUDIENCE[2:]


def stored(world: World, *openids: str) -> dict[str, Any]:
    """Store a list of exceptions; returns the audience without them."""
    lists = start_deps(world).except_lists
    return {"exceptions": lists.save(map(digest_of, openids), NOW_S)}


def test_who_is_on_the_list_is_left_out(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)
    audience = stored(world, *STAFF)

    rehearsed = stack.command("start", room_id=ROOM, dry_run=True, audience=audience)
    stack.push(audience=audience)

    assert rehearsed["audience"] == len(OTHERS)
    assert world.pushed() == dict.fromkeys(OTHERS, 1)


def test_the_same_list_is_the_same_campaign_and_another_one_notifies_the_rest(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    first = stack.push(audience=stored(world, *STAFF))

    again = stack.push(audience=stored(world, *reversed(STAFF)))
    rest = stack.push(audience=stored(world, STAFF[0]))

    assert again["repeated"]
    assert again["campaign"] == first["campaign"] != rest["campaign"]
    assert world.pushed() == dict.fromkeys(AUDIENCE[1:], 1)


def test_again_includes_whom_the_room_has_notified_but_not_the_list(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    audience = stored(world, *STAFF)
    stack.push(audience=audience)

    stack.push(audience=audience, again=True)

    assert world.pushed() == dict.fromkeys(OTHERS, 2)


def test_a_list_of_everybody_begins_nothing(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)

    refused = stack.command("start", room_id=ROOM, audience=stored(world, *AUDIENCE))["refused"]

    assert "apart from those who are muted or in --except-file" in refused
    assert world.campaigns.newest() is None


def test_a_list_that_is_not_stored_begins_nothing(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)

    refused = stack.command("start", room_id=ROOM, audience={"exceptions": "0" * 32})["refused"]

    assert "with --except-file again. Nothing was sent" in refused
    assert world.campaigns.newest() is None


def test_a_list_that_expires_while_the_push_is_planned_ends_it(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    audience = stored(world, *STAFF)
    first = stack.command("start", room_id=ROOM, audience=audience)["campaign"]
    world.forget(f"except#{audience['exceptions']}")

    stack.command("plan", campaign=first)

    failed = world.campaign(first)
    assert failed.is_ended
    assert "is not on record" in (failed.reason or "")
