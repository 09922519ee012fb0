"""What `sam build` alone makes for Lambda: the layer of each architecture, the functions."""

import marshal
import re
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from list_wheels import VERSIONS
from support.pythons import python_of
from support.template import FUNCTIONS
from wxlive_local.deploy import build, host_layer
from wxlive_local.paths import BUILD, ROOT

LAYERS = {"WxliveLayerArm64": "aarch64", "WxliveLayerX8664": "x86_64"}
ELF_MACHINES = {"aarch64": 0xB7, "x86_64": 0x3E}
SHIPPED_WITH_LAMBDA = ("boto3", "botocore", "s3transfer", "dateutil", "six.py")
"""Packages in pure Python that a runtime brings along."""

RUN = """
import importlib, sys

for handler in sys.argv[1:]:
    importlib.import_module(handler)

import charset_normalizer.md
import wxlive.errors
from wxlive.wechat.crypto import Envelope

envelope = Envelope("a" * 43, "wx0123456789abcdef")
assert envelope.decrypt(envelope.encrypt("\u4f60\u597d")) == "\u4f60\u597d"
assert charset_normalizer.md.__file__.endswith(".so")
print(wxlive.errors.__file__)
"""
"""Imports every handler, and calls what is compiled for one Python or for all."""

MAKEFILE = (ROOT / "layers" / "wxlive" / "Makefile").read_text(encoding="utf-8")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("build")]


@pytest.fixture(scope="module")
def built() -> Iterator[Path]:
    """The directory of the build, which is cached while nothing changes."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as run:
        (Path(run) / "aws" / "tmp").mkdir(parents=True)
        yield build(Path(run)).parent


def left_out() -> list[str]:
    """The packages, and the parts of packages, that the layer leaves out."""
    text = MAKEFILE.replace("\\\n", " ")
    [whole] = re.findall(r"^LEFT_OUT := (.*?) \$\(", text, re.MULTILINE)
    [parts] = re.findall(r"^POWERTOOLS_LEFT_OUT := (.*)$", text, re.MULTILINE)
    return [*whole.split(), *(f"aws_lambda_powertools/utilities/{p}" for p in parts.split())]


@pytest.mark.parametrize(("layer", "machine"), LAYERS.items())
def test_every_library_of_a_layer_is_compiled_for_its_architecture(
    built: Path, layer: str, machine: str
) -> None:
    libraries = list((built / layer).rglob("*.so"))
    expected = {
        f"_cffi_backend.cpython-{version.replace('.', '')}-{machine}-linux-gnu.so"
        for version in VERSIONS
    }

    assert {"_rust.abi3.so"} | expected <= {library.name for library in libraries}
    for library in libraries:
        header = library.read_bytes()[:20]
        assert struct.unpack_from("<H", header, 18)[0] == ELF_MACHINES[machine]


def test_the_layers_differ_in_nothing_but_their_libraries(built: Path) -> None:
    arm64, x86_64 = (
        {
            str(file.relative_to(built / layer)).replace(machine, "MACHINE")
            for file in (built / layer).rglob("*")
        }
        for layer, machine in LAYERS.items()
    )

    assert arm64 == x86_64
    assert "python/wxlive/errors.py" in arm64


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_has_the_compiled_catalogue_without_its_source(built: Path, layer: str) -> None:
    locale = built / layer / "python/wxlive/locale"

    assert [file.name for file in locale.rglob("*") if file.is_file()] == ["wxlive.mo"]


@pytest.mark.parametrize("version", VERSIONS)
def test_one_layer_serves_every_runtime(built: Path, version: str, tmp_path: Path) -> None:
    python = python_of(version)
    if python is None:
        pytest.skip(f"this machine has no Python {version}; test_runtimes.py checks its wheels")
    boto3 = Path(str(find_spec("boto3").origin)).parents[1]  # type: ignore[union-attr]  # installed
    for name in SHIPPED_WITH_LAMBDA:
        (tmp_path / name).symlink_to(boto3 / name)
    path = [*(built / name for name in FUNCTIONS), host_layer(built), tmp_path]
    handlers = [f"wxlive_{service}.handler" for service in FUNCTIONS.values()]

    done = subprocess.run(
        [str(python), "-B", "-W", "error::SyntaxWarning", "-c", RUN, *handlers],
        env={"PYTHONPATH": ":".join(map(str, path)), "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        check=False,
        text=True,
    )

    assert not done.returncode, done.stderr
    assert done.stdout.strip() == str(host_layer(built) / "wxlive" / "errors.py")


@pytest.mark.parametrize("layer", LAYERS)
def test_what_no_function_imports_is_left_out(built: Path, layer: str) -> None:
    packages = built / layer / "python"

    assert (packages / "aws_lambda_powertools" / "logging").is_dir()
    assert [name for name in left_out() if (packages / name).exists()] == []


@pytest.mark.parametrize("name", left_out())
def test_what_is_left_out_exists(name: str) -> None:
    """Otherwise a package was renamed or removed, and the list is out of date."""
    top, *_ = name.split("/")
    spec = find_spec(top)
    assert spec is not None
    assert spec.origin is not None
    assert (Path(spec.origin).parents[1] / name).is_dir()


@pytest.mark.parametrize("part", [*LAYERS, *FUNCTIONS])
def test_every_source_is_compiled_and_its_bytecode_is_used_without_comparing_dates(
    built: Path, part: str
) -> None:
    sources = list((built / part).rglob("*.py"))
    prefix = "/opt/python" if part in LAYERS else "/var/task"

    assert sources
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-311.pyc"
        content = compiled.read_bytes()
        hashed, checked = struct.unpack("<I", content[4:8])[0] & 1, content[4] & 2
        assert (hashed, checked) == (1, 0)
        assert marshal.loads(content[16:]).co_filename.startswith(prefix)  # noqa: S302 - our own


def test_the_nested_template_is_part_of_the_build(built: Path) -> None:
    text = (built / "Monitoring" / "template.yaml").read_text(encoding="utf-8")

    assert "<<" not in text
    assert "SyncStaleAlarm" in text
