"""Count findings that rest on p-values where nothing is wrong: `python benchmarks/null.py [SAMPLES] [WORD ...]`.

Data are drawn without any difference, shift or weak part, in shapes chosen to be hard: ties, skew, rare categories, few
rows. A line gives the rule, its nominal rate, and the highest rate over its settings with Clopper and Pearson's limits
and the number of samples, which is smaller where one takes long. A rate whose lower limit, at 95 % over all settings of
the rule, exceeds the nominal one is marked. Where several columns, slices or attacks are judged at once, a sample
counts once, whatever the number of findings. `WORD` restricts to rules that hold one.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a file, this folder alone would be searched

from benchmarks.nulls import drift, models, quality
from benchmarks.nulls.rule import Trial
from govkit.stats import intervals, multiple


def rate(trial: Trial, samples: int) -> tuple[float, int, int, str]:
    """Give the share of samples in which a rule spoke up, how many did, of how many, and the setting."""
    rng, drawn = np.random.default_rng(1), min(samples, trial.most)
    hits = sum(trial.spoke(rng) for _ in range(drawn))
    return hits / drawn, hits, drawn, trial.setting


def main() -> None:
    """Print the table, a line as soon as its rule is done."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    words = sys.argv[2:] or [""]
    trials = [
        trial
        for trial in (*drift.trials(), *quality.trials(), *models.trials())
        if any(word in trial.rule for word in words)
    ]
    above = []
    print("| rule | nominal | settings | samples | highest rate | setting |\n| --- | ---: | ---: | ---: | --- | --- |")
    for rule in dict.fromkeys(trial.rule for trial in trials):
        own = [trial for trial in trials if trial.rule == rule]
        lines, nominal = [rate(trial, samples) for trial in own], own[0].nominal
        highest, hits, drawn, setting = max(lines)
        low, high = intervals.share_limits(hits, drawn)
        shown = f"{highest:.1%} ({low:.1%} to {high:.1%})"
        print(f"| {rule} | {nominal:.2%} | {len(own)} | {drawn:,} | {shown} | {setting} |", flush=True)
        level = multiple.simultaneous(0.95, len(own))
        above += [
            f"above: {rule}, {line[3]}: {line[0]:.1%} of {line[2]}"
            for line in sorted(lines, reverse=True)
            if intervals.share_limits(line[1], line[2], level)[0] > nominal
        ]
    print("\n".join(above))


if __name__ == "__main__":
    main()
