"""The compact set and table of digests keep everything, however much they grow."""

import random

from wxlive.digests import DIGEST_BYTES, DigestSet, DigestTable, cut, digest_of


def test_a_digest_is_the_same_in_every_process() -> None:
    assert digest_of("o-1").hex() == "2711814c53892a65"


def test_stored_digests_are_taken_apart_again() -> None:
    digests = [digest_of(f"o-{i}") for i in range(5)]
    assert list(cut(b"".join(digests))) == digests
    assert list(cut(b"")) == []
    assert all(len(digest) == DIGEST_BYTES for digest in digests)


def test_everything_is_kept_while_the_table_grows() -> None:
    table, expected = DigestTable(), {}
    dice = random.Random(7)
    for i in range(20_000):
        digest, fact, mark = digest_of(f"o-{i}"), dice.getrandbits(64), dice.getrandbits(8)
        slot = table.slot(digest)
        assert (table.facts[slot], table.marks[slot]) == (0, 0)
        table.facts[slot], table.marks[slot] = fact, mark
        expected[digest] = fact, mark
    assert len(table) == len(expected)
    for digest, known in expected.items():
        slot = table.slot(digest)
        assert (table.facts[slot], table.marks[slot]) == known
    assert len(table) == len(expected), "looking up takes no slot"


def test_a_set_has_what_was_put_into_it_and_nothing_else_while_it_grows() -> None:
    known = DigestSet()
    assert digest_of("o-0") not in known
    for i in range(20_000):
        known.slot(digest_of(f"o-{i}"))
    assert len(known) == 20_000
    assert all(digest_of(f"o-{i}") in known for i in range(20_000))
    assert not any(digest_of(f"x-{i}") in known for i in range(20_000))


def test_digests_that_collide_get_slots_of_their_own() -> None:
    table = DigestTable()
    crowd = [(n << 40 | 1023).to_bytes(DIGEST_BYTES, "little") for n in range(1, 9)]
    slots = [table.slot(digest) for digest in crowd]
    assert len(set(slots)) == len(crowd)
    assert [table.slot(digest) for digest in crowd] == slots


def test_the_digest_that_is_zero_is_a_digest_too() -> None:
    table = DigestTable()
    slot = table.slot(bytes(DIGEST_BYTES))
    table.marks[slot] = 5
    assert table.marks[table.slot(bytes(DIGEST_BYTES))] == 5
    assert len(table) == 1


def test_a_slot_takes_17_bytes_and_at_most_three_quarters_of_them_are_in_use() -> None:
    table = DigestTable()
    for i in range(10_000):
        table.slot(digest_of(f"o-{i}"))
    slots = len(table.marks)
    assert table.facts.itemsize * len(table.facts) == 8 * slots
    assert len(table) <= slots * 3 // 4
    assert slots < 4 * len(table)
