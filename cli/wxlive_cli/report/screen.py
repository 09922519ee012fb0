"""A report in a terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from wxlive_cli.campaigns import campaign_title
from wxlive_cli.report.chart import chart
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.terminal_chart import TerminalChart
from wxlive_cli.report.wording import overview
from wxlive_cli.tables import facts_table


def pictured(facts: CampaignFacts, now_s: float, offset_hours: int) -> RenderableType:
    """Return the overview of a campaign with its picture, as of now (Unix s)."""
    table = facts_table(campaign_title(facts), overview(facts, offset_hours))
    return Group(table, *picture(facts, now_s, offset_hours))


def picture(facts: CampaignFacts, now_s: float, offset_hours: int) -> list[RenderableType]:
    """Return the picture of a campaign, nothing before its first call or hold."""
    drawn = chart(facts, now_s)
    return [Text(), TerminalChart(drawn, offset_hours)] if drawn else []
