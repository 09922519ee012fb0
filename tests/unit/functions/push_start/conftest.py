"""push_start with stores that are plain dictionaries."""

import pytest

from support.doubles import CountingTelemetry
from support.starter import Starter


@pytest.fixture
def starter() -> Starter:
    return Starter(CountingTelemetry())
