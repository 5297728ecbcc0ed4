"""Profiles of training rows, and later rows held against them without the training rows."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from govkit.checks.drift._compare import Shift, shift_of
from govkit.config import Config, find
from govkit.core.digest import canonical
from govkit.core.errors import UsageProblem
from govkit.inputs.dataset import Dataset, read_dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.reference import Profile, profile_of, read_profile
from govkit.strict_yaml import read

SEED = 20261
"""For the bootstrap of the stability index."""


def write_profile(data: Path, out: Path, config: Path | None = None) -> Profile:
    """Make the profile of a table and write it as canonical JSON.

    Raises:
        InputProblem: the table can't be read.
        UsageProblem: govkit.yaml is wrong, or the profile can't be written there.
    """
    settings = _settings(data, config)
    rows = read_dataset(data, role="train", options=settings.csv)
    profile = profile_of(rows, Disclosure(settings), _names(rows, settings))
    try:
        out.write_bytes(canonical(profile) + b"\n")
    except OSError as error:
        raise UsageProblem(f"{out} can't be written: {error.strerror}", hint="give another place: --out") from None
    return profile


def compare_with_profile(
    reference: Path, data: Path, config: Path | None = None
) -> tuple[tuple[Shift, ...], tuple[str, ...]]:
    """Compare a table with a profile, column by column.

    Returns:
        Each column's shift, the largest first, with p-values corrected for their number (Benjamini and Hochberg), and
        the profile's columns that the table lacks or has too few values of.

    Raises:
        InputProblem: a file can't be read, or the first is no profile.
    """
    profile = read_profile(reference)
    rows = read_dataset(data, role="production", options=_settings(data, config).csv)
    found = {
        name: shift_of(name, profile, rows.frame[name], seed=SEED) for name in profile.columns if name in rows.columns
    }
    shifts = _corrected(shift for shift in found.values() if shift)
    return shifts, tuple(name for name in profile.columns if not found.get(name))


def _corrected(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    from scipy.stats import false_discovery_control

    ordered = sorted(shifts, key=lambda one: (-one.index, one.column))
    if not ordered:
        return ()
    adjusted = false_discovery_control([one.chance for one in ordered])
    return tuple(replace(one, chance=float(chance)) for one, chance in zip(ordered, adjusted, strict=True))


def _settings(data: Path, config: Path | None) -> Config:
    place = config or find(data.parent)
    return read(place).parse(Config) if place else Config()


def _names(rows: Dataset, settings: Config) -> tuple[str, ...]:
    """Leave out what is no feature by declaration."""
    others = {settings.row_id, settings.columns.time, settings.columns.weight, *settings.columns.ignore}
    return tuple(name for name in rows.columns if name not in others)
