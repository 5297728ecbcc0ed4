"""Read what a check yielded, and read small tables as it would."""

from pathlib import Path

from govkit.core.evidence import Evidence, Finding, Measurement, Outcome, Table
from govkit.core.messages import sentence
from govkit.inputs.dataset import Dataset, read_dataset
from govkit.plugins.check import CHECKS


class Products:
    """Measurements by name, findings and tables of one run."""

    def __init__(self, check: str, yielded) -> None:
        self.all = list(yielded)
        declared = {emit.name: emit.unit for emit in CHECKS.all()[check].emits}
        messages = CHECKS.all()[check].messages
        self.measurements = [item for item in self.all if isinstance(item, Measurement)]
        assert all(declared[item.name] == item.unit for item in self.measurements)
        self.findings = [item for item in self.all if isinstance(item, Finding)]
        self.tables = [item for item in self.all if isinstance(item, Table)]
        self.sentences = [sentence(found.message, messages) for found in self.findings]
        assert all(found.message.id in messages for found in self.findings)
        self.evidence = Evidence(
            check=check,
            check_version="",
            outcome=Outcome.MEASURED,
            measurements=tuple(self.measurements),
            findings=tuple(self.findings),
            tables=tuple(self.tables),
        )

    def __getitem__(self, name: str) -> float:
        (found,) = [item for item in self.measurements if item.name == name]
        return found.value

    def measurement(self, name: str, **group: str) -> Measurement:
        (found,) = [item for item in self.measurements if item.name == name and (not group or item.group == group)]
        return found

    @property
    def names(self) -> set[str]:
        return {item.name for item in self.measurements}

    @property
    def text(self) -> str:
        return self.evidence.model_dump_json() + "".join(self.sentences)


def table(folder: Path, columns: dict[str, list[object]], *, role: str = "test", name: str = "data.csv") -> Dataset:
    """Write a CSV file and read it as govkit does."""
    lines = [",".join(columns)]
    lines += [",".join(_cell(value) for value in row) for row in zip(*columns.values(), strict=True)]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_dataset(folder / name, role=role)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f'"{text}"' if "," in text or not text else text
