"""Measure the data checks on large tables: `python benchmarks/data_checks.py [ROWSxCOLUMNS ...] [OPTIONS]`.

Tables are drawn (numbers, small integers, words, a target), written as CSV and audited by `govkit audit data.csv
--profile data-only --budget quick` in a process of its own, with half of the rows as TRAIN where asked. Printed are CPU
seconds of everything and the largest resident memory of any process so far. `--peers PYTHON` names the interpreter of
an environment with Deepchecks: its data integrity suite runs on the same file, reading included, and the ratio of CPU
seconds is printed.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

DEFAULT = ("100000x30", "1000000x30", "500x2500", "500x10000")
PEER = """
import sys, pandas as pd
from deepchecks.tabular import Dataset
from deepchecks.tabular.suites import data_integrity
frame = pd.read_csv(sys.argv[1])
words = [name for name in frame.columns if name.startswith("word")]
data_integrity().run(Dataset(frame, label="target", cat_features=words)).save_as_html(sys.argv[2])
"""


def table(rows: int, columns: int, folder: Path) -> list[Path]:
    """Write a table and its halves."""
    rng = np.random.default_rng(0)
    kinds = [lambda: rng.normal(size=rows).round(4), lambda: rng.integers(0, 50, rows), lambda: rng.choice(WORDS, rows)]
    held = {f"{('number', 'count', 'word')[place % 3]}_{place}": kinds[place % 3]() for place in range(columns - 1)}
    frame = pd.DataFrame(held).assign(target=rng.integers(0, 2, rows))
    frame["target"] = (frame["number_0"] + rng.normal(size=rows) > 0).astype(int)
    files = [folder / name for name in ("data.csv", "test.csv", "train.csv")]
    for file, part in zip(files, (frame, frame[: rows // 2], frame[rows // 2 :]), strict=True):
        part.to_csv(file, index=False)
    (folder / "govkit.yaml").write_text("target: target\n", encoding="utf-8")
    return files


WORDS = ("red", "green", "blue", "yellow")


def spent(command: list[str]) -> tuple[float, float, int]:
    """Run a command; give CPU seconds, the largest memory in GB and the exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=quiet, capture_output=True, check=False)  # noqa: S603 - our own command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, after.ru_maxrss / 1e6, done.returncode


def main() -> None:
    """Print a line a size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=DEFAULT)
    parser.add_argument("--train", action="store_true", help="give half of the rows as TRAIN, so that comparisons run")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of an environment with Deepchecks")
    given = parser.parse_args()
    print("| rows | columns | TRAIN | CPU seconds | memory so far, GB | Deepchecks | ratio |", flush=True)
    print("| ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for size in given.sizes:
        rows, columns = (int(part) for part in size.split("x"))
        with tempfile.TemporaryDirectory() as name:
            whole, test, train = table(rows, columns, folder := Path(name))
            command = [
                sys.executable,
                "-m",
                "govkit",
                "audit",
                str(test if given.train else whole),
                "--profile",
                "data-only",
            ]
            command += ["--budget", "quick", "--out", str(folder / "out")]
            seconds, memory, code = spent(command + (["--train", str(train)] if given.train else []))
            line = f"| {rows:,} | {columns:,} | {'half' if given.train else 'none'} | {seconds:.0f} | {memory:.1f} |"
            if code not in {0, 1, 5}:
                line += f" (govkit ended with {code})"
            if given.peers:
                theirs, _, failed = spent(
                    [given.peers, "-W", "ignore", "-c", PEER, str(whole), str(folder / "peer.html")]
                )
                line += f" {'failed after ' if failed else ''}{theirs:.0f} | {theirs / seconds:.1f} |"
            print(line, flush=True)


if __name__ == "__main__":
    main()
