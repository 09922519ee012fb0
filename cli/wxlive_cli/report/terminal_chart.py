"""The picture of a campaign in a terminal: the same as on the page, in characters.

It needs no colour: what is told is a filled area, the limit is dotted, holds are shaded, and each
fate has a row with its name.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from gettext import gettext as _

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from wxlive_cli.report.chart import Chart, Lane, height
from wxlive_cli.report.fates import Fate
from wxlive_cli.report.wording import FATES, HELD_THEN, LIMIT_ALLOWS, TOLD, describe_band
from wxlive_cli.time_parsing import format_clock

ROWS = 6
_WIDEST = 100
_NARROW = 60
"""A terminal narrower than this has the names of the fates above their rows, not beside them."""

_STYLES = {
    Fate.REPORTED: "blue",
    Fate.AWAITED: "yellow",
    Fate.SENDING: "dim",
    Fate.SPLIT: "magenta",
    Fate.REPEATED: "cyan",
    Fate.REFUSED: "red",
    Fate.UNKNOWN: "yellow",
}


@dataclass(frozen=True, slots=True)
class _Glyphs:
    """The characters: an area in eighths of a row, the limit, a hold, one call and several."""

    area: str
    limit: str
    hold: str
    call: str
    calls: str


_BLOCKS = _Glyphs(" ▁▂▃▄▅▆▇█", "·", "░", "│", "┃")
_ASCII = _Glyphs("    ####", ".", ":", "|", "#")


@dataclass(frozen=True, slots=True)
class TerminalChart:
    """A chart that adapts to the width and the encoding of the terminal."""

    chart: Chart
    offset_hours: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the curve, the axis, a row for each fate, and the list of holds."""
        glyphs = _ASCII if options.ascii_only else _BLOCKS
        width = min(options.max_width, _WIDEST)
        names = [f"{_(FATES[lane.fate])} {lane.calls:,} " for lane in self.chart.lanes]
        is_narrow = width < _NARROW
        gutter = 0 if is_narrow else max(map(cell_len, [*names, f"{self.chart.top:,} "]))
        columns = width - gutter
        yield from self._curve(columns, gutter, glyphs)
        yield self._axis(columns, gutter)
        for lane, name in zip(self.chart.lanes, names, strict=True):
            if is_narrow:
                yield Text(name, style="dim")
            row = Text("" if is_narrow else set_cell_size(name, gutter), style="dim")
            yield row.append(_marks(lane, columns, glyphs), style=_STYLES[lane.fate])
        yield self._legend(glyphs)
        for band in self.chart.bands:
            yield Text(f"{band.number}. {describe_band(band, self.offset_hours)}")

    def _curve(self, columns: int, gutter: int, glyphs: _Glyphs) -> Iterator[Text]:
        if not gutter:
            yield Text(f"{self.chart.top:,}", style="dim")
        cells = [self._column((column + 0.5) / columns, glyphs) for column in range(columns)]
        for row in range(ROWS):
            label = f"{self.chart.top:,} " if row == 0 else "0 " if row == ROWS - 1 else ""
            line = Text(label.rjust(gutter) if gutter else "", style="dim")
            for column in cells:
                line.append(*column[row])
            for band in self.chart.bands if row == 0 else ():
                at = gutter + round(columns * (band.left + band.right) / 2 - 0.5)
                line = _replaced(line, at, str(band.number))
            yield line

    def _column(self, place: float, glyphs: _Glyphs) -> list[tuple[str, str]]:
        """Return the characters of a column, from the top row down, each with its style."""
        told = height(self.chart.accepted, place) * ROWS
        limit = height(self.chart.allowed, place) * ROWS
        is_held = any(band.left <= place <= band.right for band in self.chart.bands)
        eighths = len(glyphs.area) - 1
        cells = []
        for bottom in reversed(range(ROWS)):
            filled = glyphs.area[min(max(round((told - bottom) * eighths), 0), eighths)]
            if filled != " ":
                cells.append((filled, "blue"))
            elif limit and bottom == min(int(limit), ROWS - 1):
                cells.append((glyphs.limit, "bold"))
            else:
                cells.append((glyphs.hold, "yellow") if is_held else (" ", ""))
        return cells

    def _legend(self, glyphs: _Glyphs) -> Text:
        words = (
            (self.chart.accepted, glyphs.area[-1], "blue", TOLD),
            (self.chart.allowed, glyphs.limit, "bold", LIMIT_ALLOWS),
            (self.chart.bands, glyphs.hold, "yellow", HELD_THEN),
        )
        drawn = (word for word in words if word[0])
        return Text("  ").join(
            Text.assemble((glyph, style), f" {_(name)}") for _line, glyph, style, name in drawn
        )

    def _axis(self, columns: int, gutter: int) -> Text:
        axis = self.chart.axis
        begins, ends = (
            format_clock(at_ms / 1000, self.offset_hours)
            for at_ms in (axis.begins_ms, axis.ends_ms)
        )
        return Text(" " * gutter + begins + ends.rjust(columns - len(begins)), style="dim")


def _marks(lane: Lane, columns: int, glyphs: _Glyphs) -> str:
    """Return a row with a mark where a call left, a heavy one where several did."""
    counts = Counter(min(int(place * columns), columns - 1) for place in lane.marks)
    return "".join(
        " " if not counts[column] else glyphs.call if counts[column] == 1 else glyphs.calls
        for column in range(columns)
    )


def _replaced(line: Text, at: int, word: str) -> Text:
    return Text.assemble(line[:at], (word, "bold"), line[at + len(word) :])
