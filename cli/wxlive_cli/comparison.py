"""An operator's own list of followers beside the table: who differs, and how."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from wxlive.errors import Refused
from wxlive.followers import Follower, Status

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One openid, its status in the file and in the table; ``unknown`` where it is not there."""

    openid: str
    file: str
    table: str


def read_list(file: Path) -> dict[str, str]:
    """Read the status of each openid from a CSV file.

    With a header that names ``openid`` (and, if you like, ``status``), as ``export`` writes it;
    or without one, an openid a line, all of them subscribed.

    Raises:
        Refused: the file can't be read, or has a line without openid or with another status.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            return dict(_rows(csv.reader(lines)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{file} can't be read as CSV in UTF-8: {error}") from error


def compare(wanted: dict[str, str], found: Iterable[Follower]) -> Iterator[Difference]:
    """Tell who differs: first those whom the table knows, then those whom only the file has.

    Whoever is unsubscribed on one side and unknown to the other does not differ. Takes the
    compared openids out of ``wanted``.
    """
    for follower in found:
        said = wanted.pop(follower.openid, _UNKNOWN)
        if _subscribed(said) != _subscribed(follower.status.value):
            yield Difference(follower.openid, said, follower.status.value)
    for openid, said in wanted.items():
        if _subscribed(said):
            yield Difference(openid, said, _UNKNOWN)


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[str, str]]:
    first = next(reader, [])
    has_header = "openid" in first
    openid_at = first.index("openid") if has_header else 0
    status_at = first.index("status") if "status" in first else None
    rows = reader if has_header else chain([first], reader)
    for number, row in enumerate(rows, 2 if has_header else 1):
        if not row:
            continue
        openid = row[openid_at].strip() if len(row) > openid_at else ""
        status = row[status_at] if status_at is not None and len(row) > status_at else "subscribed"
        if not openid or status not in set(Status):
            raise Refused(
                f"Line {number} has no openid, or a status other than subscribed and unsubscribed; "
                "give a CSV file with a header that names openid, or an openid a line"
            )
        yield openid, status


def _subscribed(status: str) -> bool:
    return status == Status.SUBSCRIBED.value
