"""A reference profile of the training rows, kept beside the record for later monitoring."""

from collections.abc import Iterator

from govkit.core.digest import canonical
from govkit.core.evidence import Measurement
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.reference import profile_of
from govkit.plugins.check import EVERY_TASK, Attachment, Emit, Product, check

NAME = "reference_profile.json"


@check(
    "drift.reference_recorded",
    title="Reference profile for monitoring",
    emits=(Emit("profiled_columns", "share", "features whose distribution in TRAIN is kept for later comparison"),),
    messages={},
    libraries=("numpy",),
    tasks=EVERY_TASK,
)
def reference_recorded(train: Dataset, columns: Columns, disclosure: Disclosure) -> Iterator[Product]:
    """Keep what the training rows looked like.

    Why it matters:
        Monitoring needs something to compare with, when the training rows themselves may no longer be kept.
    Method:
        Ten bins of each number, with edges rounded to four digits, and counts of each category that at least ten rows
        have. Categories are named where they are declared; of others a digest stands for the name. The file lies beside
        the record, which holds its digest. `govkit drift compare` holds later rows against it.
    Limits:
        Columns one by one; what they do together is not kept. Columns of text or identifiers are left out. A digest
        hides a category only from who can't guess it.

    References:
        Regulation (EU) 2024/1689, Article 72, on monitoring after a system is placed on the market.
    """
    shared = tuple(name for name in columns.features if name in train.columns)
    profile = profile_of(train, disclosure, shared)
    wanted = [name for name in shared if columns.kinds.get(name) not in {"text", "identifier", "empty", "date"}]
    kept = [name for name in wanted if name in profile.columns]
    share = len(kept) / len(wanted) if wanted else 0.0
    yield Measurement(name="profiled_columns", value=share, unit="share", n=len(wanted))
    yield Attachment(NAME, "application/json", canonical(profile))
