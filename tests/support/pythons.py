"""The Pythons of Lambda's runtimes that this machine has."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from wxlive_local.paths import DEV_BIN


@cache
def python_of(version: str) -> Path | None:
    """Return a Python of this version: one on the path, or one that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders = [str(DEV_BIN), os.environ.get("PATH", ""), *map(str, kept.glob(f"{version}.*/bin"))]
    for folder in os.pathsep.join(folders).split(os.pathsep):
        found = shutil.which(f"python{version}", path=folder)
        if found and _runs(found):
            return Path(found)
    return None


def _runs(python: str) -> bool:
    """Whether it starts; a shim may stand for a version that is not there."""
    return not subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode
