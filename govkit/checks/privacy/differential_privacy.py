"""Whether what attacks find contradicts a claim of differential privacy."""

from collections.abc import Iterator, Mapping

from govkit.config import Config
from govkit.core.evidence import Evidence, Finding, Interval, Measurement, Message, Outcome, Severity
from govkit.plugins.check import Emit, NotApplicable, NotPossible, Product, check
from govkit.stats import intervals
from govkit.stats.differential_privacy import epsilon_lower_bound
from govkit.stats.multiple import simultaneous

ATTACK = "privacy.membership_inference"


@check(
    "privacy.differential_privacy",
    title="Claim of differential privacy",
    emits=(
        Emit("epsilon_lower_bound", "epsilon", "epsilon that the model's training can't be below"),
        Emit("epsilon_excess", "epsilon", "by how much that lies above the claim"),
    ),
    messages={
        "privacy.no_claim": "govkit.yaml claims no differential privacy.",
        "privacy.nothing_to_bound": "The attacks on membership gave nothing to work out a bound from.",
        "privacy.contradicted": "The claim of epsilon {claim} is contradicted: what the attack {attack} gets right "
        "needs an epsilon of at least {bound}.",
    },
    requires=(ATTACK,),
    libraries=("numpy", "scipy"),
)
def differential_privacy(evidence: Mapping[str, Evidence], config: Config) -> Iterator[Product]:
    """Hold a claim of differential privacy against what the primary attack on membership gets right.

    Why it matters:
        A wrong sensitivity, a seed used twice or a step outside the noise voids the guarantee, and nothing in the
        model's answers on average shows it.
    Method:
        The most suspect rows are called training rows and the least suspect ones not. From the number of right calls
        follows the largest epsilon that is rejected, at 95% for three numbers of calls together.
    Limits:
        A bound can contradict a claim and never confirm it. It takes each row's membership for the throw of a fair
        coin, which holds where training and hold-out rows were split at random.

    References:
        Steinke, Nasr and Jagielski (2023), Privacy auditing with one (1) training run, theorem 5.2.
    """
    claim = config.differential_privacy
    if claim is None:
        raise NotApplicable("privacy.no_claim", ask="differential_privacy: {epsilon: 1.0, delta: 1.0e-5}")
    found = evidence.get(ATTACK)
    tables = {table.name: table for table in found.tables} if found and found.outcome is Outcome.MEASURED else {}
    if "membership_calls" not in tables:
        raise NotPossible("privacy.nothing_to_bound")
    best, attack, rows = 0.0, "", 0
    level = simultaneous(intervals.LEVEL, len(tables["membership_calls"].rows))
    for name, called, right, asked in tables["membership_calls"].rows:
        attack, rows = str(name), int(asked or 0)
        bound = epsilon_lower_bound(int(right or 0), int(called or 0), rows, delta=claim.delta, level=level)
        best = max(best, bound)
    for name, value in (("epsilon_lower_bound", best), ("epsilon_excess", best - claim.epsilon)):
        interval = Interval(low=value, high=None, level=intervals.LEVEL, method="steinke, one run")
        yield Measurement(name=name, value=value, unit="epsilon", n=rows, interval=interval)
    if best > claim.epsilon:
        message = Message(id="privacy.contradicted", args={"claim": claim.epsilon, "attack": attack, "bound": best})
        yield Finding(rule="DPR-001", severity=Severity.HIGH, message=message, where="govkit.yaml")
