"""How large the built functions and the layer are, and how long they take to start."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench_harness.cold_starts import measure_cold_starts
from bench_harness.doc_pages import PERFORMANCE_PAGE, fill_section
from bench_harness.measurement import Measurement
from wxlive_local.deploy import build, host_layer

ROUNDS = 7
RESULT = Path(__file__).with_name("sizes.json")
SMALL_BYTES = 50_000
"""Packages up to this size are left out."""

PACKAGES = {
    "boto3": "boto3",
    "botocore": "boto3",
    "s3transfer": "boto3",
    "jmespath": "boto3",
    "dateutil": "boto3",
    "aws_lambda_powertools": "powertools",
    "requests": "requests",
    "charset_normalizer": "requests",
    "idna": "requests",
    "certifi": "requests",
    "urllib3": "urllib3",
    "cryptography": "cryptography",
    "_cffi_backend": "cryptography",
    "wxlive": "wxlive",
}
COLUMNS = [*dict.fromkeys(PACKAGES.values()), "Python's own"]


@dataclass(frozen=True)
class Sizes:
    """Megabytes of each built part and of each package in the layer; milliseconds of imports."""

    parts_mb: dict[str, dict[str, float]]
    layer_mb: dict[str, float]
    imports_ms: dict[str, dict[str, float]]
    cold_starts: list[Measurement]


def measure_sizes() -> Sizes:
    """Build the template, and measure what was built."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(Path(folder)).parent
        layer = host_layer(built)
        functions = sorted(built.glob("*Function"))
        parts_mb = {part.name: _megabytes(part) for part in [*functions, layer.parent]}
        layer_mb = _packages(layer)
        imports_ms = {part.name: _imports(part, layer) for part in functions}
    return Sizes(parts_mb, layer_mb, imports_ms, measure_cold_starts())


def write_sizes(sizes: Sizes) -> None:
    """Write ``sizes.json`` and the tables of ``docs/performance.md``."""
    facts = {
        "sizes_mb": sizes.parts_mb,
        "layer_mb": sizes.layer_mb,
        "imports_ms": sizes.imports_ms,
        "cold_start": [one.as_json() for one in sizes.cold_starts],
    }
    RESULT.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    fill_section(PERFORMANCE_PAGE, "sizes", _size_lines(sizes.parts_mb))
    fill_section(PERFORMANCE_PAGE, "layer", _layer_lines(sizes.layer_mb))
    fill_section(PERFORMANCE_PAGE, "imports", _import_lines(sizes.imports_ms))
    fill_section(PERFORMANCE_PAGE, "cold starts", _cold_start_lines(sizes.cold_starts))


def _megabytes(part: Path) -> dict[str, float]:
    """Return the size of a built part, zipped and unzipped."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(shutil.make_archive(str(Path(folder) / "part"), "zip", part))
        zipped = packed.stat().st_size
    return {"zipped": round(zipped / 1e6, 3), "unzipped": round(_bytes(part) / 1e6, 3)}


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _packages(layer: Path) -> dict[str, float]:
    """Return the unzipped size of each package in the layer, the largest first."""
    sizes = {
        entry.name: _bytes(entry) if entry.is_dir() else entry.stat().st_size
        for entry in layer.iterdir()
    }
    largest_first = sorted(sizes.items(), key=lambda pair: -pair[1])
    return {name: round(size / 1e6, 2) for name, size in largest_first if size > SMALL_BYTES}


def _imports(function: Path, layer: Path) -> dict[str, float]:
    """Return the milliseconds of a handler's imports by package: own times, median of rounds."""
    rounds = defaultdict[str, list[float]](list)
    [package] = [entry.name for entry in function.iterdir() if entry.name.startswith("wxlive_")]
    for _ in range(ROUNDS):
        found = _import_once(f"{package}.handler", function, layer)
        for name in COLUMNS:
            rounds[name].append(found[name] / 1000)
    return {name: round(statistics.median(times), 1) for name, times in rounds.items()}


def _import_once(handler: str, function: Path, layer: Path) -> Counter[str]:
    """Import a handler in a new process; returns microseconds by package."""
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{function}:{layer}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [sys.executable, "-X", "importtime", "-c", f"import {handler}"]
    done = subprocess.run(command, env=env, capture_output=True, check=True, text=True)
    spent = Counter[str]()
    for line in done.stderr.splitlines():
        own, _, name = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            top = name.strip().split(".")[0]
            column = "wxlive" if top.startswith("wxlive") else PACKAGES.get(top, COLUMNS[-1])
            spent[column] += int(own)
    return spent


def _size_lines(sizes: dict[str, dict[str, float]]) -> Iterable[str]:
    yield "| as built | zipped MB | unzipped MB |"
    yield "| --- | ---: | ---: |"
    for name, size in sizes.items():
        yield f"| {name} | {size['zipped']:.2f} | {size['unzipped']:.2f} |"


def _layer_lines(packages: dict[str, float]) -> Iterable[str]:
    yield "| in the layer | MB unzipped |"
    yield "| --- | ---: |"
    for name, size in packages.items():
        yield f"| {name} | {size:.2f} |"


def _import_lines(imports: dict[str, dict[str, float]]) -> Iterable[str]:
    yield f"| function, ms | {' | '.join(COLUMNS)} | in all |"
    yield f"| --- |{' ---: |' * (len(COLUMNS) + 1)}"
    for name, spent in imports.items():
        cells = " | ".join(f"{spent[column]:.0f}" for column in COLUMNS)
        yield f"| {name} | {cells} | {sum(spent.values()):.0f} |"


def _cold_start_lines(cold: list[Measurement]) -> Iterable[str]:
    yield "| function | floor ms | first answer ms | ratio | spread |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for one in cold:
        yield (
            f"| {one.name.removeprefix('cold start, ')} | {one.floor:.0f} | {one.figure:.0f} "
            f"| {one.ratio:.2f} | {min(one.ratios):.2f} to {max(one.ratios):.2f} |"
        )
