"""Make docs/checks.md: the reference of checks, criteria and profiles, from the code and the catalogs themselves."""

from collections.abc import Iterator
from pathlib import Path

from govkit.assessment.catalogs import load
from govkit.assessment.profiles import load_profile
from govkit.core.control import Criterion
from govkit.core.frozen import field_texts
from govkit.plugins.check import CHECKS, Check
from govkit.resources import shipped

PLACE = Path(__file__).parent.parent / "docs" / "checks.md"


def reference() -> str:
    """Give the text of the page."""
    return "\n".join(lines()) + "\n"


def lines() -> Iterator[str]:
    """Write the page line by line."""
    catalog, checks = load(), CHECKS.all()
    names = sorted(file.name.removesuffix(".yaml") for file in (shipped("controls") / "profiles").iterdir())
    gated = {name: set(load_profile(name, catalog).gate) for name in names}
    yield "# Checks"
    yield ""
    yield "Made by `python tools/make_reference.py` from the checks themselves and from `controls/`; do not edit."
    yield "A check measures; the criteria under it decide. `govkit explain ID` prints the same for one id."
    for found in checks.values():
        yield from page(found, [item for item in catalog.criteria if item.check == found.id], gated)
    yield ""
    yield "# Not measured by this version"
    yield ""
    yield "Controls call for these too; they count as missing evidence wherever they are named."
    yield ""
    yield from (f"- `{name}`: {what}" for name, what in sorted(catalog.unmeasured.items()))


def page(found: Check, criteria: list[Criterion], gated: dict[str, set[str]]) -> Iterator[str]:
    """Write one check."""
    facts = found.facts()
    yield ""
    yield f"## {found.id}"
    yield ""
    yield f"**{facts.title}.** {facts.summary}"
    sections = (
        ("Why", facts.why),
        ("Method", facts.method),
        ("Limits", facts.limits),
        ("References", facts.references),
    )
    for title, text in sections:
        if text:
            yield ""
            yield f"{title}: {text}"
    yield ""
    yield "| measures | unit | meaning |"
    yield "| --- | --- | --- |"
    yield from (f"| `{emit.name}` | {emit.unit} | {emit.meaning} |" for emit in found.emits)
    if found.params.model_fields:
        yield ""
        yield "| parameter | default | meaning |"
        yield "| --- | --- | --- |"
        texts = field_texts(found.params)
        for name, field in found.params.model_fields.items():
            yield f"| `checks.{found.id}.{name}` | `{field.default!r}` | {texts.get(name, '')} |"
    if criteria:
        yield ""
        yield "| criterion | required | gated by | why |"
        yield "| --- | --- | --- | --- |"
        for item in criteria:
            profiles = ", ".join(name for name, ids in gated.items() if item.id in ids) or "none"
            yield f"| `{item.id}` | {item.operator} {item.threshold:g} {item.unit} | {profiles} | {item.why} |"


if __name__ == "__main__":
    PLACE.write_text(reference())
