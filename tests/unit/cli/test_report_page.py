"""The page of a report: nothing unescaped, nothing loaded, right in a real browser."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pytest

from factories import NOW_S
from support.cli import a_call, facts_of
from wxlive.domain.campaigns import HoldKind, PastHold
from wxlive.domain.chunks import ABANDONED, ChunkState
from wxlive.settings import Language
from wxlive_cli.language import speaking
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.page import render_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = "冬季新品 <script>alert(1)</script> \"&' <img src=//evil.example/x onerror=alert(1)>"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PROBLEMS: dict[int, dict[str, Any]] = {
    5: {"state": ChunkState.UNKNOWN, "reason": ABANDONED + HOSTILE},
    7: {"state": ChunkState.REFUSED, "errcode": 40003, "rid": "5f3e-0000-1111", "reason": "…"},
    9: {"errcode": 45011, "rid": "5f3e-0000-2222", "reason": "…"},
    11: {"state": ChunkState.QUEUED},
}
"""What happened to some of the calls of a difficult campaign."""


ZH_NAMES = {
    "UTC",
    "openid",
    "openids",
    "scriptalert",
    "errcode",
    "rid",
    "message",
    "orphan",
    "wxlive",
    "resolve",
    "used",
}

HOLD = PastHold(HoldKind.OPERATOR, HOSTILE, NOW_S + 91, NOW_S + 95)
A_NIGHT = PastHold(HoldKind.QUOTA, "used up", NOW_S + 95, NOW_S + 40_000)


def difficult_campaign() -> CampaignFacts:
    """A campaign in which every kind of problem occurred."""
    calls = [a_call(number, **PROBLEMS.get(number, {})) for number in range(1, 90)]
    return facts_of(*calls, reported=86, orphans=2, room_name=HOSTILE, past_holds=(HOLD, A_NIGHT))


def rendered(facts: CampaignFacts, *earlier: CampaignFacts) -> str:
    return render_page(facts, earlier, now_s=NOW_S + 900, offset_hours=8)


def test_everything_from_outside_is_escaped() -> None:
    html = rendered(difficult_campaign())

    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "<img" not in html


def test_the_page_names_nothing_that_would_have_to_be_loaded() -> None:
    html = rendered(difficult_campaign(), facts_of(a_call(1)))
    outside = html.replace("//evil.example", "")

    assert "//" not in outside.replace("&#x2F;", "/")
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html


def test_a_campaign_without_calls_errors_or_predecessor_has_a_page() -> None:
    html = rendered(facts_of())

    for sentence in (
        "No call was sent.",
        "The audience is empty.",
        "None: no call was refused or lost.",
        "No earlier campaign made a call.",
    ):
        assert sentence in html
    assert "Unknown calls and orphan results" not in html


def test_the_page_is_in_the_language_of_the_command() -> None:
    with speaking(Language.ZH):
        html = rendered(difficult_campaign(), facts_of(a_call(1)))

    assert '<html lang="zh-CN">' in html
    assert "1 次调用（2,000 位订阅者）的结果不明（批次 5）" in html
    words = set(
        re.findall(
            r"[A-Za-z]{3,}", re.sub(r"<style>.*?</style>|<[^>]*>|&\w+;", "", html, flags=re.DOTALL)
        )
    )
    assert words - set(re.findall(r"[A-Za-z]+", HOSTILE + ABANDONED)) <= ZH_NAMES


def test_unknown_calls_and_orphan_results_are_named() -> None:
    html = rendered(difficult_campaign())

    assert "The outcome of 1 call with 2,000 followers is unknown (chunk 5)." in html
    assert "2 results without a matching call in this campaign." in html


def test_each_hold_stands_with_its_times_and_its_reason() -> None:
    html = rendered(difficult_campaign())

    assert "19:31:31 to 19:31:35 (4 s): 冬季新品 &lt;script&gt;" in html
    assert "19:31:35 to 06:36:40 (11 h 5 min, drawn shorter): used up" in html


def test_a_page_of_5000_calls_stays_small() -> None:
    calls = [a_call(n, slot_ms=1000 * NOW_S + 1045 * n) for n in range(1, 5001)]
    assert len(rendered(facts_of(*calls, reported=5000))) < 60_000


def test_earlier_campaigns_have_a_row_each() -> None:
    html = rendered(difficult_campaign(), *(facts_of(a_call(1)) for _ in range(10)))
    assert html.count('<td class="when">') == 11


def test_times_are_shown_in_the_merchants_zone() -> None:
    html = rendered(facts_of(a_call(1)))

    assert "started 2026-11-22 19:30:00" in html
    assert "Times are UTC+8." in html


# ------------------------------------------------------------ in a real browser

Layout: TypeAlias = tuple[Language, Literal["light", "dark"], int, int]

LAYOUTS: list[Layout] = [
    (Language.EN, "light", 390, 844),
    (Language.EN, "light", 1280, 900),
    (Language.EN, "dark", 390, 844),
    (Language.EN, "dark", 1280, 900),
    (Language.ZH, "light", 390, 844),
    (Language.ZH, "dark", 1280, 900),
]
BOXES = "(selector) => [...document.querySelectorAll(selector)].map(n => n.getBoundingClientRect())"
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


@dataclass(frozen=True)
class Shown:
    """The page in a browser, and what the browser requested or logged while it was opened."""

    page: "Page"
    messages: list[str]


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Layout, Shown]]:
    """Open the page of a difficult campaign in every layout."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    files = {language: tmp_path_factory.mktemp(language) / "report.html" for language in Language}
    for language, file in files.items():
        with speaking(language):
            html = rendered(difficult_campaign(), *(facts_of(a_call(1)) for _ in range(10)))
        file.write_text(html, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield {layout: open_page(browser, layout, files[layout[0]]) for layout in LAYOUTS}
        browser.close()


def open_page(browser: "Browser", layout: Layout, file: Path) -> Shown:
    _language, scheme, width, height = layout
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    shown = Shown(page, [])
    page.on("request", lambda request: shown.messages.append(request.url))
    page.on("console", lambda message: shown.messages.append(message.text))
    page.on("dialog", lambda dialog: shown.messages.append(dialog.message))
    page.goto(file.as_uri())
    return shown


@pytest.fixture(params=LAYOUTS, ids=lambda layout: "-".join(map(str, layout)))
def shown(request: pytest.FixtureRequest, layouts: dict[Layout, Shown]) -> Shown:
    """The page in one layout."""
    return layouts[request.param]


@pytest.mark.browser
def test_the_browser_loads_nothing_and_runs_nothing(shown: Shown) -> None:
    assert [line for line in shown.messages if not line.endswith("/report.html")] == []
    assert shown.page.evaluate("document.scripts.length + document.images.length") == 0
    assert "<script>alert(1)</script>" in shown.page.inner_text("h1")


@pytest.mark.browser
def test_nothing_overflows_the_window(shown: Shown) -> None:
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert shown.page.evaluate(OVERFLOWS) == []


@pytest.mark.browser
def test_every_word_contrasts_with_its_background(shown: Shown) -> None:
    contrasts = shown.page.evaluate(CONTRASTS)

    assert len(contrasts) > 50
    assert [pair for pair in contrasts if pair[0] < 4.5] == []


@pytest.mark.browser
def test_each_mark_and_each_band_is_visible_where_it_belongs(shown: Shown) -> None:
    [plot] = shown.page.evaluate(BOXES, ".plot")
    bands = shown.page.evaluate(BOXES, "rect.hold")
    lanes = shown.page.evaluate(BOXES, ".lane svg")

    assert len(bands) == 2
    assert min(band["width"] for band in bands) > 1
    assert len(lanes) == 4
    for box in (*bands, *lanes):
        assert plot["x"] - 1 <= box["x"] <= box["x"] + box["width"] <= plot["right"] + 1


@pytest.mark.browser
def test_no_label_of_the_axis_covers_another(shown: Shown) -> None:
    labels = shown.page.evaluate(BOXES, ".axis span")

    assert labels
    for left, right in pairwise(labels):
        assert left["right"] < right["x"]


@pytest.mark.browser
def test_the_page_adapts_to_the_window_and_the_colour_scheme(
    shown: Shown, request: pytest.FixtureRequest
) -> None:
    _language, scheme, width, _ = request.node.callspec.params["shown"]

    background = shown.page.evaluate("getComputedStyle(document.body).backgroundColor")
    columns = shown.page.evaluate(
        "getComputedStyle(document.querySelector('.tiles')).gridTemplateColumns"
    )
    assert background == {"light": "rgb(246, 247, 249)", "dark": "rgb(15, 19, 25)"}[scheme]
    assert len(columns.split()) == (2 if width == 390 else 4)
