"""Who is muted is not notified, whatever WeChat's list says."""

from factories import NOW_S, ROOM, a_follower
from support.push_stack import PushStack
from support.push_start import AUDIENCE, start_deps
from support.world import World

MUTED, *OTHERS = AUDIENCE


def test_who_is_muted_is_left_out(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)
    start_deps(world).muted.mute(MUTED, NOW_S)

    rehearsed = stack.command("start", room_id=ROOM, dry_run=True)
    stack.push()

    assert rehearsed["audience"] == len(OTHERS)
    assert world.pushed() == dict.fromkeys(OTHERS, 1)


def test_neither_the_list_nor_an_event_nor_again_includes_who_is_muted(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    start_deps(world).muted.mute(MUTED, NOW_S)
    world.followers.apply(a_follower(MUTED, changed_at=NOW_S + 9))
    stack.push()

    stack.push(again=True)

    assert world.pushed() == dict.fromkeys(OTHERS, 2)


def test_who_is_unmuted_is_notified_by_the_next_campaign(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)
    muted = start_deps(world).muted
    muted.mute(MUTED, NOW_S)
    stack.push()
    muted.unmute(MUTED)

    stack.push(audience={"rooms": [1]})

    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_push_to_nobody_but_the_muted_is_refused(world: World, stack: PushStack) -> None:
    world.put_followers(MUTED)
    start_deps(world).muted.mute(MUTED, NOW_S)

    assert (
        "apart from those who are muted"
        in stack.command("start", room_id=ROOM, dry_run=True)["refused"]
    )
