"""An audience, as a part of an item."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wxlive.domain.audience import Audience

_LATER = {"exceptions", "room_status"}


def audience_item(audience: Audience) -> dict[str, Any]:
    """Return what is stored of an audience.

    A field that the version before does not know is stored only where it says something.
    """
    item = {**asdict(audience), "rooms": list(audience.rooms)}
    return {name: value for name, value in item.items() if value or name not in _LATER}


def read_audience(item: Mapping[str, Any]) -> Audience:
    """Read what was stored of an audience."""
    return Audience(**{**item, "rooms": tuple(item["rooms"])})
