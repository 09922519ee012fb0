"""The signatures and the envelope, against every vector WeChat published, and each check."""

import base64
import struct
import traceback

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from wxlive.errors import Misconfigured, RequestRejected
from wxlive.wechat.crypto import Envelope, is_signed, signature

DEMO_KEY = "A" * 43
DEMO_APPID = "wxba5fad812f8e6fb9"
SAMPLE_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"  # its last two bits are not zero

SECURE_JSON = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcv"
    "ZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3F"
    "n2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSe"
    "OBrebufAlr7F9mFUPAJGj04="
)
SECURE_JSON_TEXT = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY",'
    '"CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
)
REPLY = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
SAMPLE_XML = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PG"
    "HQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6"
    "tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp"
    "3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhv"
    "Ql+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)
SAMPLE_XML_TEXT = (
    "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>\n"
    "<FromUserName><![CDATA[oyORnuP8q7ou2gfYjqLzSIWZf0rs]]></FromUserName>\n"
    "<CreateTime>1409735668</CreateTime>\n"
    "<MsgType><![CDATA[text]]></MsgType>\n"
    "<Content><![CDATA[abcdteT]]></Content>\n"
    "<MsgId>6054768590064713728</MsgId>\n"
    "</xml>"
)
CHINESE = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
# 我是中文 and seven more: 11 characters, 19 bytes.
CHINESE_TEXT = "\u6211\u662f\u4e2d\u6587abcd123"


def demo() -> Envelope:
    return Envelope(DEMO_KEY, DEMO_APPID)


def cipher(key: str = DEMO_KEY) -> Cipher[CBC]:
    raw = base64.b64decode(key + "=")
    return Cipher(AES256(raw), CBC(raw[:16]))


def open_raw(encrypted: str, key: str = DEMO_KEY) -> bytes:
    """The padded frame, by nothing but AES: what the vectors' details are checked against."""
    decryptor = cipher(key).decryptor()
    return decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()


def seal_raw(padded: bytes) -> str:
    encryptor = cipher().encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def frame(message: bytes, *, length: int | None = None, appid: str = DEMO_APPID) -> bytes:
    size = len(message) if length is None else length
    return b"0123456789abcdef" + struct.pack(">I", size) + message + appid.encode()


def padded(content: bytes) -> bytes:
    pad = 32 - len(content) % 32
    return content + bytes([pad]) * pad


# ------------------------------------------------------------ signatures


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(
            ("AAAAA", "1714036504", "1514711492"),
            "f464b24fc39322e44b38aa78f5edd27bd1441696",
            id="url-verification",
        ),
        pytest.param(
            ("AAAAA", "1714112445", "415670741"),
            "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
            id="secure-signature",
        ),
        pytest.param(
            ("AAAAA", "1714112445", "415670741", SECURE_JSON),
            "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
            id="secure-msg-signature",
        ),
        pytest.param(
            ("AAAAA", "1713424427", "415670741", REPLY),
            "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1",
            id="reply",
        ),
        pytest.param(
            ("spamtest", "1409735669", "1320562132", SAMPLE_XML),
            "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
            id="sample-xml",
        ),
    ],
)
def test_signature_matches_the_published_vector(words: tuple[str, str, str], expected: str) -> None:
    assert signature(*words) == expected
    assert is_signed(expected, *words)


def test_signature_does_not_depend_on_the_order_of_the_words() -> None:
    assert signature("b", "a", "c") == signature("c", "b", "a") == signature("a", "b", "c")


def test_signature_sorts_by_bytes_not_by_letters() -> None:
    # sha1("9Za"): digits before capitals before small letters.
    assert signature("a", "Z", "9") == "78008582a437918e40d7e309673d5128700b7ba2"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("", id="empty"),
        pytest.param("0" * 40, id="zeros"),
        pytest.param("F464B24FC39322E44B38AA78F5EDD27BD1441696", id="capitals"),
        pytest.param("f464b24fc39322e44b38aa78f5edd27bd144169", id="short"),
        pytest.param("f464b24fc39322e44b38aa78f5edd27bd14416966", id="long"),
        pytest.param("f464b24fc39322e44b38aa78f5edd27bd144169\u0666", id="not-ascii"),
        pytest.param("\ud800", id="half-a-surrogate-pair"),
    ],
)
def test_is_signed_refuses_any_other_signature(wrong: str) -> None:
    assert not is_signed(wrong, "AAAAA", "1714036504", "1514711492")


@pytest.mark.parametrize("word", ["\u6211", "\ud800", "\U0001f600"])
def test_is_signed_takes_words_that_are_not_ascii(word: str) -> None:
    assert is_signed(signature("t", word, "n", word), "t", word, "n", word)
    assert not is_signed("x", "t", word, "n", word)


# ------------------------------------------------------------ the published envelopes


def test_decrypts_the_secure_json_vector() -> None:
    assert demo().decrypt(SECURE_JSON) == SECURE_JSON_TEXT


def test_the_secure_json_vector_has_the_documented_frame() -> None:
    raw = open_raw(SECURE_JSON)
    assert raw[:16] == b"a8eedb185eb2fecf"
    assert len(SECURE_JSON_TEXT) == 167
    assert raw[16:20] == (167).to_bytes(4, "big")
    assert raw[-19:] == bytes([19]) * 19
    assert len(raw) - 19 == 205
    assert demo().encrypt(SECURE_JSON_TEXT, random=b"a8eedb185eb2fecf") == SECURE_JSON


def test_the_reply_vector_both_ways() -> None:
    text = '{"demo_resp":"good luck"}'
    assert demo().encrypt(text, random=b"707722b803182950") == REPLY
    assert demo().decrypt(REPLY) == text
    assert len(open_raw(REPLY)) == 64
    assert open_raw(REPLY)[62:] == DEMO_APPID[-1:].encode() + b"\x01"  # 63 bytes and pad 1


def test_decrypts_the_sample_xml_under_a_key_with_a_tail() -> None:
    assert Envelope(SAMPLE_KEY, "wx2c2769f8efd9abc2").decrypt(SAMPLE_XML) == SAMPLE_XML_TEXT


def test_the_chinese_vector_counts_bytes() -> None:
    envelope = Envelope(SAMPLE_KEY, "wxb11529c136998cb6")
    assert envelope.encrypt(CHINESE_TEXT, random=b"aaaabbbbccccdddd") == CHINESE
    assert envelope.decrypt(CHINESE) == CHINESE_TEXT
    assert open_raw(CHINESE, SAMPLE_KEY)[16:20] == (19).to_bytes(4, "big")


# ------------------------------------------------------------ padding


@pytest.mark.parametrize("pad", range(1, 33))
def test_every_pad_of_a_32_byte_block_is_opened(pad: int) -> None:
    size = (32 - pad - len(frame(b""))) % 32
    text = "x" * size
    sealed = demo().encrypt(text)
    assert open_raw(sealed)[-pad:] == bytes([pad]) * pad
    assert demo().decrypt(sealed) == text


@pytest.mark.parametrize("pad", range(2, 33))
def test_every_byte_of_the_pad_is_checked(pad: int) -> None:
    content = frame(b"x" * ((32 - pad - len(frame(b""))) % 32))
    for position in range(pad - 1):
        raw = bytearray(content + bytes([pad]) * pad)
        raw[len(content) + position] ^= 1
        with pytest.raises(RequestRejected, match="wrong padding"):
            demo().decrypt(seal_raw(bytes(raw)))


@pytest.mark.parametrize("last", [0, 33, 64, 240])
def test_a_pad_byte_outside_1_to_32_is_refused(last: int) -> None:
    # The end is consistent in itself, so only the bound can refuse it.
    end = bytes([last]) * max(last, 1)
    head = frame(b"x" * (288 - len(end) - len(frame(b""))))
    assert len(head + end) == 288
    with pytest.raises(RequestRejected, match="wrong padding"):
        demo().decrypt(seal_raw(head + end))


# ------------------------------------------------------------ every other check


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no base64!", id="letters"),
        pytest.param("A" * 43, id="no-padding"),
        pytest.param(SECURE_JSON[:50] + "\n" + SECURE_JSON[50:], id="line-break"),
        pytest.param(SECURE_JSON + "=", id="too-much-padding"),
        pytest.param(SECURE_JSON.replace("+", "-"), id="url-alphabet"),
        pytest.param(SECURE_JSON.replace("+", "\u6211"), id="not-ascii"),
        pytest.param("\ud800", id="half-a-surrogate-pair"),
    ],
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(RequestRejected, match="not base64") as caught:
        demo().decrypt(text)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("size", [0, 1, 16, 31, 33, 48])
def test_what_is_not_whole_blocks_is_refused(size: int) -> None:
    with pytest.raises(RequestRejected, match=f"holds {size} bytes, not whole blocks of 32"):
        demo().decrypt(base64.b64encode(bytes(size)).decode())


@pytest.mark.parametrize("size", [0, 19])
def test_a_frame_shorter_than_its_head_is_refused(size: int) -> None:
    with pytest.raises(RequestRejected, match=f"frame of {size} bytes, less than its head of 20"):
        demo().decrypt(seal_raw(padded(bytes(size))))


@pytest.mark.parametrize("length", [5 + len(DEMO_APPID) + 1, 2**31, 2**32 - 1])
def test_a_length_beyond_the_frame_is_refused(length: int) -> None:
    with pytest.raises(RequestRejected, match="its frame ends before that"):
        demo().decrypt(seal_raw(padded(frame(b"hello", length=length))))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(frame(b"hello", appid="wx0000000000000000"), id="another"),
        pytest.param(frame(b"hello", appid=""), id="none"),
        pytest.param(frame(b"hello", appid=DEMO_APPID + "0"), id="longer"),
        pytest.param(frame(b"hello", appid=DEMO_APPID[:-1]), id="shorter"),
        pytest.param(frame(b"hello", length=4), id="length-one-less"),
        pytest.param(frame(b"hello", length=6), id="length-one-more"),
        pytest.param(frame(b"hello", length=5 + len(DEMO_APPID)), id="length-swallows-it"),
    ],
)
def test_another_appid_is_refused(content: bytes) -> None:
    with pytest.raises(RequestRejected, match="another appid"):
        demo().decrypt(seal_raw(padded(content)))


def test_what_is_not_utf8_is_replaced_and_the_rest_of_the_message_is_kept() -> None:
    sealed = seal_raw(padded(frame(b"\xff\xfeabc\xe4\xb8")))
    assert demo().decrypt(sealed) == "\ufffd\ufffdabc\ufffd"


def test_another_key_is_refused() -> None:
    with pytest.raises(RequestRejected, match="wrong padding") as caught:
        Envelope("B" * 43, DEMO_APPID).decrypt(SECURE_JSON)
    assert caught.value.status == 403
    assert isinstance(caught.value.__cause__, ValueError)


def test_the_frames_built_here_are_right_but_for_the_fault() -> None:
    assert demo().decrypt(seal_raw(padded(frame(b"hello")))) == "hello"


# ------------------------------------------------------------ keys


@pytest.mark.parametrize("last", "ABCDGHabcd0123+/")
def test_the_last_two_bits_of_a_key_are_ignored(last: str) -> None:
    key = "k" * 42 + last
    assert Envelope(key, "wx1").decrypt(Envelope(key, "wx1").encrypt("hi")) == "hi"


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "\n", "-" * 43])
def test_a_malformed_key_is_misconfigured_and_not_shown(key: str) -> None:
    with pytest.raises(Misconfigured, match="43 base64 characters") as caught:
        Envelope(key, DEMO_APPID)
    assert not key or key not in str(caught.value)


def test_an_empty_appid_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="appid is empty"):
        Envelope(DEMO_KEY, "")


def test_the_key_is_in_no_repr_and_no_traceback() -> None:
    envelope = Envelope(SAMPLE_KEY, "wx2c2769f8efd9abc2")
    assert repr(envelope) == "Envelope(appid='wx2c2769f8efd9abc2')"
    with pytest.raises(RequestRejected) as caught:
        envelope.decrypt(SECURE_JSON)
    shown = "".join(traceback.format_exception(caught.value))
    assert SAMPLE_KEY not in shown + repr(caught.value)


# ------------------------------------------------------------ sealing


def test_each_sealing_differs_by_its_random_head() -> None:
    first, second = demo().encrypt("hi"), demo().encrypt("hi")
    assert first != second
    assert demo().decrypt(first) == demo().decrypt(second) == "hi"


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_random_head_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"random has {size} bytes"):
        demo().encrypt("hi", random=bytes(size))


def test_text_without_a_utf8_form_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        demo().encrypt("\ud800")
