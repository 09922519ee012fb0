"""Reading XML and JSON as fields: what is read, and what is out of bounds."""

import json

import pytest

from wxlive.errors import RequestRejected
from wxlive.wechat.documents import MAX_DEPTH, MAX_VALUES, read_fields


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("<!DOCTYPE xml><xml><MsgType>text</MsgType></xml>", id="bare"),
        pytest.param('<?xml version="1.0"?><!DOCTYPE xml []><xml/>', id="after-declaration"),
        pytest.param("<!-- <xml> --><!DOCTYPE xml><xml/>", id="after-comment"),
        pytest.param("<?a b?><!DOCTYPE xml><xml/>", id="after-instruction"),
        pytest.param(
            '<!DOCTYPE xml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
            "<xml><MsgType>&b;</MsgType></xml>",
            id="laughs",
        ),
        pytest.param(
            '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
            "<xml><MsgType>&a;</MsgType></xml>",
            id="external-entity",
        ),
        pytest.param('<!DOCTYPE xml SYSTEM "http://203.0.113.7/a.dtd"><xml/>', id="external-dtd"),
        pytest.param("<xml><!DOCTYPE xml></xml>", id="inside-the-root"),
        pytest.param("<xml/><!DOCTYPE xml>", id="after-the-root"),
        pytest.param("<xml><MsgType>&a;</MsgType></xml>", id="undeclared-entity"),
    ],
)
def test_document_types_and_entities_are_refused(document: str) -> None:
    with pytest.raises(RequestRejected) as caught:
        read_fields(document)
    assert caught.value.status == 400


def test_a_malformed_document_is_refused_with_its_place_and_without_its_words() -> None:
    with pytest.raises(RequestRejected) as caught:
        read_fields("<xml>\n<a>&hunter2;</a></xml>")
    assert str(caught.value) == "the message can't be read: undefined entity: line 2, column 3"


@pytest.mark.parametrize("document", ['<xml xmlns="u"><a>b</a></xml>', "<xml><p:a>b</p:a></xml>"])
def test_xml_with_a_namespace_is_refused(document: str) -> None:
    with pytest.raises(RequestRejected):
        read_fields(document)


@pytest.mark.parametrize("encoding", ["GBK", "utf-16", "utf-7", "nonsense"])
def test_a_document_is_utf_8_whatever_it_declares(encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?><xml><a>\u6211</a></xml>'
    assert read_fields(document) == {"a": "\u6211"}


def test_a_message_may_talk_about_document_types() -> None:
    text = "<xml><Content><![CDATA[<!DOCTYPE html>&a;]]></Content></xml>"
    assert read_fields(text) == {"Content": "<!DOCTYPE html>&a;"}


def test_deep_json_is_refused() -> None:
    with pytest.raises(RequestRejected, match="nested too deeply") as caught:
        read_fields('{"a":' + "[" * 60_000 + "]" * 5_000 + "}")
    assert caught.value.status == 400


def nested(depth: int) -> list[str]:
    """Messages of so many levels."""
    return [
        "<xml>" + "<a>" * (depth - 1) + "<b/>" + "</a>" * (depth - 1) + "</xml>",
        '{"a":' * depth + "1" + "}" * depth,
        '{"a":' + "[" * (depth - 1) + "1" + "]" * (depth - 1) + "}",
    ]


@pytest.mark.parametrize("depth", [MAX_DEPTH, 1900])
def test_nesting_is_bounded_the_same_in_xml_and_json(depth: int) -> None:
    for text in nested(MAX_DEPTH - 1):
        assert read_fields(text)
    for text in nested(depth):
        with pytest.raises(RequestRejected, match="nested too deeply") as caught:
            read_fields(text)
        assert caught.value.status == 400


def test_xml_with_too_many_brackets_is_refused_before_it_is_parsed() -> None:
    for body in ("<xml>" + "<a>" * 50_000, "<xml>" + "<a/>" * 40_000 + "</xml>"):
        with pytest.raises(RequestRejected, match="more than 1000 values") as caught:
            read_fields(body)
        assert caught.value.__cause__ is None
    text = "<xml><Content><![CDATA[" + "<" * 3_000 + "]]></Content></xml>"
    assert read_fields(text) == {"Content": "<" * 3_000}


def test_the_number_of_values_is_bounded_the_same_in_xml_and_json() -> None:
    def forms(count: int) -> list[str]:
        return [
            "<xml><MsgType>text</MsgType>" + "<a/>" * (count - 2) + "</xml>",
            '{"MsgType":"text","a":[' + ",".join("1" * (count - 2)) + "]}",
            json.dumps({"MsgType": "text"} | {f"a{i}": 1 for i in range(count - 1)}),
        ]

    for text in forms(MAX_VALUES):
        assert read_fields(text)["MsgType"] == "text"
    for text in forms(MAX_VALUES + 1):
        with pytest.raises(RequestRejected, match="more than 1000 values") as caught:
            read_fields(text)
        assert caught.value.status == 400


@pytest.mark.parametrize(
    "text",
    [
        '{"MsgType":"text","MsgType":"event"}',
        '{"MsgType":"text","a":{"b":1,"c":2,"b":1}}',
    ],
)
def test_a_json_field_that_occurs_twice_is_refused(text: str) -> None:
    with pytest.raises(RequestRejected, match="a field occurs twice"):
        read_fields(text)


def test_a_number_too_long_to_convert_is_refused() -> None:
    with pytest.raises(RequestRejected, match="can't be read"):
        read_fields('{"CreateTime":' + "9" * 5_000 + "}")


def test_xml_with_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(RequestRejected, match="can't be read") as caught:
        read_fields("<xml><MsgType>\ud800</MsgType></xml>")
    assert isinstance(caught.value.__cause__, UnicodeEncodeError)


@pytest.mark.parametrize("text", ["", " \n", "success", "[]", "1", '"x"', "null", "\u3000{}"])
def test_what_is_neither_xml_nor_json_is_refused(text: str) -> None:
    with pytest.raises(RequestRejected, match="neither XML nor a JSON object") as caught:
        read_fields(text)
    assert caught.value.status == 400
