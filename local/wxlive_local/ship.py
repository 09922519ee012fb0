"""Make what `sam build` built fit to ship: without what nothing imports, and compiled.

`sam build` ships sources only, and /var/task can't be written to. Measured by the project's
research: a function's cold start fell from 456 to 191 ms with bytecode. `unchecked-hash` lets
Python trust the bytecode without looking at a source's date, which packing changes. Paths are
rewritten to where Lambda unpacks, so that a traceback shows those and not the builder's
directories.

``python -m wxlive_local.ship BUILD_DIRECTORY``
"""

import compileall
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

from wxlive.errors import Misconfigured

_LAMBDA_VERSION = (3, 11)

LEFT_OUT = (
    "cffi",  # cryptography needs only its compiled half, _cffi_backend
    "pycparser",
    "aws_lambda_powertools/event_handler",
    *(
        f"aws_lambda_powertools/utilities/{name}"
        for name in (
            *("auth_alpha", "circuit_breaker", "data_masking", "feature_flags", "idempotency"),
            *("kafka", "parser", "streaming", "validation"),
        )
    ),
)
"""Parts of the layer's packages that no function ever imports: `make sizes` shows what does."""


def make_fit(build: Path) -> None:
    """Leave out and compile, in every function and layer under ``build``.

    Raises:
        Misconfigured: this is another Python than the functions run with.
    """
    if sys.version_info[:2] != _LAMBDA_VERSION:
        raise Misconfigured("bytecode for Lambda must be compiled by Python 3.11")
    for part in sorted(entry for entry in build.iterdir() if entry.is_dir()):
        packages = part / "python"
        for name in LEFT_OUT:
            shutil.rmtree(packages / name, ignore_errors=True)
        compileall.compile_dir(
            part,
            quiet=2,
            force=True,
            stripdir=str(part),
            prependdir="/opt" if packages.is_dir() else "/var/task",
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )


if __name__ == "__main__":
    make_fit(Path(sys.argv[1]))
