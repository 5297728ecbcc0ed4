"""How fast the model answers and how much memory it takes, on the machine of the audit."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from govkit.core.errors import ModelUnavailable
from govkit.core.record import Speed
from govkit.inputs.model import Answering, Artifact
from govkit.inputs.predictions import features_of
from govkit.inputs.proxy import Proxy
from govkit.inputs.subject import Subject
from govkit.plugins.check import Unavailable

if TYPE_CHECKING:
    import pandas as pd

ONE_ROW_CALLS, BATCH_CALLS = 40, 10
BATCH_ROWS = 1_000
SECONDS = 1.0
"""After which no further call is made, for single rows and for batches each."""


def speeds_of(subject: Subject) -> dict[str, Speed]:
    """Time the model and the champion, those that are files or functions and can be asked."""
    found = {}
    for role, its_artifact in (("model", "artifact"), ("champion", "champion_artifact")):
        try:
            model, artifact = subject.get(role), subject.get(its_artifact)
            rows = features_of(subject.test, subject.columns)
        except Unavailable:
            continue
        assert isinstance(artifact, Artifact)
        if artifact.source in {"file", "function"} and len(rows):
            process = model.process_id if isinstance(model, Proxy) else None
            speed = speed_of(cast("Answering", model), rows, size=artifact.size, process=process)
            found.update({role: speed} if speed else {})
    return found


def speed_of(model: Answering, rows: "pd.DataFrame", *, size: int, process: int | None) -> Speed | None:
    """Time calls of one row and of many, the way to the model's process and back included.

    Args:
        model: the model; its first calls are over, so that nothing is loaded any more.
        rows: features to ask about, at least one row.
        size: bytes of the model file.
        process: id of the process that holds the model, None where it isn't ours.

    Returns:
        Nothing where the model doesn't answer.
    """
    batch = rows.iloc[:BATCH_ROWS]
    try:
        single = _timed(model, [rows.iloc[[place % len(rows)]] for place in range(ONE_ROW_CALLS)])
        many = _timed(model, [batch] * BATCH_CALLS)
    except ModelUnavailable:
        return None
    return Speed(row_ms=single, batch_rows=len(batch), batch_ms=many, peak_bytes=_peak(process), file_bytes=size)


def _timed(model: Answering, asked: "list[pd.DataFrame]") -> tuple[float, float]:
    """Give the median and the 95th percentile, in milliseconds."""
    import numpy as np

    spent: list[float] = []
    for rows in asked:
        began = time.perf_counter()
        model.predict(rows)
        spent.append((time.perf_counter() - began) * 1_000)
        if sum(spent) > SECONDS * 1_000:
            break
    middle, late = np.quantile(spent, (0.5, 0.95))
    return round(float(middle), 3), round(float(late), 3)


def _peak(process: int | None) -> int:
    """Give the most bytes that a process has held, 0 where the system doesn't say."""
    place = Path(f"/proc/{process}/status")
    if process is None or not place.exists():
        return 0
    found = [line.split()[1] for line in place.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else 0
