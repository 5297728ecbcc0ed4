"""Whether the model's features give a protected attribute away."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from govkit.checks.fairness import _groups
from govkit.checks.fairness._groups import GroupParams, Groups, comparable, contrast, groups_of
from govkit.core.evidence import Column, Finding, Interval, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.matrix import Matrix, as_numbers, as_words, is_number
from govkit.inputs.predictions import features_of
from govkit.plugins.check import EVERY_TASK, Emit, NotApplicable, Params, Product, Sizes, Work, check
from govkit.stats import influence
from govkit.stats.association import bins_of, halves, many_classes

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 4_000, "standard": 10_000, "thorough": 50_000}
MOST_GROUPS = 12
MOST_FEATURES = 200
MOST_SHOWN = 24
NOTABLE = 0.7
"""Area from which a single feature is named."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Take more rows with more budget."""
    del params
    rows = min(ROWS[budget], max(sizes.test_rows, 1))
    return Work({"rows": rows}, 0.5 + rows * min(sizes.features, MOST_FEATURES) / 200_000)


@check(
    "fairness.proxy",
    title="Proxies of protected attributes",
    emits=(
        Emit("joint_auc", "auc", "how well all features together tell the groups apart; 0.5 is not at all"),
        Emit("feature_auc", "auc", "how well one feature alone tells the groups apart"),
    ),
    messages={
        **_groups.MESSAGES,
        "fairness.proxy_feature": "{feature} alone tells the groups of {attribute} apart (area {area}).",
        "fairness.takes_attribute": "The model takes {attribute} itself.",
        "fairness.no_features": "The model takes nothing but the protected attributes.",
    },
    params=GroupParams,
    libraries=("numpy", "scipy", "scikit-learn"),
    plan=plan,
    tasks=EVERY_TASK,
)
def proxy(  # noqa: PLR0913 - each is an input of the check
    *,
    test: Dataset,
    columns: Columns,
    disclosure: Disclosure,
    params: GroupParams,
    work: Mapping[str, int],
    seed: int,
) -> Iterator[Product]:
    """Predict each protected attribute from the model's features.

    Why it matters:
        Leaving an attribute out changes little where other columns stand in for it: the model learns it from them.
    Method:
        Each feature alone: ten bins or its values, scored by their share of the group on one half of the rows, judged
        on the other and the other way round. All together: boosted trees, cross-fitted the same way. Area under the
        ROC curve of each group against the rest, averaged; interval by the infinitesimal jackknife on the logit scale.
    Limits:
        A proxy is only harmful where it moves the answer unjustly; this shows that it could. Small groups are left
        out, and attributes with many groups are judged on the largest.

    References:
        Feldman et al. (2015) on predicting the protected attribute; Efron (1982), chapter 6.
    """
    import numpy as np

    sample = np.sort(np.random.default_rng(seed).permutation(test.rows)[: work["rows"]])
    for one in comparable(groups_of(test, sample, columns, disclosure, params)):
        if one.crossed:
            continue
        if one.attribute in columns.features:
            yield _finding("FAIR-031", Severity.MEDIUM, "fairness.takes_attribute", attribute=one.attribute)
        yield from _attribute(one, features_of(test, columns).iloc[sample], seed)


def _finding(rule: str, severity: Severity, message: str, **args: str | float) -> Finding:
    where = f"column {args.get('feature', args['attribute'])}"
    return Finding(rule=rule, severity=severity, message=Message(id=message, args=dict(args)), where=where)


def _attribute(groups: Groups, rows: "pd.DataFrame", seed: int) -> Iterator[Product]:
    import numpy as np

    sizes = groups.grouping.sizes()
    judged = groups.judged[np.argsort(-sizes[groups.judged], kind="stable")[:MOST_GROUPS]]
    kept = np.isin(groups.grouping.codes, judged)
    names = [name for name in rows.columns if name != groups.attribute]
    if not names:
        raise NotApplicable("fairness.no_features")
    rows, classes = rows.loc[kept, names], groups.grouping.codes[kept]
    half = halves(len(rows), seed)
    found = many_classes([_bins(rows[name]) for name in names[:MOST_FEATURES]], classes, half)
    scored = [(name, *one) for name, one in zip(names, found, strict=False) if one is not None]
    scored.sort(key=lambda one: (-one[1], one[0]))
    measured = []
    for name, area, moved in scored:
        interval = influence.interval(area, moved, classes, learnt=True)
        measured.append((name, area, interval))
        yield contrast("feature_auc", area, interval, len(rows), groups.attribute, unit="auc", feature=name)
        if (interval.low or 0.0) > NOTABLE:
            args: dict[str, str | float] = {"feature": name, "attribute": groups.attribute, "area": round(area, 3)}
            yield _finding("FAIR-030", Severity.MEDIUM, "fairness.proxy_feature", **args)
    yield from _joint(groups.attribute, rows, classes, half, seed)
    yield _bars(groups.attribute, measured)


def _bins(column: "pd.Series[Any]") -> "NDArray[np.int64]":
    import numpy as np

    if is_number(column):
        return bins_of(as_numbers(column))
    return np.unique(as_words(column), return_inverse=True)[1].reshape(-1).astype(np.int64)


def _joint(
    attribute: str, rows: "pd.DataFrame", classes: "NDArray[np.int64]", half: "NDArray[np.bool_]", seed: int
) -> Iterator[Measurement]:
    """Judge boosted trees on the half that they were not fitted on, both ways."""
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier

    matrix = Matrix(spread=False).fit(rows)
    if not matrix.names:
        return
    values, present = matrix(rows)[:, :MOST_FEATURES], np.unique(classes)
    areas, moved = [], np.zeros(len(classes))
    for learn, judge in ((half, ~half), (~half, half)):
        if set(np.unique(classes[learn])) != set(present) or np.bincount(classes[judge])[present].min() < 2:  # noqa: PLR2004
            return
        model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=8, random_state=seed)
        score = model.fit(values[learn], classes[learn]).predict_proba(values[judge])
        curves = [influence.roc_auc(score[:, place], classes[judge] == label) for place, label in enumerate(present)]
        areas.append(np.mean([area for area, _ in curves]))
        moved[judge] = np.mean([each for _, each in curves], axis=0) / 2
    value = float(np.mean(areas))
    interval = influence.interval(value, moved, classes, learnt=True)
    yield contrast("joint_auc", value, interval, len(classes), attribute, unit="auc")


def _bars(attribute: str, measured: list[tuple[str, float, Interval]]) -> Table:
    return Table(
        name=f"forest.feature_auc.{attribute}",
        title=f"How well each feature alone tells the groups of {attribute} apart",
        columns=(Column(name="label"), *(Column(name=name, unit="auc") for name in ("value", "low", "high"))),
        rows=tuple((name, area, interval.low, interval.high) for name, area, interval in measured[:MOST_SHOWN]),
        left_out=max(len(measured) - MOST_SHOWN, 0),
    )
