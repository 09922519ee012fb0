"""What is built once a process."""

import pytest

from wxlive.process_cache import forget_everything, once_per_process


class Builder:
    """Builds a new object at each call; the first ``failures`` calls fail."""

    def __init__(self, failures: int = 0) -> None:
        self.calls = 0
        self._failures = failures

    def __call__(self, name: str = "usual") -> list[str]:
        self.calls += 1
        if self.calls <= self._failures:
            raise LookupError(name)
        return [name]


def test_the_same_arguments_give_the_same_object() -> None:
    builder = Builder()
    cached = once_per_process(builder)
    assert cached() is cached()
    assert cached("a") is cached("a")
    assert builder.calls == 2


def test_other_arguments_give_another_object() -> None:
    cached = once_per_process(Builder())
    assert (cached("a"), cached("b")) == (["a"], ["b"])


def test_a_failure_is_not_kept() -> None:
    cached = once_per_process(Builder(failures=1))
    with pytest.raises(LookupError):
        cached()
    assert cached() == ["usual"]


def test_everything_is_built_anew_once_it_is_forgotten() -> None:
    first, second = once_per_process(Builder()), once_per_process(Builder())
    before = first(), second()
    forget_everything()
    assert first() is not before[0]
    assert second() is not before[1]
