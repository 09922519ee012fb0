"""``python -m explore``: explore every order and every fault of the worlds, or show one history."""

import sys

from explore.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
