"""The page: the verdict, the outcomes, nothing unescaped, right in a real browser."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wxlive.campaigns import ABANDONED, Campaign, CampaignState, Chunk, ChunkState
from wxlive.events import PushResult
from wxlive.reports import report
from wxlive_cli.report_facts import Account, account
from wxlive_cli.report_page import comparison, kinds, page, share, span, verdict

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOW_S, ROOM = 1_795_347_000, 1001
HOSTILE = "冬季新品 <script>alert(1)</script> \"&' <img src=//evil.example/x onerror=alert(1)>"
CAMPAIGN = Campaign(
    "20261122T193000-1001", ROOM, "2026-11-22", CampaignState.SENDING, NOW_S - 5, fully_planned=True
)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def a_call(number: int, state: ChunkState = ChunkState.ACCEPTED, **facts: Any) -> Chunk:
    message_id = f"m{number}" if state is ChunkState.ACCEPTED else None
    return Chunk(number, state, 2000, "c", NOW_S + number, 1, message_id, **facts)


def told(*calls: Chunk, reported: int = 99, name: str = "", **campaign: Any) -> Account:
    """The account of these calls, of which the first ``reported`` have a result."""
    whose = replace(CAMPAIGN, audience=2000 * len(calls), **campaign)
    results = [
        PushResult(call.message_id, ROOM, NOW_S + 99, 2000, 1950, 1, 40, 7, 2)
        for call in calls[:reported]
        if call.message_id
    ]
    return account(report(whose, calls, results, 0), calls, results, limit=2000, room_name=name)


def hard_night(calls: int = 90) -> Account:
    """A campaign in which everything happened that can."""
    fates: dict[int, dict[str, Any]] = {
        5: {"state": ChunkState.UNKNOWN, "reason": ABANDONED + HOSTILE},
        7: {"state": ChunkState.REFUSED, "errcode": 40003, "rid": "5f3e-0000-1111", "reason": "…"},
        9: {"errcode": 45011, "rid": "5f3e-0000-2222", "reason": "…"},
        11: {"state": ChunkState.QUEUED},
    }
    rows = [a_call(number, **fates.get(number, {})) for number in range(1, calls)]
    whose = replace(CAMPAIGN, audience=2000 * len(rows))
    results = [
        PushResult(row.message_id, ROOM, NOW_S + 99, 2000, 1950, 1, 40, 7, 2)
        for row in rows[:-3]
        if row.message_id
    ]
    results += [PushResult(f"orphan{HOSTILE}{n}", ROOM, NOW_S, 2000, 0, 0, 0, 0, 0) for n in (1, 2)]
    return account(report(whose, rows, results, 0), rows, results, limit=2000, room_name=HOSTILE)


def written(found: Account, previous: Account | None = None) -> str:
    return page(found, previous, now_s=NOW_S + 900, offset_hours=8)


# ----------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("found", "tone", "word", "says"),
    [
        (told(a_call(1)), "good", "settled", "every result is in"),
        (told(a_call(1), a_call(2), reported=1), "waiting", "sent", "results of 2,000"),
        (told(a_call(1), a_call(2, ChunkState.QUEUED)), "waiting", "under way", "2,000 followers"),
        (told(a_call(1, ChunkState.UNKNOWN)), "bad", "partly unknown", "whether 2,000"),
        (told(a_call(1, ChunkState.REFUSED)), "bad", "partly refused", "2,000 followers could"),
        (
            told(a_call(1, ChunkState.QUEUED), state=CampaignState.PAUSED, reason="40164: 1.2.3.4"),
            "waiting",
            "paused",
            "40164: 1.2.3.4",
        ),
        (
            told(a_call(1, ChunkState.QUEUED), state=CampaignState.FAILED, reason="another room"),
            "bad",
            "failed",
            "another room",
        ),
        (
            told(a_call(1), a_call(2, ChunkState.QUEUED), state=CampaignState.CANCELLED),
            "bad",
            "cancelled",
            "2,000 followers were not told",
        ),
    ],
)
def test_the_verdict_says_the_worst_first(found: Account, tone: str, word: str, says: str) -> None:
    given = verdict(found)

    assert (given.tone, given.word) == (tone, word)
    assert says in given.sentence


@pytest.mark.parametrize("found", [hard_night(), told(a_call(1)), told(a_call(1), reported=0)])
def test_the_kinds_of_outcome_share_out_the_whole_audience(found: Account) -> None:
    shown = kinds(found)

    assert sum(kind.openids for kind in shown) == found.report.campaign.audience
    assert all(kind.openids for kind in shown)


def test_two_campaigns_are_compared_measure_by_measure() -> None:
    lines = comparison(told(a_call(1), a_call(2)), told(a_call(1, ChunkState.UNKNOWN)))

    assert ("followers", "4,000", "2,000") in lines
    assert ("told", "97.5 %", "0 %") in lines
    assert ("unknown", "0", "2,000") in lines


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, "-"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 10**6, "0.1 %"), (999_999, 10**6, "99.9 %"),
     (1, 8, "12.5 %"), (1, 10, "10.0 %")],
)  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(59, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min")],
)
def test_a_duration_is_said_as_a_person_would(seconds: int, shown: str) -> None:
    assert span(seconds) == shown


# -------------------------------------------------------------------- the page


def test_everything_from_outside_is_escaped() -> None:
    html = written(hard_night())

    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "<img" not in html


def test_the_page_names_nothing_that_would_have_to_be_loaded() -> None:
    html = written(hard_night(), told(a_call(1)))
    outside = html.replace("//evil.example", "")

    assert "//" not in outside.replace("&#x2F;", "/")
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html


def test_a_campaign_without_calls_trouble_or_predecessor_still_has_a_page() -> None:
    html = written(told())

    for sentence in ("No call has left.", "Nobody was planned for.", "There is none."):
        assert sentence in html
    assert "Unknown calls and orphan results" not in html


def test_moments_are_shown_in_the_merchants_zone() -> None:
    html = written(told(a_call(1)))

    assert "19:29:55" in html
    assert "Times are UTC+08:00" in html


# ------------------------------------------------------------ in a real browser

LAYOUTS = [
    (scheme, width, height)
    for scheme in ("light", "dark")
    for width, height in ((390, 844), (1280, 900))
]
CONTRASTS = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.getClientRects().length) continue;
    if (node.closest("svg")) continue;
    const pair = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    found.push([(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), walker.currentNode.data]);
  }
  return found;
}"""
OVERFLOWS = """() => [...document.querySelectorAll("body *")]
  .filter((node) => !node.closest(".scroll, svg"))
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => node.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(params=LAYOUTS, ids=lambda layout: f"{layout[0]}-{layout[1]}x{layout[2]}")
def shown(
    request: pytest.FixtureRequest, browser: "Browser", tmp_path: Path
) -> Iterator[tuple["Page", list[str]]]:
    """The page of a hard night in one layout, and what the browser asked for or complained of."""
    scheme, width, height = request.param
    file = tmp_path / "report.html"
    file.write_text(written(hard_night(), told(a_call(1))), encoding="utf-8")
    opened = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    heard: list[str] = []
    opened.on("request", lambda asked: heard.append(asked.url))
    opened.on("console", lambda said: heard.append(said.text))
    opened.on("dialog", lambda asked: heard.append(asked.message))
    opened.goto(file.as_uri())
    yield opened, heard
    opened.close()


def test_the_browser_loads_nothing_and_runs_nothing(shown: tuple["Page", list[str]]) -> None:
    opened, heard = shown

    assert [line for line in heard if not line.endswith("/report.html")] == []
    assert opened.evaluate("document.scripts.length + document.images.length") == 0
    assert "<script>alert(1)</script>" in opened.inner_text("h1")


def test_nothing_sticks_out_of_the_window(shown: tuple["Page", list[str]]) -> None:
    opened, _ = shown

    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert opened.evaluate(OVERFLOWS) == []


def test_every_word_stands_out_from_its_ground(shown: tuple["Page", list[str]]) -> None:
    opened, _ = shown

    contrasts = opened.evaluate(CONTRASTS)
    assert len(contrasts) > 50
    assert [pair for pair in contrasts if pair[0] < 4.5] == []


def test_the_chart_has_its_bars_below_the_limit(shown: tuple["Page", list[str]]) -> None:
    opened, _ = shown

    limit = opened.locator("line.limit").bounding_box()
    bars = [bar.bounding_box() for bar in opened.locator("svg rect").all()]
    assert limit is not None
    assert len(bars) > 30
    for bar in bars:
        assert bar is not None
        assert bar["width"] > 1
        assert bar["y"] >= limit["y"] - 1


def test_the_page_follows_the_window_and_the_persons_taste(
    shown: tuple["Page", list[str]], request: pytest.FixtureRequest
) -> None:
    opened, _ = shown
    scheme, width, _ = request.node.callspec.params["shown"]

    ground = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    columns = opened.evaluate(
        "getComputedStyle(document.querySelector('.tiles')).gridTemplateColumns"
    )
    assert ground == {"light": "rgb(246, 247, 249)", "dark": "rgb(15, 19, 25)"}[scheme]
    assert len(columns.split()) == (2 if width == 390 else 4)
