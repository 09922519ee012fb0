"""Paths inside the clone. The local run writes under ``build/`` only."""

from pathlib import Path

from wxlive.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[2]
"""The clone, in which the package is installed in place."""

TEMPLATE = ROOT / "template.yaml"
MONITORING = ROOT / "infrastructure" / "monitoring.yaml"
SAMCONFIG = ROOT / "samconfig.toml"
BUILD = ROOT / "build"
RUNS = BUILD / "local"

DEV_BIN = ROOT / ".venv" / "bin"
SAM = ROOT / ".venv-sam" / "bin" / "sam"
AWS_PYTHON = ROOT / ".venv-aws" / "bin" / "python"
RUNTIME_PACKAGES = ROOT / ".venv-aws" / "runtime"
"""What stands for the packages of Lambda's runtime: the AWS SDK that the functions find."""


def require_installed() -> None:
    """Check that ``make install`` was run.

    Raises:
        Misconfigured: something is missing; the message names it.
    """
    stamps = (ROOT / name / ".installed" for name in (".venv", ".venv-sam", ".venv-aws"))
    for needed in (TEMPLATE, *stamps):
        if not needed.exists():
            raise Misconfigured(
                f"{needed.relative_to(ROOT)} is missing: run `make install` in the clone first"
            )
