"""The trial that a push is asked for: the first of its audience, or the openids of a list."""

from dataclasses import dataclass

from wxlive.digests import digest_of
from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import Trial
from wxlive.errors import InvalidCommand
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.left_out import left_out

NOBODY = (
    "Nobody of the trial may be notified: all of them are muted, in --except-file, or were "
    "notified by the room before. Nothing was sent"
)

_ALL = 100


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """What a command asks for: the ``first`` so many, or these ``openids``; see ``Trial``."""

    first: int = 0
    openids: tuple[str, ...] = ()
    go_on_at: int = 0

    @property
    def size(self) -> int:
        """How many openids it has at most."""
        return self.first or len(self.openids)


@dataclass(frozen=True, slots=True)
class ChosenTrial:
    """A trial as a campaign is opened with it; ``openids`` are those of its list, if it has one."""

    trial: Trial | None = None
    openids: tuple[str, ...] = ()


NO_TRIAL = ChosenTrial()


def parse_trial(raw: object, deps: Dependencies) -> TrialRequest | None:
    """Parse which part of the audience is notified first; None if all of it is.

    Raises:
        InvalidCommand: it is no trial, or is more than one call takes.
    """
    if raw is None:
        return None
    refusal = InvalidCommand(
        'trial must be like {"first": n} or {"openids": [openids]}, and may have "go_on_at", a '
        "percentage"
    )
    if not isinstance(raw, dict) or len(raw.keys() & {"first", "openids"}) != 1:
        raise refusal
    first, openids, go_on_at = raw.get("first", 0), raw.get("openids", []), raw.get("go_on_at", 0)
    if type(first) is not int or not isinstance(openids, list) or type(go_on_at) is not int:
        raise refusal
    if not all(isinstance(openid, str) and openid for openid in openids):
        raise refusal
    request = TrialRequest(first, tuple(dict.fromkeys(openids)), go_on_at)
    if not (0 < request.size <= deps.chunk and 0 <= go_on_at <= _ALL and raw.keys() <= _KEYS):
        raise InvalidCommand(
            f"A trial has 1 to {deps.chunk} openids, which one call takes, and go_on_at is 0 to "
            f"{_ALL} percent. Nothing was sent"
        )
    return request


_KEYS = {"first", "openids", "go_on_at"}


def choose_trial(
    request: TrialRequest | None,
    room_id: int,
    target: Audience,
    deps: Dependencies,
    *,
    again: bool,
) -> ChosenTrial:
    """Choose whom a campaign notifies first. The openids of a list need not be in its audience.

    Raises:
        InvalidCommand: nobody of the list may be notified.
    """
    if request is None:
        return NO_TRIAL
    if request.first:
        return ChosenTrial(Trial(request.first, go_on_at=request.go_on_at))
    out = left_out(room_id, target, deps, again=again)
    openids = tuple(openid for openid in request.openids if openid not in out)
    if not openids:
        raise InvalidCommand(NOBODY)
    members = deps.except_lists.save(map(digest_of, openids), deps.now())
    return ChosenTrial(Trial(len(openids), members, request.go_on_at), openids)
