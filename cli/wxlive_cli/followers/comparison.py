"""Compares an operator's own list of followers with the table."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from wxlive.domain.followers import Follower, Status
from wxlive.errors import InvalidCommand
from wxlive_cli.text import csv_text

UNKNOWN = "unknown"

OPENID = re.compile(r"[0-9A-Za-z_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Difference:
    """An openid, its status in the file and in the table; ``UNKNOWN`` where it is missing."""

    openid: str
    file: str
    table: str


def read_list(file: Path) -> dict[str, str]:
    """Read the status of each openid from a CSV file.

    The file has a header that names ``openid`` and, optionally, ``status``, as ``export`` writes
    it; or no header and one openid per line. Without a status, an openid counts as subscribed.

    Raises:
        InvalidCommand: the file can't be read, or a line has no openid or an unknown status.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            return dict(_rows(csv.reader(lines)))
    except OSError as error:
        raise InvalidCommand(f"{file} can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidCommand(f"{file} is not a CSV file in UTF-8; save it as one") from error


def check_openid(openid: str) -> None:
    """Refuse what can't be an openid.

    Raises:
        InvalidCommand: it is empty, or has other characters than openids have.
    """
    if not OPENID.fullmatch(openid):
        raise InvalidCommand(
            f"{openid!r} is not an openid, which has letters, digits, - and _ only"
        )


def compare(listed: dict[str, str], followers: Iterable[Follower]) -> Iterator[Difference]:
    """Walk the differences between a list and the table, those of known followers first.

    An openid that is unsubscribed on one side and missing on the other is no difference. Removes
    the openids of the followers from ``listed``.
    """
    for follower in followers:
        status = listed.pop(follower.openid, UNKNOWN)
        if _is_subscribed(status) != _is_subscribed(follower.status.value):
            yield Difference(follower.openid, status, follower.status.value)
    for openid, status in listed.items():
        if _is_subscribed(status):
            yield Difference(openid, status, UNKNOWN)


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[str, str]]:
    first = next(reader, [])
    if any(cell.strip().lower() == "openid" for cell in first):
        first = [cell.strip().lower() for cell in first]
    has_header = "openid" in first
    openid_at = first.index("openid") if has_header else 0
    status_at = first.index("status") if "status" in first else None
    rows = reader if has_header else chain([first], reader)
    for number, cells in enumerate(rows, 2 if has_header else 1):
        row = [csv_text(cell.strip()) for cell in cells]
        if not any(row):
            continue
        openid = row[openid_at] if len(row) > openid_at else ""
        status = row[status_at] if status_at is not None and len(row) > status_at else "subscribed"
        is_one_per_line = has_header or len(row) == 1
        if not OPENID.fullmatch(openid) or status not in set(Status) or not is_one_per_line:
            raise InvalidCommand(
                f"Line {number} has no openid, or a status other than subscribed and unsubscribed; "
                "give a CSV file whose header names openid, or a file with one openid per line"
            )
        yield openid, status


def _is_subscribed(status: str) -> bool:
    return status == Status.SUBSCRIBED.value
