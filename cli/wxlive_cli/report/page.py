"""A report as one HTML page: it loads nothing, runs nothing, and escapes everything."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from gettext import gettext as _
from gettext import ngettext, npgettext, pgettext
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import InternationalizationExtension

from wxlive.domain.chunks import Chunk
from wxlive.domain.shares import format_share
from wxlive.settings import Language
from wxlive_cli.formatting import format_duration, format_quantity
from wxlive_cli.language import current, shown
from wxlive_cli.report.chart import Line, chart, thinned
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.wording import (
    COMPARED,
    HELD_THEN,
    LIMIT_ALLOWS,
    TOLD,
    compare,
    describe_band,
    describe_lane,
    outcomes,
    verdict,
)
from wxlive_cli.text import printable
from wxlive_cli.time_parsing import zone_name

HTML_LANGUAGE = {Language.EN: "en", Language.ZH: "zh-CN"}

CHUNKS_NAMED = 20

_GRID = 1000
"""The chart is drawn in so many units each way."""


def render_page(
    facts: CampaignFacts, earlier: Sequence[CampaignFacts], *, now_s: float, offset_hours: int
) -> str:
    """Render the page of a campaign, compared with earlier ones if there are any.

    Args:
        facts: the campaign.
        earlier: the campaigns before it, the newest first.
        now_s: when the page is written, Unix s.
        offset_hours: the offset from UTC in which times are shown.
    """
    zone = timezone(timedelta(hours=offset_hours))
    return (
        _environment(zone, offset_hours)
        .get_template("page.html.j2")
        .render(
            facts=facts,
            verdict=verdict(facts),
            outcomes=outcomes(facts),
            chart=chart(facts, now_s),
            told=_(TOLD),
            held=_(HELD_THEN),
            limit_allows=_(LIMIT_ALLOWS),
            headings=COMPARED,
            compared=compare(facts, earlier),
            offset_s=offset_hours * 3600,
            now_s=now_s,
            zone=zone_name(offset_hours),
            language=HTML_LANGUAGE[current()],
        )
    )


def _environment(zone: timezone, offset_hours: int) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[InternationalizationExtension],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension's
        _, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    environment.filters |= {
        "clock": lambda at: datetime.fromtimestamp(at, zone).strftime("%H:%M:%S"),
        "date_time": lambda at: datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S"),
        "percent": lambda place: f"{100 * place:.2f}%",
        "line": _line,
        "marks": lambda places: "".join(f"M{x} 0V1" for x in thinned(places, _GRID)),
        "count": lambda number: f"{number:,.0f}",
        "quantity": format_quantity,
        "duration": format_duration,
        "share": format_share,
        "band": lambda band: describe_band(band, offset_hours),
        "lane": describe_lane,
        "shown": shown,
        "unknown_chunks": _numbers,
    }
    return environment


def _numbers(chunks: Sequence[Chunk]) -> str:
    """Name the first chunks."""
    numbers = ", ".join(str(chunk.number) for chunk in chunks[:CHUNKS_NAMED])
    return f"{numbers}, …" if len(chunks) > CHUNKS_NAMED else numbers


def _line(line: Line) -> str:
    """Return the path of a line, with one corner where several would be in one place."""
    corners = [(round(_GRID * x), round(_GRID * (1 - y))) for x, y in line]
    path = dict.fromkeys(corners)
    return "M" + "L".join(f"{x} {y}" for x, y in path) if path else ""
