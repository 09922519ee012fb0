"""WeChat's requests as files."""

import json
from typing import Any

import pytest


@pytest.fixture
def read(request: pytest.FixtureRequest) -> Any:
    """Read one file of ``events/callback/``."""
    folder = request.config.rootpath / "events" / "callback"
    return lambda name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
