"""Whom a push is for."""

from dataclasses import dataclass

from wxlive.domain.followers import Follower, Status

MAX_ROOMS = 50
"""Rooms that an audience may name: half of what a filter of DynamoDB takes."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The subscribed followers, or those of them who subscribed in some rooms or at some time.

    ``rooms`` are the rooms they subscribed in, empty for any; ``since`` (inclusive) and
    ``before`` (exclusive) are Unix seconds, 0 for no limit. ``exceptions`` names a stored list of
    openids that are left out of it, "" for none. ``room_status`` is the room's ``live_status`` when
    they subscribed, 0 for any.
    """

    rooms: tuple[int, ...] = ()
    since: int = 0
    before: int = 0
    exceptions: str = ""
    room_status: int = 0

    @property
    def is_everybody(self) -> bool:
        """Whether it is all subscribed followers."""
        return self == EVERYBODY

    def includes(self, follower: Follower) -> bool:
        """Whether the follower belongs to the audience, or is left out by ``exceptions``."""
        return (
            follower.status is Status.SUBSCRIBED
            and (not self.rooms or follower.room_id in self.rooms)
            and self.since <= follower.subscribed_at
            and (not self.before or follower.subscribed_at < self.before)
            and self.room_status in {0, follower.room_status}
        )


EVERYBODY = Audience()
