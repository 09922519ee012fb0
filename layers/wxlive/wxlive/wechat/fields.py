"""The rules for the fields that WeChat's events and its follower list share. Pure, no I/O."""

import re

MESSAGE_ID = re.compile(r"[!-~]{1,64}")
"""A ``message_id``, as a text."""

_BLANK = " \t\r\n"
_LITERAL_CDATA = re.compile(r"!?\[CDATA\[(.*)\]\]", re.DOTALL)
_DIGITS = re.compile(r"[0-9]{1,19}")
_OPENID = re.compile(r"[!-~]{1,128}")
_NUMBER_END = 2**63


def plain(text: str) -> str:
    """Return a text without blanks around it, or around the CDATA that samples print as text."""
    literal = _LITERAL_CDATA.fullmatch(text.strip(_BLANK))
    return (literal[1] if literal else text).strip(_BLANK)


def read_openid(value: object) -> str:
    """Read an openid.

    Raises:
        ValueError: it is none; the message continues "user_openid is …" and does not show it.
    """
    if isinstance(value, str) and _OPENID.fullmatch(text := plain(value)):
        return text
    raise ValueError("not 1 to 128 visible characters")


def read_number(value: object) -> int:
    """Read a whole number, which may arrive as digits in a string.

    Raises:
        ValueError: it is none; the message continues "time is …" and does not show it.
    """
    if isinstance(value, str) and _DIGITS.fullmatch(text := plain(value)):
        value = int(text)
    # bool is an int to Python, not to WeChat.
    if type(value) is not int or not 0 <= value < _NUMBER_END:
        raise ValueError("not a whole number from 0 to 2**63 - 1")
    return value


def read_number_or_zero(value: object) -> int:
    """Read a number that may be absent: null and an empty text say the same."""
    return 0 if value is None or value == "" else read_number(value)
