"""How large the functions and the layer are as built, and what starting them costs: ``make sizes``.

Writes ``benchmarks/sizes.json`` and the tables of ``docs/performance.md``.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import bench_cold_start
from measuring import Measurement
from pages import fill

from wxlive_local.deploy import build, host_architecture

ROUNDS = 7
RESULT = Path(__file__).with_name("sizes.json")
DOC = Path(__file__).parents[1] / "docs" / "performance.md"
LAYER = "WxliveLayer"
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
    "xmltodict": "xmltodict",
    "cryptography": "cryptography",
    "_cffi_backend": "cryptography",
    "wxlive": "wxlive",
}
COLUMNS = [*dict.fromkeys(PACKAGES.values()), "Python's own"]


def main() -> None:
    """Measure, write the tables."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(host_architecture(), Path(folder)).parent
        parts = sorted(part for part in built.iterdir() if part.is_dir())
        sizes = {part.name: _megabytes(part) for part in parts}
        packages = _packages(built / LAYER / "python")
        imports = {
            part.name: _imports(part, built / LAYER / "python")
            for part in parts
            if part.name != LAYER
        }
    cold = bench_cold_start.measure()
    facts = {
        "sizes_mb": sizes,
        "layer_mb": packages,
        "imports_ms": imports,
        "cold_start": [one.as_json() for one in cold],
    }
    RESULT.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    fill(DOC, "sizes", _size_lines(sizes))
    fill(DOC, "layer", _layer_lines(packages))
    fill(DOC, "imports", _import_lines(imports))
    fill(DOC, "cold starts", _cold_lines(cold))


def _megabytes(part: Path) -> dict[str, float]:
    """Weigh a built part, packed and unpacked."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(shutil.make_archive(str(Path(folder) / "part"), "zip", part))
        zipped = packed.stat().st_size
    return {"zipped": round(zipped / 1e6, 3), "unzipped": round(_bytes(part) / 1e6, 3)}


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _packages(layer: Path) -> dict[str, float]:
    """Weigh what lies in the layer, unpacked, heaviest first."""
    weights = {
        entry.name: _bytes(entry) if entry.is_dir() else entry.stat().st_size
        for entry in layer.iterdir()
    }
    heavy = sorted(weights.items(), key=lambda pair: -pair[1])
    return {name: round(weight / 1e6, 2) for name, weight in heavy if weight > 50_000}  # noqa: PLR2004 - the rest is small


def _imports(function: Path, layer: Path) -> dict[str, float]:
    """Milliseconds of a handler's imports by package, each module's own time, median of rounds."""
    rounds = defaultdict[str, list[float]](list)
    [package] = [entry.name for entry in function.iterdir() if entry.name.startswith("wxlive_")]
    for _ in range(ROUNDS):
        found = _import_once(f"{package}.handler", function, layer)
        for name in COLUMNS:
            rounds[name].append(found[name] / 1000)
    return {name: round(statistics.median(times), 1) for name, times in rounds.items()}


def _import_once(handler: str, function: Path, layer: Path) -> Counter[str]:
    """Import it in a new process; returns microseconds by package."""
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{function}:{layer}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    words = [sys.executable, "-X", "importtime", "-c", f"import {handler}"]
    done = subprocess.run(words, env=env, capture_output=True, check=True, text=True)
    spent = Counter[str]()
    for line in done.stderr.splitlines():
        own, _, name = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            top = name.strip().split(".")[0]
            ours = "wxlive" if top.startswith("wxlive") else PACKAGES.get(top, COLUMNS[-1])
            spent[ours] += int(own)
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


def _cold_lines(cold: list[Measurement]) -> Iterable[str]:
    yield "| function | floor ms | first answer ms | ratio | spread |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for one in cold:
        yield (
            f"| {one.name.removeprefix('cold start, ')} | {one.floor:.0f} | {one.figure:.0f} "
            f"| {one.ratio:.2f} | {min(one.ratios):.2f} to {max(one.ratios):.2f} |"
        )


if __name__ == "__main__":
    main()
