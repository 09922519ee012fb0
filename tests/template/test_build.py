"""What `sam build` alone makes for Lambda: the layer of each architecture, the functions."""

import marshal
import re
import struct
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.template import FUNCTIONS
from wxlive_local.deploy import build
from wxlive_local.paths import BUILD, ROOT

LAYERS = {"WxliveLayerArm64": "aarch64", "WxliveLayerX8664": "x86_64"}
ELF_MACHINES = {"aarch64": 0xB7, "x86_64": 0x3E}
RUNTIME_GLIBC = (2, 26)
"""That of Amazon Linux 2, on which Lambda's python3.11 runs."""

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


def glibc_of(tag: str) -> tuple[int, int]:
    """The version of the C library that a wheel with this tag needs."""
    found = re.search(r"manylinux_(\d+)_(\d+)", tag.replace("manylinux2014", "manylinux_2_17"))
    assert found, tag
    return int(found[1]), int(found[2])


@pytest.mark.parametrize(("layer", "machine"), LAYERS.items())
def test_every_wheel_of_a_layer_is_for_its_architecture_and_lambdas_libc(
    built: Path, layer: str, machine: str
) -> None:
    wheels = list((built / layer / "python").glob("*.dist-info/WHEEL"))
    tags = [re.findall(r"^Tag: (.*)$", w.read_text(encoding="utf-8"), re.MULTILINE) for w in wheels]
    native = [listed for listed in tags if not listed[0].endswith("-any")]

    assert len(wheels) > 8
    assert len(native) >= 3
    for listed in native:
        assert all(tag.endswith(f"_{machine}") for tag in listed)
        # Of several tags the most modest one counts.
        assert min(glibc_of(tag) for tag in listed) <= RUNTIME_GLIBC


@pytest.mark.parametrize(("layer", "machine"), LAYERS.items())
def test_every_library_of_a_layer_is_compiled_for_its_architecture(
    built: Path, layer: str, machine: str
) -> None:
    libraries = list((built / layer).rglob("*.so"))

    assert {"_rust.abi3.so"} <= {library.name for library in libraries}
    for library in libraries:
        header = library.read_bytes()[:20]
        assert struct.unpack_from("<H", header, 18)[0] == ELF_MACHINES[machine]


def test_the_layers_differ_in_nothing_but_their_libraries(built: Path) -> None:
    sources = [
        {str(file.relative_to(built / layer)) for file in (built / layer).rglob("*.py")}
        for layer in LAYERS
    ]

    assert sources[0] == sources[1]
    assert "python/wxlive/errors.py" in sources[0]


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
