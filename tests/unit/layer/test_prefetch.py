"""Prefetching: in order, no further than allowed, and no error is lost."""

import sys
import threading
from collections.abc import Generator, Iterable

import pytest

from wxlive.prefetch import SWITCH_S, prefetch


def _each(numbers: Iterable[int]) -> Generator[int]:
    yield from numbers


def test_items_come_in_order_to_the_end() -> None:
    with prefetch(_each(range(50)), 4) as items:
        assert list(items) == list(range(50))


def test_an_empty_source_has_no_items() -> None:
    with prefetch(_each(()), 4) as items:
        assert list(items) == []


def test_the_source_runs_while_an_item_is_processed_but_not_too_far_ahead() -> None:
    produced: list[int] = []
    third = threading.Event()

    def source() -> Generator[int]:
        for number in range(10):
            produced.append(number)
            if number == 2:
                third.set()
            yield number

    with prefetch(source(), 3) as items:
        assert third.wait(10), "three are fetched before the first is taken"
        assert produced == [0, 1, 2]
        assert next(items) == 0
    assert len(produced) <= 4


class Broken(BaseException):
    """Not even an Exception."""


def test_what_the_source_raises_is_raised_where_its_item_would_come() -> None:
    def source() -> Generator[int]:
        yield 1
        raise Broken

    with prefetch(source(), 8) as items:
        assert next(items) == 1
        with pytest.raises(Broken):
            next(items)


def test_leaving_early_begins_no_further_item() -> None:
    produced: list[int] = []

    def source() -> Generator[int]:
        for number in range(100):
            produced.append(number)
            yield number

    with prefetch(source(), 1) as items:
        next(items)
    assert len(produced) <= 3


def test_leaving_early_closes_the_source() -> None:
    closed = False

    def source() -> Generator[int]:
        nonlocal closed
        try:
            while True:
                yield 1
        finally:
            closed = True

    with prefetch(source(), 2) as items:
        next(items)
    assert closed


def test_threads_switch_often_once_something_is_prefetched() -> None:
    usual_s = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        with prefetch(_each(()), 1):
            assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    finally:
        sys.setswitchinterval(usual_s)
