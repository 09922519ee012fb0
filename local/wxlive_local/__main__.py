"""``python -m wxlive_local up``."""

from wxlive_local.main import main

main()
