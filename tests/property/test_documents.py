"""Reading XML: the fields are those that another parser sees."""

from typing import Any

import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from support.budget import budget
from wxlive.wechat.documents import read_fields

examples = budget(fast=300, thorough=5000)

TEXTS = st.sampled_from(
    [
        "",
        " ",
        "a",
        " a\n",
        "<![CDATA[ b ]]>",
        "a<![CDATA[<]]>b",
        "&lt;&#65;",
        "<!-- c -->",
        "\u3000",
    ]
)
NAMES = st.sampled_from(["a", "b", "Encrypt"])


def element(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("<{0} x='y'>{1}</{0}>".format, NAMES, inside)


ELEMENTS = st.recursive(
    element(TEXTS),
    lambda inner: element(st.lists(inner | TEXTS, max_size=4).map("".join)),
    max_leaves=12,
)


def without_text_between(value: Any) -> Any:
    """Drop the text beside the fields, which nobody reads."""
    if isinstance(value, dict):
        fields = {name: without_text_between(each) for name, each in value.items()}
        fields.pop("#text", None)
        return fields
    return [without_text_between(each) for each in value] if isinstance(value, list) else value


@examples
@given(st.lists(ELEMENTS, min_size=1, max_size=5).map("".join))
def test_xml_is_read_as_another_parser_reads_it(inside: str) -> None:
    document = f"<xml>{inside}</xml>"
    expected = without_text_between(xmltodict.parse(document, xml_attribs=False)["xml"])
    assert read_fields(document) == expected
