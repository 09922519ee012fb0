"""Reading envelopes: the fast reader and a general parser never disagree."""

from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from support.budget import budget
from wxlive.errors import RequestRejected
from wxlive.wechat.message_body import read_encrypted

examples = budget(fast=500, thorough=5000)

BLANKS = st.sampled_from(["", "\n", "\n    ", " \t\r\n"])
BASE64 = st.from_regex(r"[0-9A-Za-z+/]{1,20}={0,2}", fullmatch=True)
ACCOUNTS = st.from_regex(r"[0-9A-Za-z_-]{0,20}", fullmatch=True)
CDATA = st.sampled_from([("", ""), ("<![CDATA[", "]]>")])
PIECES = st.sampled_from(
    [
        *("<xml>", "</xml>", "<Encrypt>", "</Encrypt>", "<ToUserName>", "</ToUserName>"),
        *("<![CDATA[", "]]>", "]]", "<", ">", "&", "&#65;", "<a/>", "<!-- -->", "<?a b?>"),
        *("=", "a", "+", "a='b'", "\u00e9", "\x00", "\v", "\f", "\u2028", " ", "\n"),
    ]
)


@st.composite
def envelopes(draw: st.DrawFn) -> list[str]:
    """XML envelopes as WeChat writes them, with and without blanks and CDATA, in pieces."""

    def field(name: str, text: st.SearchStrategy[str]) -> list[str]:
        opened, closed = draw(CDATA)
        return [draw(BLANKS), f"<{name}>", opened, draw(text), closed, f"</{name}>"]

    fields = [*field("ToUserName", ACCOUNTS), *field("Encrypt", BASE64)]
    return [draw(BLANKS), "<xml>", *fields, draw(BLANKS), "</xml>", draw(BLANKS)]


@st.composite
def damaged(draw: st.DrawFn) -> list[str]:
    """Envelopes with one or two pieces removed, replaced or added."""
    pieces = list(filter(None, draw(envelopes())))
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(pieces)))
        pieces[place : place + draw(st.integers(0, 1))] = draw(st.just([]) | st.tuples(PIECES))
    return pieces


def by_general_parser(text: str) -> str | None:
    """Return ``Encrypt`` as xmltodict reads it, None where there is none."""
    try:
        root: Any = xmltodict.parse(text.strip(" \t\r\n"), xml_attribs=False)
    except (ExpatError, ValueError):
        return None
    fields = root.get("xml")
    encrypted = fields.get("Encrypt") if isinstance(fields, dict) else None
    return encrypted if isinstance(encrypted, str) else None


def by_wxlive(text: str) -> str | None:
    try:
        return read_encrypted(text.encode())
    except RequestRejected:
        return None


@examples
@given(envelopes().map("".join))
def test_every_usual_envelope_is_read_as_a_general_parser_reads_it(text: str) -> None:
    assert by_wxlive(text) == by_general_parser(text) is not None


@examples
@given(damaged().map("".join))
def test_a_damaged_envelope_is_refused_or_read_as_a_general_parser_reads_it(text: str) -> None:
    assert by_wxlive(text) in {None, by_general_parser(text)}
