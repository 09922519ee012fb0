"""Reading the body of a POST: which envelopes are recognised, which are refused."""

import pytest

from wxlive.errors import RequestRejected
from wxlive.wechat.message_body import MAX_BODY_BYTES, read_addressee, read_encrypted


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"ToUserName":"gh_x","Encrypt":"a+/="}', id="json"),
        pytest.param(b' \r\n{"Encrypt":"a+/="}\n', id="json-blanks"),
        pytest.param(b"<xml><Encrypt><![CDATA[a+/=]]></Encrypt></xml>", id="xml"),
        pytest.param(b"<xml><Encrypt>a+/=</Encrypt></xml>", id="xml-no-cdata"),
        pytest.param(
            b"<xml>\n    <ToUserName><![CDATA[gh_x]]></ToUserName>\n"
            b"    <Encrypt><![CDATA[a+/=]]></Encrypt>\n</xml>\n",
            id="xml-as-captured",
        ),
        pytest.param(
            b"<xml>\n    <ToUserName><![CDATA[gh_x]]></ToUserName>\n"
            b"    <FromUserName><![CDATA[o_x]]></FromUserName>\n"
            b"    <Encrypt><![CDATA[a+/=]]></Encrypt>\n</xml>\n",
            id="xml-compatible",
        ),
        pytest.param(
            b"<xml><AppId><![CDATA[wx1]]></AppId><Encrypt><![CDATA[a+/=]]></Encrypt></xml>",
            id="xml-third-party-platform",
        ),
        pytest.param(
            b"<xml><Encrypt><![CDATA[a+/=]]></Encrypt><ToUserName>gh_x</ToUserName></xml>",
            id="xml-other-order",
        ),
        pytest.param(
            b'\n<?xml version="1.0" encoding="GBK"?>\n'
            b'<xml v="1"><Encrypt x="y">a+/=</Encrypt></xml>',
            id="xml-declaration-and-attributes",
        ),
        pytest.param(
            b'{"Encrypt":"a+/=","MsgType":"event","Event":"wxalive_follow_notify"}',
            id="compatible",
        ),
    ],
)
def test_encrypt_is_read_as_received(body: bytes) -> None:
    assert read_encrypted(body) == "a+/="


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "neither XML nor a JSON object", id="empty"),
        pytest.param(b"Encrypt=abc", "neither XML nor a JSON object", id="form"),
        pytest.param(b'["Encrypt"]', "neither XML nor a JSON object", id="json-list"),
        pytest.param(b'{"Encrypt":', "can't be read", id="json-cut"),
        pytest.param(b'{"Encrypt":"a"} {}', "can't be read", id="json-two"),
        pytest.param(b"<xml><Encrypt>a</xml>", "can't be read", id="xml-cut"),
        pytest.param(
            b"<xml><ToUserName/><Encrypt><![CDATA[a</Encrypt></xml>",
            "can't be read",
            id="xml-cdata",
        ),
        pytest.param(b"<xml/><xml/>", "can't be read", id="xml-two"),
        pytest.param(b"<html><Encrypt>a</Encrypt></html>", "begin with <xml>", id="other-root"),
        pytest.param(b"<xmlx><Encrypt>a</Encrypt></xmlx>", "begin with <xml>", id="longer-root"),
        pytest.param(b"<xml>Encrypt</xml>", "has no fields", id="xml-text"),
        pytest.param(b"<xml/>", "has no fields", id="xml-empty"),
        pytest.param(b"{}", "no Encrypt", id="json-no-field"),
        pytest.param(b'{"encrypt":"a"}', "no Encrypt", id="json-small-letter"),
        pytest.param(b'{"Encrypt":""}', "no Encrypt", id="json-empty-field"),
        pytest.param(b'{"Encrypt":null}', "no Encrypt", id="json-null"),
        pytest.param(b'{"Encrypt":["a"]}', "no Encrypt", id="json-list-field"),
        pytest.param(b"<xml><Encrypt/></xml>", "no Encrypt", id="xml-empty-field"),
        pytest.param(
            b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>", "no Encrypt", id="xml-twice"
        ),
        pytest.param(b'{"Encrypt":"\xff"}', "not UTF-8", id="not-utf8"),
        pytest.param(b"\xef\xbb\xbf{}", "neither XML nor a JSON object", id="byte-order-mark"),
    ],
)
def test_what_is_no_envelope_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(RequestRejected, match=words) as caught:
        read_encrypted(body)
    assert caught.value.status == 400


def test_the_size_of_a_body_is_bounded() -> None:
    fill = MAX_BODY_BYTES - len(b'{"Encrypt":""}')
    assert len(read_encrypted(b'{"Encrypt":"' + b"a" * fill + b'"}')) == fill
    with pytest.raises(RequestRejected, match="more than the 163840") as caught:
        read_encrypted(b'{"Encrypt":"' + b"a" * (fill + 1) + b'"}')
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("text", "addressee"),
    [
        ('{"ToUserName":"gh_x"}', "gh_x"),
        ("<xml><ToUserName><![CDATA[gh_x]]></ToUserName></xml>", "gh_x"),
        ('{"ToUserName":"a b\\n\\u6211"}', "a?b??"),
        (f'{{"ToUserName":"{"x" * 100}"}}', "x" * 64),
        ('{"ToUserName":1}', ""),
        ("{}", ""),
        ("<xml>", None),
        ("hello", None),
    ],
)
def test_the_addressee_of_a_message_is_fit_for_a_log(text: str, addressee: str | None) -> None:
    assert read_addressee(text) == addressee
