"""Small pages, so that a short list has several of them."""

import pytest

from support.follower_sync import ROWS_PER_PAGE
from wxlive_follower_sync import pages, walk


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_LIMIT", ROWS_PER_PAGE)
    # As many as a list here has, and quicker to ask for than the 256 of a real one.
    monkeypatch.setattr(walk, "PREFETCHED_PAGES", 4)
