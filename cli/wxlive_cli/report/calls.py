"""The calls of a campaign as rows of a CSV file. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from wxlive.domain.chunks import Chunk
from wxlive.domain.events import PushResult

_RESULT_COLUMNS = (
    "time_s",
    "total",
    "success",
    "openid_error",
    "relation_error",
    "user_recv_limit",
    "internal_error",
)
CALL_COLUMNS = (
    "chunk",
    "state",
    "openids",
    "claimed_at",
    "slot_ms",
    "attempts",
    "message_id",
    "errcode",
    "rid",
    "reason",
    *_RESULT_COLUMNS,
)


def call_rows(
    ledger: Iterable[Chunk], results: Iterable[PushResult]
) -> Iterator[Mapping[str, object]]:
    """Walk the calls, each with its result: a row of ``CALL_COLUMNS``, None where unknown."""
    by_message = {result.message_id: result for result in results}
    for chunk in ledger:
        facts = {"chunk": chunk.number, **asdict(chunk)}
        result = by_message.get(chunk.message_id or "")
        outcome = asdict(result) if result else {}
        yield {
            name: outcome.get(name) if name in _RESULT_COLUMNS else facts[name]
            for name in CALL_COLUMNS
        }
