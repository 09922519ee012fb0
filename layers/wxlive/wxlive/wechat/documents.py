"""Reading the texts that WeChat sends, XML or JSON, as fields. Pure, no I/O.

The first character that isn't blank says which of the two it is, not a header:
docs/wechat-protocol.md#modes-and-envelopes. Whoever calls the endpoint decides what is read here,
so every document is bounded in size, depth and number of values, and none has entities.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.parsers.expat import ErrorString

from wxlive.errors import RequestRejected

MAX_TEXT_BYTES = 64 * 1024
"""The longest message that is read. WeChat's own have one or two KiB."""

MAX_DEPTH = 16
"""The deepest nesting that is read. WeChat's events have two levels."""

MAX_VALUES = 1000
"""The most elements that are read. WeChat's events have about fifteen."""

# An element with CDATA has three of them. Counting costs nothing, building elements costs the time
# that an attacker wants.
_MAX_BRACKETS = 4 * MAX_VALUES
_BLANK = " \t\r\n"
# A document that begins with its root has no DOCTYPE, hence no entities: XML allows the two
# before the root only.
_XML_BEGINS = re.compile(r"(?:<\?xml[^<>]*\?>[ \t\r\n]*)?<xml[ \t\r\n/>]")


def read_fields(text: str) -> Mapping[str, Any]:
    """Read the fields of a document, by name.

    A value is text or None in XML, whatever JSON has in JSON; a mapping where it has fields of its
    own; a list where an XML element is repeated. A JSON field may not be repeated.

    Raises:
        RequestRejected: status 400; the text is neither XML with the root ``<xml>`` nor a JSON
            object, is not well-formed, or is out of bounds.
    """
    text = text.strip(_BLANK)
    try:
        if text.startswith("<"):
            message = _read_xml(text)
        elif text.startswith("{"):
            message = json.loads(text, object_pairs_hook=_without_twins)
        else:
            raise RequestRejected("the message is neither XML nor a JSON object", status=400)
    except RecursionError as error:
        raise RequestRejected("the message is nested too deeply", status=400) from error
    except ParseError as error:
        # Its own sentence may quote the message.
        line, column = error.position
        raise RequestRejected(
            f"the message can't be read: {ErrorString(error.code)}: line {line}, column {column}",
            status=400,
        ) from error
    except ValueError as error:
        # All of these say where they stopped, and none quotes the message.
        raise RequestRejected(f"the message can't be read: {error}", status=400) from error
    if not isinstance(message, dict):
        raise RequestRejected("the message has no fields", status=400)
    _check_bounds(message)
    return message


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field occurs twice")
    return fields


def _check_bounds(message: Mapping[str, Any]) -> None:
    """Look through the message level by level, never deeper than what is allowed."""
    level: list[Any] = [message]
    values = 0
    for _ in range(MAX_DEPTH):
        level = [value for parent in level for value in _inside(parent)]
        values += len(level)
        if values > MAX_VALUES:
            raise RequestRejected(f"the message has more than {MAX_VALUES} values", status=400)
    if level:
        raise RequestRejected("the message is nested too deeply", status=400)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _read_xml(text: str) -> Any:
    if not _XML_BEGINS.match(text):
        raise RequestRejected("the message is XML, but it doesn't begin with <xml>", status=400)
    if text.count("<") > _MAX_BRACKETS:
        raise RequestRejected(f"the message has more than {MAX_VALUES} values", status=400)
    root = fromstring(text)  # noqa: S314 - it has no entities, see _XML_BEGINS
    if root.tag != "xml":
        raise RequestRejected("the message is XML with a namespace", status=400)
    return _content(root)


def _content(element: Element) -> Any:
    """What an element holds: its fields, or its text. Attributes are of no interest."""
    if not len(element):
        return (element.text or "").strip() or None
    fields: dict[str, list[Any]] = {}
    for child in element:
        fields.setdefault(child.tag, []).append(_content(child))
    return {name: each[0] if len(each) == 1 else each for name, each in fields.items()}
