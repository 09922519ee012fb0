"""Send hostile requests to the callback: ``python benchmarks/hostile.py 1000000``."""

import sys

from bench_hostile import REQUESTS, send_hostile

if __name__ == "__main__":
    result = send_hostile(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS)
    print(
        f"{dict(result.answers)} worst {max(result.cpu_ms):.0f} ms, {max(result.peaks_mib):.1f} MiB"
    )
