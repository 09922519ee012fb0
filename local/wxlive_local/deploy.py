"""`sam build` and `sam deploy` of the real template, isolated from the user's own AWS."""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from wxlive.errors import Misconfigured, NotReached
from wxlive_local.local_aws import LocalAws
from wxlive_local.locks import locked
from wxlive_local.loopback_server import LOOPBACK
from wxlive_local.paths import BUILD, DEV_BIN, ROOT, SAM, SAMCONFIG, TEMPLATE
from wxlive_local.processes import SupervisedProcess

STACK_NAME = "wxlive"
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_LAYERS = {"arm64": "WxliveLayerArm64", "x86_64": "WxliveLayerX8664"}
_INPUTS = (
    TEMPLATE,
    SAMCONFIG,
    ROOT / "requirements" / "sam.txt",
    ROOT / "layers",
    ROOT / "functions",
    ROOT / "infrastructure",
)
# The messages of pip that finds no package at all, and of clients without a network.
_NO_DOWNLOAD = ("Could not satisfy the requirement", "ConnectionError", "ConnectTimeoutError")


def host_architecture() -> str:
    """Return this machine's value of the template's ``Architecture``.

    Raises:
        Misconfigured: Lambda has no such architecture.
    """
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise Misconfigured(f"the local run needs an x86_64 or arm64 machine, not {machine}")
    return _ARCHITECTURES[machine]


def host_layer(built: Path) -> Path:
    """Return the packages of the layer for this machine, in the directory of a build."""
    return built / _LAYERS[host_architecture()] / "python"


def build(run_dir: Path) -> Path:
    """Build the template; return a copy of the build under ``run_dir``.

    The build is cached while its inputs are unchanged. Concurrent runs wait for each other here,
    and each gets its own copy.

    Raises:
        NotReached: `sam build` failed; the message says why, if that is known.
    """
    # As deep as the copies: the built template names the licence by its relative path.
    work = BUILD / "sam" / "work"
    work.mkdir(parents=True, exist_ok=True)
    built = work / ".aws-sam" / "build"
    stamp = work / "stamp"
    copy = run_dir / "aws" / "stack"
    with locked(work / "lock"):
        digest = _inputs_digest()
        if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
            stamp.unlink(missing_ok=True)
            _sam_build(work, run_dir)
            stamp.write_text(digest, encoding="ascii")
        # Hard links: a later build replaces files, it never writes into them.
        shutil.copytree(built, copy, copy_function=os.link)
    return copy / "template.yaml"


def deploy(
    aws: LocalAws, template: Path, parameters: Mapping[str, str], stack_name: str = STACK_NAME
) -> dict[str, str]:
    """Deploy a built template as a stack; return its outputs.

    Raises:
        NotReached: `sam deploy` failed; the message says why, if that is known.
    """
    # JSON is YAML; in a file, spaces and quotes need no shell quoting.
    overrides = template.with_name("parameters.yaml")
    overrides.write_text(json.dumps(dict(parameters)), encoding="utf-8")
    _run_sam(
        [
            *("deploy", "--stack-name", stack_name, "--template-file", template),
            *("--parameter-overrides", f"file://{overrides}"),
        ],
        env=aws.env,
        cwd=template.parent,
        run_dir=aws.run_dir,
    )
    stack = aws.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _sam_build(work: Path, run_dir: Path) -> None:
    _run_sam(
        ["build", "--template", TEMPLATE],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        cwd=work,
        run_dir=run_dir,
    )


def _run_sam(
    arguments: list[str | Path], *, env: Mapping[str, str], cwd: Path, run_dir: Path
) -> None:
    command, *rest = arguments
    log = run_dir / f"sam-{command}.log"
    full = [SAM, command, "--config-file", SAMCONFIG, "--config-env", "local", *rest]
    with SupervisedProcess(full, env={**_sam_env(run_dir), **env}, cwd=cwd, log=log) as sam:
        code = sam.wait()
        if code:
            raise NotReached(_why_sam_failed(str(command), sam))


def _why_sam_failed(command: str, sam: SupervisedProcess) -> str:
    if any(sign in sam.log.read_text(encoding="utf-8", errors="replace") for sign in _NO_DOWNLOAD):
        return (
            f"`sam {command}` could not download what it needs; check the network and the package "
            f"index, then try again; its log is {sam.log}"
        )
    return f"`sam {command}` failed; its log is {sam.log} and ends with:\n{sam.last_lines()}"


def _sam_env(run_dir: Path) -> dict[str, str]:
    """Return our environment without the user's AWS profile and credentials, and no telemetry.

    The user's settings of the package index stay, so that a mirror works.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    temporary = run_dir / "aws" / "tmp"
    return {
        **kept,
        # The build looks for the runtime's exact Python on the path.
        "PATH": f"{DEV_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "TMPDIR": str(temporary),
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK, "localhost"])),
        "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy"), LOOPBACK, "localhost"])),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        # SAM keeps a file in the home directory otherwise.
        "__SAM_CLI_APP_DIR": str(BUILD / "sam"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _inputs_digest() -> str:
    digest = hashlib.sha256()
    for path in _input_files():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _input_files() -> Iterator[Path]:
    for start in _INPUTS:
        files = [start] if start.is_file() else sorted(start.rglob("*"))
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)
