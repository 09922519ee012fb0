"""The envelope and the signatures, for any text, key and damage."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.budget import budget
from wxlive.errors import RequestRejected
from wxlive.wechat.crypto import Envelope, is_signed, signature

examples = budget(fast=40, thorough=1000)

KEYS = st.text(string.ascii_letters + string.digits + "+/", min_size=43, max_size=43)
APPIDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=40)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)
# Half surrogate pairs too: JSON may hold them.
ANY_TEXT = st.text(st.characters(), max_size=200)


@examples
@given(key=KEYS, appid=APPIDS, text=TEXTS)
def test_what_was_sealed_is_opened(key: str, appid: str, text: str) -> None:
    sealed = Envelope(key, appid).encrypt(text)
    assert len(base64.b64decode(sealed)) % 32 == 0
    assert Envelope(key, appid).decrypt(sealed) == text


@examples
@given(key=KEYS, text=TEXTS, random=st.binary(min_size=16, max_size=16))
def test_sealing_is_a_function_of_its_random_head(key: str, text: str, random: bytes) -> None:
    envelope = Envelope(key, "wx1")
    assert envelope.encrypt(text, random) == envelope.encrypt(text, random)


@examples
@given(text=TEXTS, where=st.integers(min_value=0), bits=st.integers(1, 255))
def test_damage_is_never_taken_for_the_message(text: str, where: int, bits: int) -> None:
    """CBC has no tag: damage may open as another text, and only the signature tells."""
    envelope = Envelope("k" * 43, "wxba5fad812f8e6fb9")
    sealed = envelope.encrypt(text)
    raw = bytearray(base64.b64decode(sealed))
    raw[where % len(raw)] ^= bits
    damaged = base64.b64encode(raw).decode()
    signed = signature("token", "1", "2", sealed)
    assert not is_signed(signed, "token", "1", "2", damaged)
    try:
        opened = envelope.decrypt(damaged)
    except RequestRejected:
        return
    assert opened != text


@examples
@given(blocks=st.binary(max_size=320))
def test_any_bytes_are_text_or_rejected(blocks: bytes) -> None:
    whole = blocks[: len(blocks) // 32 * 32]
    for raw in (blocks, whole):
        # No random block has the right padding, a length in bounds and the appid at its end.
        with pytest.raises(RequestRejected):
            Envelope("k" * 43, "wxba5fad812f8e6fb9").decrypt(base64.b64encode(raw).decode())


@examples
@given(text=ANY_TEXT)
def test_any_text_is_rejected(text: str) -> None:
    with pytest.raises(RequestRejected):
        Envelope("k" * 43, "wxba5fad812f8e6fb9").decrypt(text)


@examples
@given(text=TEXTS, appid=APPIDS, other=APPIDS)
def test_only_the_same_appid_opens(text: str, appid: str, other: str) -> None:
    sealed = Envelope("k" * 43, appid).encrypt(text)
    if appid == other:
        other += "x"
    with pytest.raises(RequestRejected, match="another appid"):
        Envelope("k" * 43, other).decrypt(sealed)


@examples
@given(words=st.lists(ANY_TEXT, min_size=3, max_size=4), data=st.data())
def test_the_order_of_the_words_is_no_part_of_the_signature(
    words: list[str], data: st.DataObject
) -> None:
    token, timestamp, nonce, *parts = words
    shuffled = data.draw(st.permutations(words))
    assert is_signed(signature(token, timestamp, nonce, *parts), *shuffled)


@examples
@given(expected=ANY_TEXT, token=ANY_TEXT, nonce=ANY_TEXT)
def test_is_signed_never_raises(expected: str, token: str, nonce: str) -> None:
    right = signature(token, "1", nonce)
    assert is_signed(expected, token, "1", nonce) is (expected == right)
    assert is_signed(right, token, "1", nonce)
