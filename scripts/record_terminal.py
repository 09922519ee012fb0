"""Record what a command prints on a terminal into README.md and README.zh-CN.md.

``python scripts/record_terminal.py "make demo"`` runs the command and renews the block between
``<!-- recorded: make demo -->`` and ``<!-- end -->``. If the command fails, no page changes.
"""

import os
import pty
import re
import shlex
import subprocess
import sys
import termios
from collections.abc import Iterator

import click

from wxlive_local.paths import ROOT

READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
LINES, COLUMNS = 40, 100

_TOKEN = re.compile(
    r"\x1b\[(?P<count>[0-9;?]*)(?P<action>[A-Za-z])"  # a control sequence, such as a colour
    r"|\x1b\].*?(?:\x07|\x1b\\)"  # a window title or a link
    r"|\x1b[^\[\]]"
    r"|(?P<control>[\x00-\x1f])"
    r"|(?P<text>[^\x00-\x1f]+)",
    re.DOTALL,
)
_TEMPORARY = re.compile(r"(?<![\w.])/tmp/[^/\s\"']+")
_TAB = 8


class Screen:
    """A terminal of unlimited height that knows text, cursor moves and erased lines.

    It is what the programs that redraw a progress bar need; colours and all other control
    sequences have no effect.
    """

    def __init__(self) -> None:
        self._lines = [""]
        self._row = self._column = 0

    def feed(self, output: str) -> None:
        """Show what a program wrote."""
        for token in _TOKEN.finditer(output):
            if token["text"]:
                self._write(token["text"])
            elif token["control"]:
                self._control(token["control"])
            elif token["action"]:
                self._act(token["action"], token["count"])

    def text(self) -> str:
        """Return what is visible, without trailing blanks and blank lines around it."""
        return "\n".join(line.rstrip() for line in self._lines).strip("\n")

    def _write(self, text: str) -> None:
        line = self._lines[self._row].ljust(self._column)
        end = self._column + len(text)
        self._lines[self._row] = line[: self._column] + text + line[end:]
        self._column = end

    def _control(self, character: str) -> None:
        match character:
            case "\r":
                self._column = 0
            case "\n":
                self._column = 0
                self._move(1)
            case "\b":
                self._column = max(0, self._column - 1)
            case "\t":
                self._column += _TAB - self._column % _TAB

    def _act(self, action: str, count: str) -> None:
        match action:
            case "A":
                self._move(-int(count or 1))
            case "B":
                self._move(int(count or 1))
            case "K":
                kept = 0 if count == "2" else self._column
                self._lines[self._row] = self._lines[self._row][:kept]

    def _move(self, rows: int) -> None:
        self._row = max(0, self._row + rows)
        self._lines += [""] * (self._row + 1 - len(self._lines))


def clean(output: str) -> str:
    """Return what a terminal shows after ``output``, as plain text.

    Of a line that was redrawn, the last state stays. Names of temporary files and folders become
    ``/tmp/…``; paths in the clone become relative.
    """
    screen = Screen()
    screen.feed(output)
    return _TEMPORARY.sub("/tmp/…", screen.text().replace(f"{ROOT}/", ""))  # noqa: S108 - only text


def with_block(page: str, command: str, shown: str) -> str:
    """Return the page with the block of ``command`` replaced by what the command showed.

    Raises:
        ValueError: the page does not have exactly one such block.
    """
    start = f"<!-- recorded: {command} -->"
    block = f"{start}\n```console\n$ {command}\n{shown}\n```\n<!-- end -->"
    old = re.compile(rf"{re.escape(start)}\n.*?<!-- end -->", re.DOTALL)
    page, found = old.subn(lambda _: block, page)
    if found != 1:
        raise ValueError(f"a README has {found} blocks from `{start}` to `<!-- end -->`, not one")
    return page


def record(command: str) -> tuple[str, int]:
    """Run a command in the clone, on a terminal of 100 columns; repeat its output here.

    Returns:
        What it wrote, control sequences included, and its exit code.
    """
    terminal, its_side = pty.openpty()
    termios.tcsetwinsize(its_side, (LINES, COLUMNS))
    plain = {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": str(COLUMNS), "TMPDIR": "/tmp"}  # noqa: S108 - a name that `clean` knows
    with subprocess.Popen(  # noqa: S603 - the developer's own command
        shlex.split(command),
        cwd=ROOT,
        env=os.environ | plain,
        stdin=subprocess.DEVNULL,
        stdout=its_side,
        stderr=its_side,
    ) as process:
        os.close(its_side)
        output = b"".join(_echoed(terminal))
    os.close(terminal)
    return output.decode(errors="replace"), process.returncode


def _echoed(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # how Linux says that the other side is closed
            return
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
        yield part


@click.command()
@click.argument("command", default="make demo")
def main(command: str) -> None:
    """Run COMMAND and write what it shows into its block in README.md and README.zh-CN.md."""
    try:
        _write(command, None)  # before minutes of work
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    output, code = record(command)
    if code:
        raise click.ClickException(f"`{command}` exited with {code}; no page was changed")
    _write(command, clean(output))


def _write(command: str, shown: str | None) -> None:
    """Write what was shown into each README; None only checks that it could be."""
    for readme in READMES:
        page = with_block(readme.read_text(encoding="utf-8"), command, shown or "")
        if shown is not None:
            readme.write_text(page, encoding="utf-8")
            click.echo(f"{readme.name} written")


if __name__ == "__main__":
    main()
