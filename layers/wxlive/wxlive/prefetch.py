"""Taking from a slow source before it is needed."""

import sys
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

_END = object()

SWITCH_S = 0.0005
"""How long a thread may compute while another waits for the interpreter.

Python's own 5 ms would be waited for with each piece of an answer that the thread receives.
"""


@contextmanager
def prefetch(source: Generator[T], depth: int) -> Iterator[Iterator[T]]:
    """Run ``source`` in a thread of its own, at once, up to ``depth`` items before they are taken.

    Items come in order, and what the source raises is raised where its item would be taken. On
    leaving, the item under way is waited for, no further one is begun, and the source is closed.
    From the first use on, the process's threads switch every ``SWITCH_S``.
    """
    sys.setswitchinterval(SWITCH_S)
    pool = ThreadPoolExecutor(1)
    try:
        coming = deque(pool.submit(next, source, _END) for _ in range(depth))
        yield _taken(source, coming, pool)
    finally:
        pool.shutdown(cancel_futures=True)
        source.close()


def _taken(
    source: Iterator[T], coming: deque[Future[Any]], pool: ThreadPoolExecutor
) -> Iterator[T]:
    while True:
        item = coming.popleft().result()
        if item is _END:
            return
        coming.append(pool.submit(next, source, _END))
        yield item
