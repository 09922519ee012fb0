"""Where ``wxlive`` starts. Imports nothing at first, so that Ctrl-C is quiet from then on."""

from signal import SIGINT


def start() -> None:
    """Run the command that is typed; Ctrl-C while its modules are imported ends it silently."""
    try:
        from wxlive_cli.main import main  # noqa: PLC0415 - takes most of the start

        main()
    except KeyboardInterrupt:
        raise SystemExit(128 + SIGINT) from None
