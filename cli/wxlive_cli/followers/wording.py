"""What a person reads about a campaign and one follower. Pure."""

from collections.abc import Mapping
from gettext import gettext as _

from wxlive.domain.events import PushResult
from wxlive.domain.tellings import Telling, Told, Why
from wxlive_cli.formatting import format_quantity
from wxlive_cli.language import N_, shown

TELLINGS = N_("Was this follower told?")
COLUMNS = (N_("campaign"), N_("call"), N_("told"), N_("at"), N_("why"))

OUTCOMES: Mapping[Told, str] = {
    Told.TOLD: N_("yes"),
    Told.PROBABLY_TOLD: N_("probably"),
    Told.NOT_TOLD: N_("no"),
    Told.UNKNOWN: N_("not known"),
    Told.QUEUED: N_("not yet"),
    Told.NOT_IN_AUDIENCE: N_("not in the audience"),
}

_ERRORS: Mapping[str, str] = {
    "openid_error": N_("invalid openid"),
    "relation_error": N_("no longer subscribed"),
    "user_recv_limit": N_("had enough messages that day"),
    "internal_error": N_("error at WeChat"),
}

_REASONS: Mapping[Why, str] = {
    Why.ALL_TOLD: N_("WeChat notified everybody in the call"),
    Why.REFUSED: N_("WeChat refused the call"),
    Why.CANCELLED: N_("the campaign ended before the call"),
    Why.ENDED_BEFORE: N_("the campaign ended before it was planned so far"),
    Why.NO_ANSWER: N_("WeChat may have carried out the call; no answer and no result came"),
    Why.UNDER_WAY: N_("the call is under way"),
    Why.RESULT_AWAITED: N_("WeChat accepted the call; its result is awaited"),
    Why.RESULT_OVERDUE: N_("WeChat accepted the call; its result never came"),
    Why.BY_HAND: N_("the operator counted the call as sent; its result never came"),
    Why.EARLIER_CALL: N_("an earlier call may have been carried out"),
    Why.BEING_PLANNED: N_("the campaign is being planned; ask again in a few minutes"),
    Why.NOT_INDEXED: N_(
        "not found out yet; ask again in a few minutes, or `wxlive report --members`"
    ),
    Why.TRIAL: N_("the campaign awaits a decision after its trial"),
    Why.WAITS: N_("the call waits for its turn"),
    Why.HELD: N_("the campaign is held"),
    Why.NOT_SUBSCRIBED: N_("not subscribed then"),
    Why.SUBSCRIBED_LATER: N_("subscribed after the campaign began"),
    Why.KNOWN_LATER: N_("perhaps not known then: the record is newer than the campaign"),
    Why.OUTSIDE: N_("the push was for another audience"),
    Why.MUTED: N_("muted then"),
    Why.EXCEPTED: N_("left out by --except-file"),
    Why.TOLD_BEFORE: N_("an earlier campaign for the room has notified this follower, or may have"),
    Why.NOT_ON_RECORD: N_("the reason is no longer on record"),
}


def reason_of(telling: Telling) -> str:
    """Say why a follower was or was not notified, and how sure that is."""
    if telling.result is not None and telling.why in {Why.SOME_NOT, Why.ALL_FAILED}:
        return _counts(telling.openids, telling.result)
    words = _(_REASONS[telling.why])
    if not telling.reason:
        return words
    return _("{words} ({reason})").format(words=words, reason=shown(telling.reason).rstrip(".。"))


def _counts(openids: int, result: PushResult) -> str:
    counted = ((getattr(result, name), _(words)) for name, words in _ERRORS.items())
    listed = _(", ").join(f"{count:,} {words}" for count, words in counted if count)
    followers = format_quantity(openids, "follower")
    failed = openids - result.success
    of_all = _("{failed} of {followers} were not notified").format(
        failed=f"{failed:,}", followers=followers
    )
    return _("{words}: {listed}").format(words=of_all, listed=listed) if listed else of_all
