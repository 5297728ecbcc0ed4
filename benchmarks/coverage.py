"""Count how often each kind of interval holds the true value: `python benchmarks/coverage.py [SAMPLES] [WORD ...]`.

Every interval states 95 %. Samples are drawn anew each time from a model whose true value is known, over the sizes that
the method declares and in settings chosen to be hard: rare events, ties, skew, one small class. Printed is a Markdown
table, one line a method: settings, samples of each (fewer where one takes long), the lowest share covered with its
setting, the mean, and how often no interval was given at most. A missing end counts as reaching all the way. `WORD`
restricts to methods whose name holds one. Intervals of the privacy checks: `benchmarks/privacy_intervals.py`.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a file, this folder alone would be searched

from benchmarks.truths import areas, averages, columns, probabilities, rates, shares
from benchmarks.truths.case import Case

BELOW = 0.93


def covered(case: Case, samples: int) -> tuple[float, float, int, str]:
    """Give the share of samples whose interval holds the truth, the share without one, samples and setting."""
    rng, drawn = np.random.default_rng(1), min(samples, case.most)
    hits = without = 0
    for _ in range(drawn):
        interval, truth = case.draw(rng)
        low, high = (
            end if end is not None else edge for end, edge in ((interval.low, -np.inf), (interval.high, np.inf))
        )
        hits += low - 1e-9 <= truth <= high + 1e-9
        without += interval.high is None
    return hits / drawn, without / drawn, drawn, case.setting


def main() -> None:
    """Print the table, a line as soon as its method is done."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    words = sys.argv[2:] or [""]
    cases = [
        case
        for part in (shares, rates, areas, averages, probabilities, columns)
        for case in part.cases()
        if any(word in case.method for word in words)
    ]
    below = []
    print("| interval | settings | samples | lowest share covered | mean | without an interval, at most |")
    print("| --- | ---: | ---: | --- | ---: | ---: |")
    for method in dict.fromkeys(case.method for case in cases):
        lines = [covered(case, samples) for case in cases if case.method == method]
        low, _, drawn, setting = min(lines)
        mean, without = np.mean([line[0] for line in lines]), max(line[1] for line in lines)
        print(
            f"| {method} | {len(lines)} | {drawn:,} | {low:.1%} ({setting}) | {mean:.1%} | {without:.0%} |", flush=True
        )
        below += [f"below {BELOW:.0%}: {method}, {line[3]}: {line[0]:.1%}" for line in sorted(lines) if line[0] < BELOW]
    print("\n".join(below))


if __name__ == "__main__":
    main()
