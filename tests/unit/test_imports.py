"""Importing does nothing, needs no settings, and loads no library that a function does not use."""

import configparser
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wxlive_local.paths import ROOT

pytestmark = pytest.mark.xdist_group("imports")  # so that one process does it for all

PACKAGES = (
    ROOT / "layers/wxlive/wxlive",
    *sorted((ROOT / "functions").glob("*/wxlive_*")),
    ROOT / "cli/wxlive_cli",
    ROOT / "local/wxlive_local",
)
PROGRAMS = {"__main__", "aws_program"}
"""Importing a program runs it; the local AWS's has a Python of its own."""
IO_LIBRARIES = {"boto3", "botocore", "requests", "urllib3", "aiohttp"}
COSTLY_LIBRARIES = {"requests", "cryptography", "aiohttp", "click"}

# Imports each module as the first of our own, in one process, because the libraries are slow to
# load. urllib3 learns at its own import whether IPv6 is there, by binding [::1] to any port and
# closing it again: that one bind of a library is let through.
PROBE = r"""
import gc, importlib, json, os, socket, sys, traceback

WATCHED = {
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.sendto", "subprocess.Popen", "os.system", "os.mkdir",
}
names = sys.argv[1:]
ours = {name.partition(".")[0] for name in names}
environment = dict(os.environ)
seen = []

def watch(event, args):
    if event in WATCHED and not (event == "socket.bind" and args[1] == ("::1", 0)):
        seen.append(event)
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        seen.append(f"open {args[0]}")

def leftovers():
    if os.environ != environment:
        os.environ.clear()
        os.environ.update(environment)
        yield "environment changed"
    boto3, botocore = sys.modules.get("boto3"), sys.modules.get("botocore.client")
    if boto3 is not None and boto3.DEFAULT_SESSION is not None:
        boto3.DEFAULT_SESSION = None
        yield "boto3.DEFAULT_SESSION"
    for each in gc.get_objects():
        if type(each) is socket.socket:
            yield f"open socket {each!r}"
        elif botocore is not None and isinstance(each, botocore.BaseClient):
            yield f"client {each!r}"
    gc.freeze()  # what is there now is not the next module's

def probe(name):
    seen.clear()
    for loaded in [each for each in sys.modules if each.partition(".")[0] in ours]:
        del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except Exception:
        seen.append(traceback.format_exc())
    libraries = {each.partition(".")[0] for each in sys.modules}
    return {"seen": seen + list(leftovers()), "libraries": sorted(libraries)}

sys.addaudithook(watch)
json.dump({name: probe(name) for name in names}, sys.stdout)
"""


def module_names() -> list[str]:
    """Every module, the pure ones first, so that no other has loaded a library for them."""
    names = []
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            parts = path.relative_to(package.parent).with_suffix("").parts
            if parts[-1] in PROGRAMS:
                continue
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(names, key=is_pure, reverse=True)


def is_pure(name: str) -> bool:
    return any(f"{name}.".startswith(f"{pure}.") for pure in pure_modules())


@cache
def pure_modules() -> list[str]:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    return [
        name
        for contract in ("pure", "protocol")
        for name in contracts[f"importlinter:contract:{contract}"]["source_modules"].split()
    ]


def probe(names: list[str], directory: Path) -> dict[str, Any]:
    """Import modules in a fresh process without settings.

    Returns:
        By name, what importing it did besides (``seen``), and all that was loaded by then
        (``libraries``).
    """
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROBE, *names],
        env={"PATH": os.defpath},
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    probed: dict[str, Any] = json.loads(done.stdout)
    return probed


# ---------------------------------------------------------------- what importing does


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What importing each module did."""
    return probe(module_names(), tmp_path_factory.mktemp("imports"))


@pytest.mark.slow
@pytest.mark.parametrize("name", module_names())
def test_importing_does_nothing_and_needs_no_settings(name: str, imported: dict[str, Any]) -> None:
    assert imported[name]["seen"] == []
    if is_pure(name):
        assert IO_LIBRARIES.isdisjoint(imported[name]["libraries"])


def test_every_pure_module_is_among_the_modules() -> None:
    assert set(pure_modules()) <= set(module_names())


CULPRITS = {
    "connects": ("import socket; socket.socket().connect_ex(('127.0.0.1', 9))", "socket.connect"),
    "opens_a_socket": ("import socket; kept = socket.socket()", "open socket"),
    "opens_a_session": ("import boto3; boto3.client('sqs', 'us-east-1')", "boto3.DEFAULT_SESSION"),
    "builds_a_client": (
        "import boto3; kept = boto3.Session(region_name='x').client('sqs')",
        "client",
    ),
    "writes": ("open('left', 'w').close()", "open left"),
    "changes_the_environment": ("import os; os.environ['LEFT'] = '1'", "environment changed"),
    "fails": ("import os; os.environ['STATE_TABLE']", "Traceback"),
    "does_nothing": ("import boto3, os, socket", None),
}


@pytest.fixture(scope="module")
def culprits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the probe sees of modules that do something."""
    folder = tmp_path_factory.mktemp("culprits")
    for name, (statement, _) in CULPRITS.items():
        (folder / f"{name}.py").write_text(statement, encoding="utf-8")
    return probe(list(CULPRITS), folder)


@pytest.mark.parametrize(
    ("name", "trace"), [(name, trace) for name, (_, trace) in CULPRITS.items()]
)
def test_the_probe_sees_what_it_looks_for(
    name: str, trace: str | None, culprits: dict[str, Any]
) -> None:
    seen = culprits[name]["seen"]
    if trace is None:
        assert seen == []
    else:
        assert any(each.startswith(trace) for each in seen)


# ---------------------------------------------------------------- what importing costs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("wxlive.bootstrap.process", set()),
        ("wxlive.bootstrap.ingest", set()),
        ("wxlive.bootstrap.wechat", {"requests"}),
        ("wxlive_callback.handler", {"cryptography"}),
        ("wxlive_callback_allow_list.handler", {"requests"}),
        ("wxlive_notify.handler", {"requests"}),
        ("wxlive_callback_backlog.handler", set()),
        ("wxlive_follower_sync.handler", {"requests"}),
        ("wxlive_live_watch.handler", {"requests"}),
        ("wxlive_push_fanout.handler", {"requests"}),
        ("wxlive_push_start.handler", {"requests"}),
    ],
)
def test_a_function_loads_no_library_that_it_does_not_use(
    name: str, used: set[str], tmp_path: Path
) -> None:
    assert COSTLY_LIBRARIES.intersection(probe([name], tmp_path)[name]["libraries"]) == used
