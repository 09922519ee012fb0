"""The work of the fresh processes of a measured sync; imports no more than the function would."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from bench_harness.dynamodb_meter import DynamodbMeter
from bench_harness.environment import Environment, wechat_client
from bench_harness.local_tables import client, dynamodb_resource, new_followers_table
from bench_harness.made_up_followers import made_up_followers
from bench_harness.processes import ProcessUsage, seconds, usage_of
from bench_harness.sync_setup import sync_dependencies
from wxlive.aws import PARALLEL_WRITES
from wxlive.stores.followers import FollowerStore
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.pages import PAGE_LIMIT, next_cursor
from wxlive_follower_sync.runs import open_run
from wxlive_follower_sync.walk import work

INSERTS_PER_BATCH = 25


@dataclass(frozen=True)
class SyncUsage(ProcessUsage):
    """What a sync took. Units are DynamoDB's; ``counts`` are added, changed and removed."""

    requests: int
    read_units: int
    write_units: int
    listed: int
    counts: tuple[int, int, int]

    def describe(self) -> str:
        """Describe what the sync asked of DynamoDB, per million followers, and its memory."""
        share = 1_000_000 / self.listed
        return (
            f"(added, changed, removed) = {self.counts}; per million followers "
            f"{self.requests * share:,.0f} requests, {self.read_units * share:,.0f} read units, "
            f"{self.write_units * share:,.0f} write units; peak memory {self.peak_mb:,.0f} MB, "
            f"{self.peak_mb - self.before_mb:,.0f} MB of it for the run"
        )


def run_sync(environment: Environment, followers: int) -> SyncUsage:
    """Sync; so many followers must be listed."""
    meter = DynamodbMeter()
    deps = sync_dependencies(environment, meter)
    usage = usage_of(lambda: _sync(deps))
    run = deps.runs.newest()
    assert run is not None and run.listed == followers, run  # noqa: S101, PT018 - else the figure means nothing
    return SyncUsage(
        **asdict(usage),
        requests=meter.requests.total(),
        read_units=meter.read_units.total(),
        write_units=meter.write_units.total(),
        listed=followers,
        counts=(run.added, run.changed, run.removed),
    )


def _sync(deps: Dependencies) -> None:
    open_run(deps)
    work(deps)


def list_pages(environment: Environment) -> float:
    """Fetch the list page after page and do nothing else; returns the seconds it took."""
    state = dynamodb_resource(environment.aws).Table(environment.state_table)
    wechat = wechat_client(environment, state)

    def fetch_all() -> None:
        cursor = next_cursor(wechat.followers(None, PAGE_LIMIT), None)
        while cursor is not None:
            cursor = next_cursor(wechat.followers(cursor, PAGE_LIMIT), cursor)

    return seconds(fetch_all)


def insert_rows(environment: Environment, followers: int) -> float:
    """Write so many rows into a table of their own, as a run does and with nothing else.

    Returns the seconds it took.
    """
    table = new_followers_table(environment.aws)
    store = FollowerStore(client("dynamodb", environment.aws), table)
    facts = made_up_followers(0, followers)

    def insert(start: int) -> None:
        store._insert(facts[start : start + INSERTS_PER_BATCH])  # noqa: SLF001 - the write that a sync uses

    def insert_all() -> None:
        with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
            list(pool.map(insert, range(0, followers, INSERTS_PER_BATCH)))

    return seconds(insert_all)
