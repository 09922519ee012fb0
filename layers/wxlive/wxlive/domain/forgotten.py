"""Who was forgotten: of them only a pseudonym is kept, a keyed hash of the openid. Pure.

The key is not kept beside the pseudonyms, so nobody who reads them can try openids out. Forgetting
is a fact with a time: whoever subscribes after it begins anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

_MARK = "#"
"""What pseudonyms begin with, and no openid has."""

_PSEUDONYM_BYTES = 16


def pseudonym_of(openid: str, key: str) -> str:
    """Return the pseudonym that stands for an openid."""
    digest = blake2b(openid.encode(), key=key.encode(), digest_size=_PSEUDONYM_BYTES)
    return _MARK + digest.hexdigest()


def is_pseudonym(openid: str) -> bool:
    """Whether somebody in a chunk was forgotten."""
    return openid.startswith(_MARK)


def begins_anew(subscribed_at: int, forgotten_at: int) -> bool:
    """Whether a subscription is later than the forgetting (Unix s); 0 is no subscription."""
    return subscribed_at > forgotten_at


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Who was forgotten and has not begun anew: pseudonyms, and since when (Unix s).

    Without a ``key``, which there is once somebody was forgotten, nobody is recognised.
    """

    since: Mapping[str, int] = field(default_factory=dict)
    key: str = field(default="", repr=False)

    def forgotten_at(self, openid: str) -> int:
        """Return when somebody was forgotten, 0 if never."""
        return self.since.get(pseudonym_of(openid, self.key), 0) if self.key else 0
