"""A model given as a file of its predictions: no process, no queries, answers matched to rows by their id."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govkit.config import Config, Label
from govkit.core.errors import InputProblem, UsageProblem
from govkit.core.evidence import Message
from govkit.core.record import Inference
from govkit.inputs.answering import Answers, Meaning, settle
from govkit.inputs.dataset import Dataset, read_dataset
from govkit.inputs.model import Artifact, Described
from govkit.inputs.task import same

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

MESSAGES = {
    "model.recorded": "{file} holds recorded predictions. Whether a model gave them can't be checked, and none can be "
    "asked anything further.",
}
SUFFIXES = frozenset({".csv", ".tsv", ".parquet", ".pq"})
LABEL_NAMES = frozenset("class label pred predicted predicted_class predicted_label prediction value y_pred".split())
NUMBER_NAMES = frozenset("anomaly_score p prob proba probability score y_prob y_score".split())
PREFIXES = ("probability_", "proba_", "prob_", "p_")
"""Before a class's label or name: `probability_yes`."""


@dataclass(frozen=True)
class _Layout:
    """Which column of the file holds what."""

    label: str | None
    numbers: tuple[str, ...]
    classes: tuple[Label, ...]
    """Of the columns of `numbers`, where each belongs to a class."""


class Recorded:
    """Predictions of the rows of DATA, and of TRAIN where the file holds them too."""

    def __init__(self, file: Dataset, row_id: str, layout: _Layout, meaning: Meaning) -> None:
        """Take the file and what its columns mean."""
        self._file = file
        self._row_id = row_id
        self._layout = layout
        self.meaning = meaning

    @property
    def described(self) -> Described:
        """What the predictions stand for."""
        return self.meaning.described

    def covers(self, dataset: Dataset) -> bool:
        """Say whether there is a prediction for every row."""
        if self._row_id not in dataset.columns:
            return False
        return not _positions(dataset.strings.column(self._row_id), self._ids).null_count

    def replayed(self, dataset: Dataset, rows: "NDArray[np.int64]") -> "Replay":
        """Give what is recorded for some rows of a data set, by their positions in it."""
        import numpy as np

        ids = dataset.strings.column(self._row_id).take(rows)
        return Replay(self.meaning, _answers(self._file, self._layout, np.asarray(_positions(ids, self._ids))))

    @property
    def _ids(self) -> "pa.ChunkedArray":
        return self._file.strings.column(self._row_id)


class Replay:
    """Recorded answers for certain rows; fulfils `inputs.model.Answering` for these alone."""

    def __init__(self, meaning: Meaning, answers: Answers) -> None:
        """Take the answers and what they mean."""
        self.described = meaning.described
        self._meaning = meaning
        self._answers = answers

    def predict(self, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        """Give the recorded label or value of each row."""
        del rows
        return self._meaning.labels(self._answers)

    def predict_proba(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give the recorded probabilities of each row."""
        del rows
        return self._meaning.probabilities(self._answers)

    def decision_function(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give the recorded score of each row."""
        del rows
        return self._meaning.scores(self._answers)


def is_recorded(reference: str) -> bool:
    """Say from the name whether a MODEL argument is a table."""
    return Path(reference).suffix.lower() in SUFFIXES


def open_recorded(
    path: Path, config: Config, test: Dataset, train: Dataset | None
) -> tuple[Artifact, Recorded, Inference]:
    """Read a predictions file and match its rows with those of the data.

    Raises:
        UsageProblem: the rows' id isn't declared, or the columns can't be told apart.
        InputProblem: the file can't be read, or its rows aren't those of the data.
    """
    import numpy as np

    file = read_dataset(path, role="predictions", options=config.csv)
    row_id = _row_id(file, config, test)
    _must_match(file, row_id, test, train)
    layout = _layout(file, row_id, config, test)
    target = test.frame[config.target] if config.target in test.columns else None
    first = _answers(file, layout, np.arange(file.rows))
    meaning, inferred = settle(first, config, target, named=layout.classes)
    if meaning.form in ("positive", "probability"):
        meaning.probabilities(first)
    artifact = Artifact(
        name=path.name,
        sha256=file.sha256,
        size=file.size,
        format="recorded predictions",
        source="predictions",
        notes=(Message(id="model.recorded", args={"file": path.name}), *file.notes),
    )
    return artifact, Recorded(file, row_id, layout, meaning), inferred


def _row_id(file: Dataset, config: Config, test: Dataset) -> str:
    if config.row_id is None:
        shared = [name for name in file.columns if name in test.columns and name != config.target]
        named = f" (one of {', '.join(shared[:8])})" if shared else ""
        raise UsageProblem(
            f"predictions in {file.name} are matched with rows by an id, and none is declared",
            hint=f"add one line to govkit.yaml: row_id: NAME{named}",
        )
    for one in (test, file):
        if config.row_id not in one.columns:
            raise UsageProblem(
                f"row_id names the column {config.row_id!r}, which {one.name} does not have",
                hint="both files need the column, with the same texts in it",
            )
    return config.row_id


def _must_match(file: Dataset, row_id: str, test: Dataset, train: Dataset | None) -> None:
    """Hold the ids against each other, as the texts that stand in the files.

    Raises:
        InputProblem: some are missing, there twice, or belong to no row; says how many and where, never which.
    """
    import pyarrow.compute as pc

    ids = file.strings.column(row_id)
    _must_be_unique(file, row_id)
    _must_be_unique(test, row_id)
    absent = _positions(test.strings.column(row_id), ids)
    if absent.null_count:
        raise InputProblem(
            f"{_rows(pc.is_null(absent), absent.null_count)} of {test.name} have no prediction in {file.name}",
            hint="give one prediction for every row; ids are compared exactly, with leading zeros and blanks",
        )
    known = _positions(ids, test.strings.column(row_id))
    if train is not None and row_id in train.columns:
        known = pc.coalesce(known, _positions(ids, train.strings.column(row_id)))
    if known.null_count:
        raise InputProblem(
            f"{_rows(pc.is_null(known), known.null_count)} of {file.name} belong to no row of {test.name}",
            hint="leave out predictions of other rows; those of TRAIN may be there if TRAIN has the column too",
        )


def _must_be_unique(data: Dataset, row_id: str) -> None:
    import pyarrow.compute as pc

    ids = data.strings.column(row_id)
    if ids.null_count:
        raise InputProblem(
            f"{_rows(pc.is_null(ids), ids.null_count)} of {data.name} have no {row_id}", hint="give every row an id"
        )
    extra = len(ids) - pc.count_distinct(ids).as_py()
    if extra:
        raise InputProblem(
            f"{extra:,} of {data.rows:,} rows of {data.name} repeat the {row_id} of another row",
            hint="give every row an id of its own",
        )


def _rows(mask: "pa.ChunkedArray", count: int) -> str:
    import pyarrow.compute as pc

    first = pc.index(mask, True).as_py() + 1
    return f"{count:,} row{'s' if count > 1 else ''} (the first is row {first:,})"


def _positions(ids: "pa.ChunkedArray", among: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow.compute as pc

    return pc.index_in(ids, value_set=among)


def _layout(file: Dataset, row_id: str, config: Config, test: Dataset) -> _Layout:
    """Tell the columns apart by their names; those that DATA has too are no predictions."""
    own = [name for name in file.columns if name not in test.columns]
    if not own and config.target in file.columns:
        own = [config.target]
    labels = [name for name in own if name.strip().lower() in LABEL_NAMES]
    single = [name for name in own if name.strip().lower() in NUMBER_NAMES]
    others = [name for name in own if name not in (*labels, *single)]
    prefixed = [name for name in others if name.lower().startswith(PREFIXES)]
    if len(others) == 1 and not (labels or single):
        return _Layout(others[0], (), ())
    of_classes = prefixed or others
    one_kind = len(labels) <= 1 and len(single) <= 1 and not (single and of_classes) and len(of_classes) != 1
    if not own or not one_kind or (prefixed and len(prefixed) != len(others)):
        raise UsageProblem(
            f"it can't be told which columns of {file.name} hold predictions",
            hint=f"name them prediction, probability, or probability_CLASS for each class, beside {row_id}",
        )
    classes = tuple(_label(name, config, test) for name in of_classes)
    return _Layout(next(iter(labels), None), tuple(single or of_classes), classes)


def _label(name: str, config: Config, test: Dataset) -> Label:
    """Give the class that a column of probabilities is named for, as the target writes it where it does."""
    if name in config.columns.labels:
        return name
    prefix = next((prefix for prefix in PREFIXES if name.lower().startswith(prefix)), "")
    text = name[len(prefix) :]
    for label, shown in config.class_names.items():
        if same(label, text) or shown == text:
            return label
    if config.target in test.columns and not config.class_names:
        for value in test.frame[config.target].dropna().unique().tolist()[:1_000]:
            if same(value, text):
                found: Label = value
                return found
    return text


def _answers(file: Dataset, layout: _Layout, positions: "NDArray[np.int64]") -> Answers:
    import numpy as np

    numbers = [_numbers(file, name, positions) for name in layout.numbers]
    stacked = None if not numbers else numbers[0] if len(numbers) == 1 else np.column_stack(numbers)
    if layout.label is None:
        return Answers(numbers=stacked)
    column: pd.Series[Any] = file.frame[layout.label]
    if column.isna().any():
        raise InputProblem(f"{file.name} has rows without a {layout.label}", hint="give every row a prediction")
    if column.dtype.kind in "iuf" and stacked is None:
        return Answers(numbers=_numbers(file, layout.label, positions))
    return Answers(np.asarray(column, dtype=object)[positions], stacked)


def _numbers(file: Dataset, name: str, positions: "NDArray[np.int64]") -> "NDArray[np.float64]":
    import numpy as np

    column = file.frame[name]
    values = np.asarray(column, dtype=np.float64) if column.dtype.kind in "iuf" else np.array([np.nan])
    if not np.isfinite(values).all():
        raise InputProblem(
            f"column {name!r} of {file.name} holds missing cells or something else than finite numbers",
            hint="give every row a number",
        )
    found: NDArray[np.float64] = values[positions]
    return found
