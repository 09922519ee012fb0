"""Write ``requirements/layer-wheels.txt``: the locked wheels of each runtime and architecture.

Asks pip, with its own settings, for the layer's locked packages; nothing is installed. Part of
``make lock``, after the lock is written.
"""

import json
import subprocess
import sys
from collections import defaultdict
from urllib.parse import unquote, urlsplit

from wxlive_local.paths import ROOT

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
"""The runtimes that the template offers, by their version of Python."""

MACHINES = ("aarch64", "x86_64")
"""The architectures that it offers, by the name that wheels give them."""

LOCK = ROOT / "layers" / "wxlive" / "requirements.txt"
TABLE = ROOT / "requirements" / "layer-wheels.txt"
HEADER = """\
# Written by `make lock`: the wheel of each package of the layer, its hash, and the runtimes and
# architectures that get it. tests/template/test_runtimes.py compares it with the lock.
"""


def main() -> None:
    """Write the table."""
    runtimes: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    machines: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for version in VERSIONS:
        for machine in MACHINES:
            for wheel in _wheels(version, machine):
                runtimes[wheel].add(version)
                machines[wheel].add(machine)
    lines = (
        f"{name} {digest} {','.join(sorted(runtimes[name, digest]))} "
        f"{','.join(sorted(machines[name, digest]))}\n"
        for name, digest in sorted(runtimes)
    )
    TABLE.write_text(HEADER + "".join(lines), encoding="utf-8")


def _wheels(version: str, machine: str) -> list[tuple[str, str]]:
    """Return the name and the hash of each wheel that the build would install."""
    report = subprocess.run(  # noqa: S603 - pip, with arguments of this file
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--dry-run", "--ignore-installed", "--report", "-", "--target", "unused"),
            *("--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation", "cp"),
            *("--platform", f"manylinux2014_{machine}", "--platform", f"manylinux_2_17_{machine}"),
            *("--python-version", version, "-r", str(LOCK)),
        ],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    downloads = [entry["download_info"] for entry in json.loads(report)["install"]]
    return [
        (
            unquote(urlsplit(each["url"]).path).rpartition("/")[2],
            f"sha256:{each['archive_info']['hashes']['sha256']}",
        )
        for each in downloads
    ]


if __name__ == "__main__":
    main()
