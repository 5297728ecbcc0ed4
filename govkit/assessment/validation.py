"""Check a folder of frameworks and profiles file by file, so that one mistake doesn't hide the next."""

from dataclasses import dataclass
from pathlib import Path

from govkit.assessment.catalogs import load
from govkit.assessment.profiles import load_profile
from govkit.core.errors import UsageProblem
from govkit.plugins.check import CHECKS


@dataclass(frozen=True)
class Validated:
    """What a folder holds and what is wrong with it."""

    frameworks: int
    controls: int
    """Controls of the frameworks without a problem."""
    profiles: int
    problems: tuple[UsageProblem, ...]
    """The first problem of each file."""


def validated(folder: Path) -> Validated:
    """Read every framework in a folder and every profile in its folder `profiles`.

    Raises:
        UsageProblem: the folder doesn't exist or holds neither.
    """
    frameworks = sorted(folder.glob("*.yaml"))
    profiles = sorted((folder / "profiles").glob("*.yaml"))
    if not frameworks and not profiles:
        hint = "name a folder with framework files, and profiles in its folder `profiles`"
        raise UsageProblem(f"{folder} holds neither frameworks nor profiles", hint=hint)
    checks = CHECKS.all()
    sound: list[Path] = []
    problems: list[UsageProblem] = []
    for file in frameworks:
        try:
            load([*sound, file])
            sound.append(file)
        except UsageProblem as problem:
            problems.append(problem)
    catalog = load(sound, checks=checks)
    for file in profiles:
        try:
            load_profile(str(file.resolve()), catalog, folder, checks=checks)
        except UsageProblem as problem:
            problems.append(problem)
    controls = [len(found.controls) for found in catalog.frameworks if found.id in catalog.own]
    return Validated(len(frameworks), sum(controls), len(profiles), tuple(problems))
