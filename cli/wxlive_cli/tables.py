"""The two shapes of a screen: facts about one thing, and a list of things.

Neither cuts a word short: what does not fit is wrapped, because it may be what must be typed. On a
terminal that is too narrow for the columns of a list, each row is shown as facts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from gettext import gettext as _
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from wxlive_cli.language import named, shown
from wxlive_cli.text import printable


def facts_table(title: str, facts: Mapping[str, Any]) -> RenderableType:
    """Return a title and a line for each fact; facts that are None are left out.

    The names of facts, states and reasons are translated.
    """
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value is not None:
            table.add_row(printable(named(name.replace("_", " "))), _cell(_format(name, value)))
    return Group(_title(title), table) if title else table


def _title(title: str) -> Text:
    """Return a title; that of a table is no wider than the table."""
    return Text(printable(title), style="italic")


_UNLIMITED = 10_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with a line for each row; as facts, row by row, where the columns do not fit.

    An empty heading names nothing: its column is left out of the facts.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str | Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show the table if it fits, or else the facts."""
        yield _title(self.title)
        if not self.rows:
            return
        table = self._table()
        unlimited = options.update(max_width=_UNLIMITED)
        if Measurement.get(console, unlimited, table).maximum <= options.max_width:
            yield table
            return
        for row in self.rows:
            yield Text()
            yield facts_table("", dict(self._named(row)))

    def _table(self) -> Table:
        table = Table(box=None)
        for heading in self.headings:
            table.add_column(named(heading), overflow="fold")
        for row in self.rows:
            table.add_row(*map(_cell, row))
        return table

    def _named(self, row: Sequence[str | Text]) -> Iterable[tuple[str, str | Text]]:
        for heading, cell in zip(self.headings, row, strict=True):
            if str(cell):
                yield heading, cell if isinstance(cell, Text) else Text(printable(cell))


def _cell(value: str | Text) -> RenderableType:
    """Return one line of text; a ``Text`` is the program's own and may have several."""
    return value if isinstance(value, Text) else printable(value)


def _format(name: str, value: Any) -> str | Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int) and not name.endswith("_id"):
        return f"{value:,}"
    return shown(str(value))
