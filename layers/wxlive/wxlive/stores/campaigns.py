"""Campaigns, in the State table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wxlive.domain.campaigns import (
    HELD,
    UNENDED,
    Campaign,
    CampaignState,
    Hold,
    PastHold,
)
from wxlive.errors import Conflict
from wxlive.stores.announcements import announcement_put
from wxlive.stores.campaign_rows import (
    campaign_item,
    held_by,
    history_facts,
    in_one_of,
    planning,
    read_campaign,
    resumed_at,
)
from wxlive.stores.commands import command_put
from wxlive.stores.days import day_release
from wxlive.stores.dynamo import CAMPAIGN_PK, Item, attempt, get, query, transact
from wxlive.stores.ledger_rows import new_chunk
from wxlive.stores.living import Living, is_living, succession
from wxlive.stores.member_indexes import unindexed_put

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class CampaignStore:
    """Keeps campaigns."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def get(self, campaign: str) -> Campaign | None:
        """Return one campaign."""
        item = get(self._table, CAMPAIGN_PK, campaign)
        return read_campaign(item) if item else None

    def newest(self) -> Campaign | None:
        """Return the campaign that was started last."""
        items = list(query(self._table, CAMPAIGN_PK, newest_first=True, limit=1))
        return read_campaign(items[0]) if items else None

    def before(self, campaign: str) -> Campaign | None:
        """Return the campaign that was started last before this one."""
        items = list(query(self._table, CAMPAIGN_PK, before=campaign, newest_first=True, limit=1))
        return read_campaign(items[0]) if items else None

    def of_room(self, room_id: int) -> list[Campaign]:
        """Return the campaigns of a room, the newest first."""
        return [campaign for campaign in self.newest_first() if campaign.room_id == room_id]

    def newest_first(self) -> Iterator[Campaign]:
        """Walk the campaigns, the newest first."""
        return map(read_campaign, query(self._table, CAMPAIGN_PK, newest_first=True))

    def open(
        self,
        campaign: Campaign,
        *,
        before: Living | None,
        release: tuple[str, int, str] | None,
        first: Sequence[str] = (),
    ) -> None:
        """Store a new campaign, which becomes the living one.

        Args:
            campaign: the campaign; its ``command`` started it.
            before: the campaign that was read as finished; it must not have been revived.
            release: a day, room and campaign that notified nobody; the day becomes free.
            first: the openids of its first chunk, if that is planned already.

        Raises:
            Conflict: another campaign was started or revived meanwhile.
        """
        writes = [
            succession(campaign.campaign, before),
            {
                "Put": {
                    "Item": campaign_item(campaign),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
            announcement_put(campaign.campaign, campaign.created_at),
            unindexed_put(campaign.campaign, campaign.created_at),
        ]
        if campaign.command:
            outcome = {"campaign": campaign.campaign}
            writes.append(command_put(campaign.command, outcome, campaign.created_at))
        if release is not None:
            writes.append(day_release(*release))
        if first:
            writes += new_chunk(campaign.campaign, 1, first, campaign.created_at)
        try:
            transact(self._table, "the living campaign", *writes)
        except Conflict:
            stored = self.get(campaign.campaign)
            if stored is None or stored.command != campaign.command:
                raise

    def activate(self, campaign: str) -> None:
        """Let a planned campaign send."""
        self._update(
            campaign,
            "#state = :planned",
            {"state": CampaignState.SENDING.value},
            {":planned": CampaignState.PLANNED.value},
        )

    def hold(
        self,
        campaign: str,
        to: CampaignState,
        hold: Hold,
        *,
        out_of: Iterable[CampaignState] = (CampaignState.SENDING,),
        past_holds: Iterable[PastHold] | None = None,
        as_read: Campaign | None = None,
        command: str = "",
    ) -> bool:
        """Hold a campaign that is in one of ``out_of``; returns whether this hold stands.

        ``past_holds`` as for ``resume``: a hold may follow another one. With ``as_read`` nobody
        must have resumed it since: what speaks for the hold may be what the operator has seen.
        """
        facts = {
            "state": to.value,
            "hold_kind": hold.kind.value,
            "hold_id": hold.hold_id,
            "reason": hold.reason,
            "held_since": hold.since,
            "resume_at": hold.resume_at,
            **history_facts(past_holds),
        }
        condition, states = in_one_of(out_of)
        values: dict[str, Any] = {**states}
        if as_read is not None:
            unchanged, known = resumed_at(as_read)
            condition, values = f"{condition} AND {unchanged}", {**states, **known}
        if self._update(campaign, condition, facts, values, command=command, now_s=hold.since):
            return True
        stored = self.get(campaign)
        return stored is not None and stored.state is to and stored.hold_id == hold.hold_id

    def resume(
        self,
        campaign: str,
        hold_id: str,
        now_s: float,
        *,
        past_holds: Iterable[PastHold] | None = None,
        ends_trial: bool = False,
        command: str = "",
    ) -> bool:
        """End the hold of that id, or let a planned campaign send; returns whether it was written.

        Only the living campaign is resumed. ``past_holds`` are its holds with that one; they stay
        as they are without. ``ends_trial`` says that it goes on with those who are not of its
        trial. With a command of the operator's, the wait for the room begins anew.
        """
        condition, values = in_one_of(UNENDED)
        facts = {
            "state": CampaignState.SENDING.value,
            "hold_id": "",
            "reason": None,
            "held_since": 0,
            "resume_at": 0,
            "resumed_at": int(now_s),
            **({"trial_ended_at": int(now_s)} if ends_trial else {}),
            **({"not_live_since": 0} if command else {}),
            **history_facts(past_holds),
        }
        return self._update(
            campaign,
            f"{condition} AND {held_by(hold_id)}",
            facts,
            {**values, ":hold": hold_id},
            is_living(campaign),
            command=command,
            now_s=now_s,
        )

    def end(
        self,
        campaign: str,
        to: CampaignState,
        reason: str,
        now_s: float,
        *,
        out_of_hold: str | None = None,
        past_holds: Iterable[PastHold] | None = None,
        command: str = "",
    ) -> bool:
        """End a campaign that has not ended; returns whether it has ended like this.

        ``out_of_hold`` ends only one that is held by the hold of that id. ``past_holds`` as for
        ``resume``.
        """
        facts = {
            "state": to.value,
            "reason": reason,
            "held_since": 0,
            "resume_at": 0,
            "ended_at": int(now_s),
            **history_facts(past_holds),
        }
        condition, values = in_one_of(UNENDED if out_of_hold is None else HELD)
        if out_of_hold is not None:
            condition = f"{condition} AND {held_by(out_of_hold)}"
            values = {**values, ":hold": out_of_hold}
        if self._update(campaign, condition, facts, values, command=command, now_s=now_s):
            return True
        stored = self.get(campaign)
        return stored is not None and stored.state is to and stored.reason == reason

    def set_pace(self, campaign: str, per_second: int, now_s: float, *, command: str = "") -> bool:
        """Set the pace of a campaign that has not ended; returns whether it was written.

        No chunk is claimed afterwards by whoever has read another pace.
        """
        condition, values = in_one_of(UNENDED)
        facts = {"per_second": per_second}
        return self._update(campaign, condition, facts, values, command=command, now_s=now_s)

    def note_not_live(self, campaign: str, now_s: float) -> None:
        """Record since when WeChat refuses the campaign's calls because its room is not live."""
        self._update(
            campaign,
            "attribute_exists(pk) AND "
            "(attribute_not_exists(not_live_since) OR not_live_since = :zero)",
            {"not_live_since": int(now_s)},
            {":zero": 0},
        )

    def note_live(self, campaign: str) -> None:
        """Record that WeChat accepts the campaign's calls again."""
        self._update(campaign, "attribute_exists(pk)", {"not_live_since": 0}, {})

    # ------------------------------------------------------------ planning

    def add_chunk(
        self,
        campaign: Campaign,
        openids: Sequence[str],
        now_s: float,
        *,
        plan_id: str,
        cursors: Mapping[str, str],
    ) -> Campaign:
        """Plan one more chunk: its openids, its ledger row and the new cursors, all or nothing.

        Returns:
            The campaign with the chunk.

        Raises:
            Conflict: another planner was quicker, or the campaign has ended.
        """
        number = campaign.chunks + 1
        progress: dict[str, Any] = {
            "chunks": number,
            "audience": campaign.audience + len(openids),
            "cursors": dict(cursors),
            "planned_at": int(now_s),
            "plan_id": plan_id,
        }
        chunk = new_chunk(campaign.campaign, number, openids, now_s)
        return self._advance(campaign, progress, *chunk)

    def move_cursors(
        self, campaign: Campaign, now_s: float, *, plan_id: str, cursors: Mapping[str, str]
    ) -> Campaign:
        """Record how far the table was read where no chunk was filled, and that a planner lives.

        Raises:
            Conflict: as for ``add_chunk``.
        """
        progress: dict[str, Any] = {
            "cursors": dict(cursors),
            "planned_at": int(now_s),
            "plan_id": plan_id,
        }
        return self._advance(campaign, progress)

    def finish_plan(self, campaign: Campaign, now_s: float, *, plan_id: str) -> Campaign:
        """Record that the audience ends with the last planned chunk.

        Raises:
            Conflict: as for ``add_chunk``.
        """
        progress: dict[str, Any] = {
            "fully_planned": True,
            "planned_at": int(now_s),
            "plan_id": plan_id,
        }
        return self._advance(campaign, progress)

    def _advance(self, campaign: Campaign, progress: dict[str, Any], *writes: Item) -> Campaign:
        step = planning(campaign, progress)
        try:
            transact(self._table, f"the plan of {campaign.campaign}", *writes, step)
        except Conflict:
            stored = self.get(campaign.campaign)
            if stored is None or stored.plan_id != progress["plan_id"]:
                raise
        return replace(campaign, **progress)

    def _update(
        self,
        campaign: str,
        condition: str,
        facts: Mapping[str, Any],
        values: Mapping[str, Any],
        *writes: Item,
        command: str = "",
        now_s: float = 0,
    ) -> bool:
        """Update a campaign, with the command that asked for it; returns whether it was written.

        A condition failed where it was not, or the command was executed before.
        """
        update: dict[str, Any] = {
            "Key": {"pk": CAMPAIGN_PK, "sk": campaign},
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {
                **({"#state": "state"} if "#state" in condition else {}),
                **{f"#{name}": name for name in facts},
            },
            "ExpressionAttributeValues": {
                **values,
                **{f":{name}": value for name, value in facts.items()},
            },
        }
        if command:
            writes = (*writes, command_put(command, {"campaign": campaign}, now_s))
        try:
            if writes:
                transact(self._table, f"campaign {campaign}", {"Update": update}, *writes)
            else:
                attempt(f"campaign {campaign}", lambda: self._table.update_item(**update))
        except Conflict:
            return False
        return True
