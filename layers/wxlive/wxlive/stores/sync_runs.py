"""Sync runs, their pages and their lease, in the State table."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wxlive.domain.absence import ListedPage, Span
from wxlive.domain.sync_runs import LEASE_S, PAGES_KEPT_S, RUN_KEPT_S, RunState, SyncRun
from wxlive.errors import Conflict, StoreBusy
from wxlive.stores.dynamo import Item, attempt, get, present, query, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_LEASE = {"pk": "sync", "sk": "lease"}


class SyncRunStore:
    """Keeps runs. Whoever works on one holds the lease; every write proves it."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def newest(self) -> SyncRun | None:
        """Return the run that was opened last."""
        items = list(query(self._table, "sync", prefix="run#", newest_first=True, limit=1))
        return _from_item(items[0]) if items else None

    def newest_first(self) -> Iterator[SyncRun]:
        """Walk all runs, the one that was opened last first."""
        return map(_from_item, query(self._table, "sync", prefix="run#", newest_first=True))

    def get(self, run: str) -> SyncRun | None:
        """Return one run."""
        item = get(self._table, "sync", f"run#{run}")
        return _from_item(item) if item else None

    def open(self, run: SyncRun) -> None:
        """Store a new run.

        Raises:
            Conflict: a run of that name exists.
        """
        with self._unless_stored(run):
            attempt(
                f"run {run.run}",
                lambda: self._table.put_item(
                    Item=_to_item(run), ConditionExpression="attribute_not_exists(pk)"
                ),
            )

    def acquire(self, owner: str, now_s: float) -> bool:
        """Take the lease, unless another worker holds one that has not expired."""
        try:
            attempt(
                "the lease",
                lambda: self._table.put_item(
                    Item=_lease(owner, now_s),
                    ConditionExpression="attribute_not_exists(pk) OR expires_at < :now "
                    "OR #owner = :owner",
                    ExpressionAttributeNames={"#owner": "owner"},
                    ExpressionAttributeValues={":now": int(now_s), ":owner": owner},
                ),
            )
        except Conflict:
            return False
        return True

    def release(self, owner: str) -> None:
        """Release the lease, unless another worker has taken it.

        If that fails, the lease expires by itself.
        """
        with suppress(Conflict, StoreBusy):
            attempt(
                "the lease",
                lambda: self._table.delete_item(
                    Key=_LEASE,
                    ConditionExpression="#owner = :owner",
                    ExpressionAttributeNames={"#owner": "owner"},
                    ExpressionAttributeValues={":owner": owner},
                ),
            )

    def holder_until(self) -> int:
        """Return when the present lease expires (Unix s), 0 if there is none."""
        item = get(self._table, "sync", "lease")
        return item["expires_at"] if item else 0

    def save_page(
        self, before: SyncRun, after: SyncRun, page: ListedPage, owner: str, now_s: float
    ) -> None:
        """Store a page's marker, the new cursor and the counts in one transaction.

        Raises:
            Conflict: the lease was lost or the run has moved on: stop working on it.
        """
        marker = {
            "Put": {
                "Item": _to_marker(page)
                | {
                    "pk": f"sync#{before.run}",
                    "sk": f"page#{before.pages + 1:06d}",
                    "expires_at": int(now_s) + PAGES_KEPT_S,
                },
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        self._write(before, after, owner, now_s, marker)

    def save(self, before: SyncRun, after: SyncRun, owner: str, now_s: float) -> None:
        """Store a run's new state.

        Raises:
            Conflict: the lease was lost or the run has moved on: stop working on it.
        """
        self._write(before, after, owner, now_s)

    def abandon(self, run: str, reason: str) -> None:
        """End a run as failed if it is open, whoever works on it: the next write fails."""
        with suppress(Conflict):
            attempt(
                f"run {run}",
                lambda: self._table.update_item(
                    Key={"pk": "sync", "sk": f"run#{run}"},
                    UpdateExpression="SET #state = :failed, reason = :reason, resume_at = :zero",
                    ConditionExpression="#state = :open",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={
                        ":failed": RunState.FAILED.value,
                        ":open": RunState.OPEN.value,
                        ":reason": reason,
                        ":zero": 0,
                    },
                ),
            )

    def pages(self, run: str) -> Iterator[ListedPage]:
        """Iterate over the pages stored so far."""
        return map(_from_marker, query(self._table, f"sync#{run}", prefix="page#"))

    def _write(
        self, before: SyncRun, after: SyncRun, owner: str, now_s: float, *others: Item
    ) -> None:
        replacing = _replacing(before, after)
        with self._unless_stored(after):
            transact(self._table, f"run {before.run}", *others, replacing, _renewing(owner, now_s))

    @contextmanager
    def _unless_stored(self, run: SyncRun) -> Iterator[None]:
        """Take a write for done, although its condition failed, if what stands is what it wrote.

        Then an earlier attempt was carried out, and its answer got lost.
        """
        try:
            yield
        except Conflict:
            if self.get(run.run) != run:
                raise


def _replacing(before: SyncRun, after: SyncRun) -> Item:
    return {
        "Put": {
            "Item": _to_item(after),
            "ConditionExpression": "pages = :pages AND #state = :state",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":pages": before.pages, ":state": before.state.value},
        }
    }


def _lease(owner: str, now_s: float) -> Item:
    return {**_LEASE, "owner": owner, "expires_at": int(now_s) + LEASE_S}


def _renewing(owner: str, now_s: float) -> Item:
    return {
        "Put": {
            "Item": _lease(owner, now_s),
            "ConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":owner": owner},
        }
    }


def _to_item(run: SyncRun) -> Item:
    return present(
        {
            "pk": "sync",
            "sk": f"run#{run.run}",
            **asdict(run),
            "state": run.state.value,
            "expires_at": run.started_at + RUN_KEPT_S,
        }
    )


def _from_item(item: dict[str, Any]) -> SyncRun:
    kept = {name: item[name] for name in SyncRun.__dataclass_fields__ if name in item}
    return SyncRun(**{**kept, "state": RunState(item["state"])})


def _to_marker(page: ListedPage) -> Item:
    span = asdict(page.span) if page.span is not None else {}
    return {"digests": page.digests, "blind": page.blind, **span}


def _from_marker(item: Item) -> ListedPage:
    """Read a page's marker. Those of version 0.1 have no span: such a page proves nothing."""
    span = Span(item["low"], item["high"], item["rises"], item["falls"]) if "low" in item else None
    unplaced = span is None and bool(item["digests"])
    return ListedPage(item["digests"], span, blind=item.get("blind", unplaced))
