"""Two tables drawn alike, and one whose answers stay as good as they were."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pandas as pd

from benchmarks.nulls.rule import Random, Trial
from govkit.checks.drift._compare import shift_of
from govkit.checks.drift.concept import _compared, _worse
from govkit.checks.drift.features import DriftParams, _named, _shifts
from govkit.checks.drift.prediction import SIGNIFICANT
from govkit.checks.drift.prediction import _compared as _answers
from govkit.config import Config
from govkit.core.evidence import Finding
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.reference import profile_of
from govkit.monitoring import _corrected

COLUMNS: dict[str, Callable[[Random, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "tied": lambda rng, n: rng.poisson(0.7, n).astype(np.float64),
    "lognormal, a third 0": lambda rng, n: rng.lognormal(0, 2, n) * (rng.random(n) < 0.67),
    "40 uneven categories": lambda rng, n: np.char.add("c", np.minimum(rng.geometric(0.12, n), 40).astype(str)),
    "40 even categories": lambda rng, n: np.char.add("c", rng.integers(0, 40, n).astype(str)),
}


def trials() -> Iterator[Trial]:
    """Give shifts of columns, of answers, and over time."""
    for rows, now in ((50, 50), (300, 100), (100, 2_000), (2_000, 2_000)):
        for kind, draw in COLUMNS.items():
            setting = f"{rows} and {now} rows, 10 columns, {kind}"
            yield Trial("drifted column (DRI-001, any index)", 0.05, setting, columns(draw, rows, now), 400)
            yield Trial(
                "drift against a profile (`govkit drift compare`)", 0.05, setting, profiled(draw, rows, now), 400
            )
        for shares in ((0.5, 0.5), (0.96, 0.04), (0.9, *[0.01] * 10)):
            setting = f"{rows} and {now} rows, {len(shares)} classes, rarest {min(shares):g}"
            yield Trial("shift of answers (DRI-010)", SIGNIFICANT, setting, answers(rows, now, np.array(shares)))
        for kind in ("normal", "tied"):
            yield Trial(
                "shift of answers (DRI-010)",
                SIGNIFICANT,
                f"{rows} and {now} values, {kind}",
                values(COLUMNS[kind], rows, now),
            )
    for sizes, error in (((30, 30), 0.05), ((30, 30), 0.3), ((300, 300), 0.02), ((1_000, 100), 0.01)):
        yield Trial(
            "accuracy falls with time (DRI-020)",
            0.025,
            f"{sizes} rows, error {error:g}",
            later(sizes, lambda rng, n, error=error: (rng.random(n) < error) * 1.0, binary=True),
        )
    for sizes in ((30, 30), (300, 300), (1_000, 100)):
        yield Trial(
            "errors grow with time (DRI-020)",
            0.025,
            f"{sizes} rows, exponential",
            later(sizes, lambda rng, n: rng.exponential(1, n), binary=False),
        )


def table(rng: Random, draw: Callable[[Random, int], np.ndarray], rows: int, many: int = 10) -> SimpleNamespace:
    """Draw a table as the checks read it."""
    frame = pd.DataFrame({f"c{place}": draw(rng, rows) for place in range(many)})
    return SimpleNamespace(frame=frame, columns=tuple(frame.columns), sha256="0" * 64, rows=rows)


def columns(draw: Callable[[Random, int], np.ndarray], rows: int, now: int) -> Callable[[Random], bool]:
    """Compare ten columns of two tables, as `drift.features` does, by the tests alone: the index only takes away."""
    params = DriftParams.model_construct(psi=0.0, rate=0.05)

    def spoke(rng: Random) -> bool:
        train, test = table(rng, draw, rows), table(rng, draw, now)
        shifts = _shifts(profile_of(train, Disclosure(Config())), train, test, train.columns, seed=1)
        return any(isinstance(one, Finding) for one in _named(shifts, "DATA", params))

    return spoke


def profiled(draw: Callable[[Random, int], np.ndarray], rows: int, now: int) -> Callable[[Random], bool]:
    """Compare ten columns with the profile of earlier ones, as `govkit drift compare` does."""

    def spoke(rng: Random) -> bool:
        profile, later_rows = profile_of(table(rng, draw, rows), Disclosure(Config())), table(rng, draw, now)
        found = [shift_of(name, profile, later_rows.frame[name], seed=1) for name in profile.columns]
        return any(one.chance <= 0.05 for one in _corrected(one for one in found if one))

    return spoke


def answers(rows: int, now: int, shares: np.ndarray) -> Callable[[Random], bool]:
    """Compare classes of two tables, as `drift.prediction` does."""
    task = SimpleNamespace(is_classification=True, names=[f"class {place}" for place in range(len(shares))])

    def spoke(rng: Random) -> bool:
        both = tuple(rng.choice(len(shares), n, p=shares) for n in (rows, now))
        return any(isinstance(one, Finding) for one in _answers("label_index", "DATA", both, task, 1))

    return spoke


def values(draw: Callable[[Random, int], np.ndarray], rows: int, now: int) -> Callable[[Random], bool]:
    """Compare target values of two tables, as `drift.prediction` does."""
    task = SimpleNamespace(is_classification=False)

    def spoke(rng: Random) -> bool:
        both = draw(rng, rows), draw(rng, now)
        return any(isinstance(one, Finding) for one in _answers("label_index", "DATA", both, task, 1))

    return spoke


def later(
    sizes: tuple[int, int], draw: Callable[[Random, int], np.ndarray], *, binary: bool
) -> Callable[[Random], bool]:
    """Compare the errors of the first third with those of the last."""
    task = SimpleNamespace(is_classification=binary)

    def spoke(rng: Random) -> bool:
        first, last = (draw(rng, n) for n in sizes)
        return _worse(_compared(first, last, task), first, last, task)

    return spoke
