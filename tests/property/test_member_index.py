"""The member index finds everybody, in 8 bytes each, and reads one bucket of each part."""

from hypothesis import given
from hypothesis import strategies as st

from wxlive.digests import digest_of
from wxlive.domain.member_index import (
    MAX_BITS,
    PART_MEMBERS,
    Part,
    PartBuilder,
    chain_of,
    covered,
    numbers_in,
    without,
)

members = st.dictionaries(st.text("abc0-_", min_size=1, max_size=6), st.integers(1, 600_000))


def built(audience: dict[str, int]) -> tuple[PartBuilder, Part, dict[int, bytes]]:
    builder = PartBuilder()
    for openid, number in audience.items():
        builder.add(digest_of(openid), number)
    return builder, Part(1, 600_000, builder.bits), dict(builder.buckets())


@given(audience=members, others=st.lists(st.text("xyz", min_size=1)))
def test_every_member_is_found_and_nobody_else(audience: dict[str, int], others: list[str]) -> None:
    _, part, buckets = built(audience)

    def numbers(openid: str) -> list[int]:
        digest = digest_of(openid)
        return numbers_in(buckets.get(part.bucket_of(digest), b""), digest)

    assert all(numbers(openid) == [number] for openid, number in audience.items())
    assert not any(numbers(other) for other in others)


def test_a_large_part_has_more_buckets_and_loses_nobody() -> None:
    audience = {f"o{n}": n // 2000 + 1 for n in range(40_000)}
    _, part, buckets = built(audience)

    assert part.bits == 3
    assert sum(map(len, buckets.values())) == 8 * len(audience)
    for openid in ("o0", "o19999", "o39999"):
        digest = digest_of(openid)
        assert numbers_in(buckets[part.bucket_of(digest)], digest) == [audience[openid]]


@given(audience=members.filter(bool))
def test_who_is_taken_out_is_gone_and_the_others_stay(audience: dict[str, int]) -> None:
    _, part, buckets = built(audience)
    gone, *others = audience
    digest = digest_of(gone)
    number = part.bucket_of(digest)

    buckets[number] = without(buckets[number], digest)

    assert numbers_in(buckets[number], digest) == []
    for other in others:
        found = digest_of(other)
        assert numbers_in(buckets[part.bucket_of(found)], found) == [audience[other]]


def test_who_is_in_two_chunks_is_found_in_both() -> None:
    builder = PartBuilder()
    for number in (7, 3, 7):
        builder.add(digest_of("a"), number)

    assert numbers_in(dict(builder.buckets())[0], digest_of("a")) == [3, 7]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_parts_in_any_order_form_a_chain(sizes: list[int]) -> None:
    parts, first = [], 1
    for size in sizes:
        parts.append(Part(first, first + size - 1, 0))
        first += size
    stray = Part(first + 1, first + 3, 0)

    assert chain_of([stray, *reversed(parts)]) == parts
    assert covered(parts) == sum(sizes)
    assert chain_of([stray]) == []


def test_ten_million_take_some_forty_read_units_of_the_index() -> None:
    parts = 10_000_000 // PART_MEMBERS
    bytes_of_a_bucket = PART_MEMBERS / (1 << MAX_BITS) * 8 * 1.1  # the fullest of them

    assert parts * bytes_of_a_bucket / 4096 < 43
