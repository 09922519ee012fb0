"""A report as one HTML page: it loads nothing, runs nothing, and escapes everything."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wxlive_cli.formatting import format_duration, format_quantity, format_share
from wxlive_cli.report.chart import chart
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.wording import compare, outcomes, verdict
from wxlive_cli.text import printable
from wxlive_cli.time_parsing import zone_name


def render_page(
    facts: CampaignFacts, previous: CampaignFacts | None, *, now_s: float, offset_hours: int
) -> str:
    """Render the page of a campaign, compared with the previous one if there is one.

    Args:
        facts: the campaign.
        previous: the campaign before it.
        now_s: when the page is written, Unix s.
        offset_hours: the offset from UTC in which times are shown.
    """
    zone = timezone(timedelta(hours=offset_hours))
    return (
        _environment(zone)
        .get_template("page.html.j2")
        .render(
            facts=facts,
            previous=previous,
            verdict=verdict(facts),
            outcomes=outcomes(facts),
            chart=chart(facts.seconds, facts.limit),
            comparison=compare(facts, previous) if previous else (),
            now_s=now_s,
            zone=zone_name(offset_hours),
        )
    )


def _environment(zone: timezone) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": lambda at: datetime.fromtimestamp(at, zone).strftime("%H:%M:%S"),
        "date_time": lambda at: datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S"),
        "coordinate": lambda value: f"{value:.2f}",
        "count": lambda number: f"{number:,.0f}",
        "quantity": format_quantity,
        "duration": format_duration,
        "share": format_share,
    }
    return environment
