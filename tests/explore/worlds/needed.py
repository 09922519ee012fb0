"""What each condition and each guard is needed for: the world that breaks without it."""

from collections.abc import Mapping
from typing import NamedTuple


class Witness(NamedTuple):
    """A world in which something breaks without a condition, and the faults that it takes."""

    world: str
    faults: int = 1


_LATE = Witness("resend-late", 0)
_HOLDS = Witness("pause-beside-holds")
_ABANDONED = Witness("sync-abandoned")

SHOWN: Mapping[str, Witness] = {
    "CampaignStore.activate": Witness("plan-pause"),
    "CampaignStore.end": Witness("cancel"),
    "CampaignStore.end[0]": Witness("cancel"),
    "CampaignStore.end[1]": Witness("cancel"),
    "CampaignStore.hold": _HOLDS,
    "CampaignStore.hold: #state IN (:in0)": Witness("trial-first", 0),
    "CampaignStore.hold: (attribute_not_exists(resumed_at) OR resumed_at = :known_resumed_at)": (
        Witness("two-verdicts", 0)
    ),
    "CampaignStore.hold[0]": Witness("cancel"),
    "CampaignStore.hold[1]": _HOLDS,
    "CampaignStore.open[0]": Witness("two-rooms", 0),
    "CampaignStore.resume[0]": _HOLDS,
    "CampaignStore.resume[0]: #state IN (:in0, :in1, :in2, :in3, :in4)": Witness(
        "cancel-beside-resume", 0
    ),
    "CampaignStore.resume[0]: hold_id = :hold": _HOLDS,
    "LedgerStore.abandon": Witness("accept"),
    "LedgerStore.abandon: #state IN (:in0)": Witness("accept"),
    "LedgerStore.abandon: claim = :claim": Witness("resend"),
    "LedgerStore.accept": Witness("two-decisions"),
    "LedgerStore.accept: claim = :claim": Witness("two-decisions"),
    "LedgerStore.claim[1]": Witness("pause", 0),
    "LedgerStore.claim[1]: #state = :sending": Witness("pause", 0),
    "LedgerStore.claim[2]": Witness("one-chunk"),
    "LedgerStore.claim[2]: #state = :queued": Witness("resend-late"),
    "LedgerStore.claim[3]": Witness("midnight"),
    "LedgerStore.claim[5]": Witness("midnight-choice"),
    "LedgerStore.finish": _LATE,
    "LedgerStore.finish: #state IN (:in0, :in1)": Witness("accept-late"),
    "LedgerStore.finish: claim = :claim": _LATE,
    "LedgerStore.finish[0]": Witness("resend-late"),
    "LedgerStore.finish[0]: #state IN (:in0, :in1)": Witness("resend-late"),
    "LedgerStore.finish[0]: claim = :claim": Witness("resend-late"),
    "LedgerStore.resend[0]": _LATE,
    "LedgerStore.resend[0]: #state IN (:in0, :in1)": _LATE,
    "LedgerStore.split[0]": Witness("cut", 0),
    "LedgerStore.split[0]: #openids = :as_read": Witness("cut", 0),
    "LedgerStore.unclaim[0]": Witness("cold"),
    "LedgerStore.unclaim[0]: claim = :claim": _LATE,
    "FollowerStore.apply": Witness("sync-follows", 0),
    "FollowerStore.exchange": Witness("sync-follows", 0),
    "PaceStore.reserve": Witness("plan", 0),
    "QuotaStore.learn": Witness("old-token"),
    "SyncRunStore.abandon": _ABANDONED,
    "SyncRunStore.open": _ABANDONED,
    "SyncRunStore.release": Witness("sync-late", 0),
    "SyncRunStore.save[0]": _ABANDONED,
    "SyncRunStore.save[0]: #state = :state": _ABANDONED,
    "SyncRunStore.save[1]": Witness("sync-late", 0),
    "SyncRunStore.save_page[1]": _ABANDONED,
    "SyncRunStore.save_page[1]: #state = :state": _ABANDONED,
}
"""Conditions of writes, see ``stack.ablation``."""

SHOWN_GUARDS: Mapping[str, Witness] = {
    "a claim without a worker is settled": Witness("one-chunk"),
    "a call leaves in its slot": Witness("late"),
    "an outcome that can't be stored is kept": Witness("one-chunk"),
    "a call that may have notified is remembered": Witness("busy-again", 2),
    "what comes after a decision corrects it": Witness("accept-late", 0),
    "a lost message is replaced": Witness("split"),
    "a stalled plan is resumed": Witness("start"),
    "metrics are published before a campaign is closed": Witness("one-chunk", 2),
    "the unfinished campaign refuses another start": Witness("other-room", 0),
    "whoever was notified is left out": Witness("cancel-start", 0),
    "no slot is close to midnight": Witness("midnight-start", 0),
}
"""Guards, see ``stack.guards``."""

_COMMANDS = "a command is looked up before; this is for two deliveries of it at the same moment"
_SPLITS = "a split is claimed before; this is for a worker that is late in the middle of one"
_LIVING = "a campaign that is replaced has nothing queued; this is for records of version 0.1"
_CORRECTIONS = "a decision is read before it is corrected; this is for another correction meanwhile"
_CALLED_SINCE = "this is for a sender that waits for its slot while its chunk is called"

_PLANS = "several refuse the same planner; each is for followers that change between two planners"

UNSHOWN: Mapping[str, str] = {
    "CampaignStore.add_chunk": _PLANS,
    "CampaignStore.end: ": "a hold is read before; this is for one that ends at the same moment",
    "CampaignStore.finish_plan": _PLANS,
    "CampaignStore.hold: resumed_at": "a world resumes once; this is for a campaign that was "
    "resumed before",
    "CampaignStore.move_cursors": _PLANS,
    "CampaignStore.note_": "a record that has expired must not come back in part",
    "CampaignStore.open[1]": "the pointer refuses the same start; this is for an id given twice",
    "CampaignStore.open[4]": _COMMANDS,
    "CampaignStore.resume[0]: (": "version 0.1 gave holds no id",
    "CampaignStore.resume[1]": _LIVING,
    "CampaignStore.resume[2]": _COMMANDS,
    "CommandStore.record": _COMMANDS,
    "LedgerStore.accept: #state": "the claim says as much; no two calls have the same one",
    "LedgerStore.claim[0]": _LIVING,
    "LedgerStore.claim[1]: (": "no world sets a pace; a test changes it before a claim",
    "LedgerStore.claim[2]: claim": _CALLED_SINCE,
    "LedgerStore.claim[2]: (": _CALLED_SINCE,
    "LedgerStore.claim[2]: #openids": "a chunk is cut where no worker waits, or by its claimer",
    "LedgerStore.claim[4]": "a start reads the day's room before; this is for one that has read it "
    "before another campaign's first claim",
    "LedgerStore.finish[1]": _LIVING,
    "LedgerStore.resend[0]: claim": "an operator decides once; this is for two at the same moment",
    "LedgerStore.resend[1]": _LIVING,
    "LedgerStore.split": _SPLITS,
    "LedgerStore.finish[0]: #": _CORRECTIONS,
    "LedgerStore.unclaim[0]: #": "a claim is undone once and corrected once; this is for a doubled "
    "message",
    "LedgerStore.unclaim[1]": _LIVING,
    "FollowerStore.exchange: ": "the parts say that a record is as read; it may differ in each",
    "LivingStore.finish": _LIVING,
    "QuotaStore.consume": "calls that list rooms or followers have a quota that no world uses up",
    "QuotaStore.refund": "a call is refunded by its name once; this is for an answer that is lost "
    "and asked for again",
    "RoomStore.ask": "two runs that ask at once learn the same; this spares WeChat's calls",
    "ResultStore.add": "a doubled result is the same; this keeps the first one's time",
    "SyncRunStore.acquire": "two workers at once write the same; this spares WeChat's calls",
    "SyncRunStore.save[0]: pages": "only the holder of the lease stores pages, each once",
    "SyncRunStore.save_page[0]": "only the holder of the lease stores pages, each once",
    "SyncRunStore.save_page[1]: pages": "only the holder of the lease stores pages, each once",
    "SyncRunStore.save_page[2]": "a worker that lost its lease finds the page stored by the next",
    "TokenStore.save": "a push never fetches a token; this is for two that fetch at the same time",
}
"""Conditions, by how they begin, whose use no world shows within its bound, and why they stay."""


def why_unshown(condition: str) -> str | None:
    """Return why a condition stays although no world shows its use; None if one must."""
    return next((why for name, why in UNSHOWN.items() if condition.startswith(name)), None)
