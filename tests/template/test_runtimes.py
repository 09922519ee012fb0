"""The Python runtimes that the template offers: what is locked serves each of them."""

import re
import shutil
import subprocess
from importlib.metadata import Distribution, distributions, requires
from importlib.metadata import version as version_of
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from list_wheels import LOCK, MACHINES, TABLE, VERSIONS
from wxlive import aws
from wxlive_local.paths import ROOT, RUNTIME_PACKAGES

if TYPE_CHECKING:
    from packaging.tags import Tag

    from support.template import ParsedTemplate

GLIBC = {"3.11": 26, "3.12": 34, "3.13": 34, "3.14": 34}
"""The C library (2.x) of each runtime: that of Amazon Linux 2 or 2023, as AWS's page on runtimes
names them (https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html)."""

LOCKED = dict(re.findall(r"^([\w-]+)==(\S+)", LOCK.read_text("utf-8"), re.MULTILINE))
HASHES = {
    name: set(re.findall(r"sha256:[0-9a-f]{64}", block))
    for name, block in re.findall(
        r"^([\w-]+)==\S+((?: \\\n +--hash=\S+)+)", LOCK.read_text("utf-8"), re.MULTILINE
    )
}
ROWS = [
    line.split(" ")
    for line in TABLE.read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
MAKEFILES = [ROOT / "layers" / "wxlive" / "Makefile", ROOT / "functions" / "Makefile"]


@pytest.fixture(params=product(VERSIONS, MACHINES), ids="-".join)
def wheels(request: pytest.FixtureRequest) -> dict[str, tuple[str, str]]:
    """The file name and the hash of each package's wheel for a runtime and an architecture."""
    version, machine = request.param
    return {
        parse_wheel_filename(wheel)[0]: (wheel, digest)
        for wheel, digest, versions, machines in ROWS
        if version in versions.split(",") and machine in machines.split(",")
    }


@pytest.fixture
def runtime(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The runtime and the architecture of ``wheels``."""
    version, machine = request.node.callspec.params["wheels"]
    return version, machine


def accepted(version: str, machine: str) -> set["Tag"]:
    """Return the tags of the wheels that run on a runtime and an architecture."""
    major, minor = map(int, version.split("."))
    platforms = [f"manylinux_2_{glibc}_{machine}" for glibc in range(17, GLIBC[version] + 1)]
    return {
        *cpython_tags((major, minor), platforms=platforms),
        *compatible_tags((major, minor), f"cp{major}{minor}", platforms),
    }


def test_template_makefiles_and_table_name_the_same_runtimes(template: "ParsedTemplate") -> None:
    parameter = template.parameters["PythonRuntime"]
    listed = [
        re.findall(r"^RUNTIMES := (.*)$", makefile.read_text("utf-8"), re.MULTILINE)
        for makefile in MAKEFILES
    ]

    assert template.globals["Runtime"] == {"Ref": "PythonRuntime"}
    assert parameter["AllowedValues"] == [f"python{version}" for version in VERSIONS]
    assert listed == [[" ".join(VERSIONS)]] * len(MAKEFILES)
    assert set(GLIBC) == set(VERSIONS)
    for layer in template.of_type("AWS::Serverless::LayerVersion").values():
        assert layer["CompatibleRuntimes"] == parameter["AllowedValues"]


def test_every_locked_package_has_a_wheel_with_a_locked_hash(
    wheels: dict[str, tuple[str, str]],
) -> None:
    assert set(wheels) == set(LOCKED) == set(HASHES)
    for name, (wheel, digest) in wheels.items():
        assert str(parse_wheel_filename(wheel)[1]) == LOCKED[name]
        assert digest in HASHES[name]


def test_every_wheel_runs_on_the_runtime_and_the_architecture(
    wheels: dict[str, tuple[str, str]], runtime: tuple[str, str]
) -> None:
    fitting = accepted(*runtime)

    assert {w for w, _ in wheels.values() if not parse_wheel_filename(w)[3] & fitting} == set()


def test_a_wheel_of_another_runtime_or_architecture_would_be_noticed() -> None:
    foreign = parse_wheel_filename("cffi-2.1.1-cp311-cp311-manylinux_2_17_x86_64.whl")[3]
    newer = parse_wheel_filename("cffi-2.1.1-cp311-cp311-manylinux_2_34_x86_64.whl")[3]

    assert foreign & accepted("3.11", "x86_64")
    assert not foreign & accepted("3.12", "x86_64")
    assert not foreign & accepted("3.11", "aarch64")
    assert not newer & accepted("3.11", "x86_64")


def test_the_layer_gets_a_wheel_for_each_runtime_of_exactly_the_packages_that_differ() -> None:
    [listed] = re.findall(r"^PER_RUNTIME := (.*)$", MAKEFILES[0].read_text("utf-8"), re.MULTILINE)
    differing = {
        parse_wheel_filename(wheel)[0] for wheel, _, versions, _ in ROWS if versions in VERSIONS
    }

    assert differing == set(listed.split())


@pytest.mark.parametrize("makefile", MAKEFILES, ids=lambda path: path.parent.name)
def test_a_machine_without_such_a_python_is_told_what_the_build_needs(
    makefile: Path, tmp_path: Path
) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")

    done = subprocess.run(
        [str(shutil.which("make")), "--dry-run", "-f", str(makefile), "build-WxliveLayerArm64"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 2
    assert f"needs a Python of Lambda ({' '.join(VERSIONS)})" in done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_the_lock_is_complete_for_a_runtime(version: str) -> None:
    """It was resolved for one Python, and is installed without its dependencies' own lists."""
    environment = {"python_version": version, "python_full_version": f"{version}.0", "extra": ""}
    needed = {
        canonicalize_name(requirement.name)
        for name in LOCKED
        for requirement in map(Requirement, requires(name) or [])
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }

    assert {name: version_of(name) for name in LOCKED} == LOCKED  # the same as those asked here
    assert needed <= set(LOCKED)
    assert "cffi" in needed


@pytest.fixture
def sdk() -> dict[str, Distribution]:
    """The packages that stand for those of a runtime, by name."""
    found = distributions(path=[str(RUNTIME_PACKAGES)])
    return {canonicalize_name(each.metadata["Name"]): each for each in found}


def test_the_local_run_has_the_oldest_sdk_that_a_runtime_may_have(
    sdk: dict[str, Distribution],
) -> None:
    """AWS's page names no versions: they depend on runtime and region, and grow by themselves.

    1.38.36 is what users of python3.12 and python3.13 saw in August 2025
    (https://github.com/terricain/aioboto3/issues/381). All that ships runs with it in the local
    run; a runtime with an older one is found by `wxlive doctor`.
    """
    assert sdk["boto3"].version == sdk["botocore"].version == aws.OLDEST_BOTO3


def test_the_sdk_of_a_runtime_accepts_the_packages_of_the_layer_which_come_before_its_own(
    sdk: dict[str, Distribution],
) -> None:
    wanted = [
        Requirement(text) for name in ("boto3", "botocore") for text in sdk[name].requires or []
    ]
    shared = {
        one.name: one.specifier.contains(LOCKED[one.name])
        for one in wanted
        if one.name in LOCKED and (one.marker is None or one.marker.evaluate({"extra": ""}))
    }

    assert shared == {"jmespath": True, "urllib3": True}
