"""Nothing happens at import: any module comes up in a fresh process that has no settings."""

import configparser
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wxlive_local.paths import ROOT

PACKAGES = (
    ROOT / "layers/wxlive/wxlive",
    ROOT / "functions/callback/wxlive_callback",
    ROOT / "functions/callback_addresses/wxlive_callback_addresses",
    ROOT / "functions/callback_backlog/wxlive_callback_backlog",
    ROOT / "functions/follower_sync/wxlive_follower_sync",
    ROOT / "functions/live_watch/wxlive_live_watch",
    ROOT / "functions/push_start/wxlive_push_start",
    ROOT / "functions/push_fanout/wxlive_push_fanout",
    ROOT / "cli/wxlive_cli",
    ROOT / "local/wxlive_local",
)
IO_LIBRARIES = ("boto3", "botocore", "requests", "urllib3", "aiohttp")

# Runs in the fresh process. urllib3 learns at its own import whether IPv6 is there, by binding
# [::1] to any port and closing it again: that one bind of a library is let through.
PROBE = r"""
import gc, json, os, socket, sys

seen = []
WATCHED = {
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.sendto", "subprocess.Popen", "os.system", "os.mkdir",
}

def watch(event, args):
    if event in WATCHED and not (event == "socket.bind" and args[1] == ("::1", 0)):
        seen.append(event)
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        seen.append(f"open {args[0]}")

sys.addaudithook(watch)
before = dict(os.environ)
__import__(sys.argv[1])
if dict(os.environ) != before:
    seen.append("environment changed")
seen += [f"open socket {o!r}" for o in gc.get_objects() if type(o) is socket.socket]
boto3 = sys.modules.get("boto3")
if boto3 is not None:
    from botocore.client import BaseClient
    if boto3.DEFAULT_SESSION is not None:
        seen.append("boto3.DEFAULT_SESSION")
    seen += [f"client {o!r}" for o in gc.get_objects() if isinstance(o, BaseClient)]
json.dump({"seen": seen, "modules": sorted(sys.modules)}, sys.stdout)
"""


def module_names() -> Iterator[str]:
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            parts = path.relative_to(package.parent).with_suffix("").parts
            if parts[-1] == "__main__":
                continue  # it is a program: importing it runs it
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def pure_modules() -> list[str]:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    return contracts["importlinter:contract:pure"]["source_modules"].split()


def freshly_imported(name: str, directory: Path) -> tuple[list[str], set[str]]:
    """Import in a fresh process; returns what it did besides and every module it loaded."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROBE, name],
        env={"PATH": os.defpath},
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told = json.loads(done.stdout)
    return told["seen"], set(told["modules"])


@pytest.mark.parametrize("name", list(module_names()))
def test_importing_does_nothing_and_needs_no_settings(name: str, tmp_path: Path) -> None:
    seen, modules = freshly_imported(name, tmp_path)
    assert seen == []
    assert name in modules
    if name in pure_modules():
        assert [library for library in IO_LIBRARIES if library in modules] == []


def test_every_pure_module_is_among_the_modules() -> None:
    assert set(pure_modules()) <= set(module_names())


@pytest.mark.parametrize(
    ("statement", "trace"),
    [
        ("import socket; socket.socket().connect_ex(('127.0.0.1', 9))", "socket.connect"),
        ("import socket; kept = socket.socket()", "open socket"),
        ("import boto3; boto3.client('sqs', 'us-east-1')", "boto3.DEFAULT_SESSION"),
        ("import boto3; kept = boto3.Session(region_name='x').client('sqs')", "client"),
        ("open('left', 'w').close()", "open left"),
        ("import os; os.environ['LEFT'] = '1'", "environment changed"),
    ],
)
def test_the_probe_sees_what_it_looks_for(statement: str, trace: str, tmp_path: Path) -> None:
    (tmp_path / "culprit.py").write_text(statement, encoding="utf-8")
    seen, _ = freshly_imported("culprit", tmp_path)
    assert any(each.startswith(trace) for each in seen)
