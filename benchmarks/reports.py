"""Measure what the reports of a record cost: CPU seconds, memory and bytes, each format in a process of its own.

Run `python -m benchmarks.reports govkit-out/audit.json` in the repository.
"""

import multiprocessing
import resource
import sys
import time
from pathlib import Path

from govkit.delivery import formats_named
from govkit.records import read_record

FORMATS = ("html", "pdf", "card-html", "card-pdf", "card-md")


def measure(path: str, name: str) -> tuple[float, float, int]:
    """Give CPU seconds, peak memory in MiB and size in bytes of one format, imports included."""
    (report,) = formats_named((name,))
    record = read_record(Path(path))
    content = report.render(record)
    return time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(content)


def main() -> None:
    """Print one line for each format."""
    for name in FORMATS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, memory, size = pool.apply(measure, (sys.argv[1], name))
        print(f"{name:12} {seconds:5.2f} s CPU {memory:6.0f} MiB {size / 1024:7.0f} KiB")


if __name__ == "__main__":
    main()
