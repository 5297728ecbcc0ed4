"""What a run of the search leaves out: what the plan has no work for, and what a slow model had no call left for."""

from collections.abc import Iterator, Mapping

from govkit.checks.robustness._campaign import Attacked
from govkit.core.evidence import Finding, Message, Severity

MESSAGES = {
    "robustness.left_out": "Not part of this run: {parts}.",
    "robustness.features_left_out": "No call of the model was left to tell what changing one feature alone does.",
    "robustness.calls_used_up": "A call of the model takes about {seconds} s, so that the budget has time for {calls}. "
    "{rows} of {wanted} changed rows of the attack were left out; robust accuracy may be lower than it says.",
}


def parts(counts: Mapping[str, int], rows: int) -> tuple[str, ...]:
    """Name what a plan has no work for, of so many rows that there are."""
    named = {
        f"{rows - counts['rows']:,} of {rows:,} rows": counts["rows"] < rows,
        "the search by labels alone where there are scores": not counts["label_rows"],
        "proofs for ensembles of more than 2,000 nodes": not counts["exact_rows"],
        "trees fitted to the answers of a model that shows none": not counts["surrogate_rounds"],
        "repeated random searches": counts["seeds"] == 1,
    }
    return tuple(words for words, missing in named.items() if missing)


def findings(found: Attacked, work: Mapping[str, int], rows: int) -> Iterator[Finding]:
    """Say what was left out of an attack.

    Args:
        found: what became of the attack.
        work: its work counts.
        rows: rows that there are answers for.
    """
    named = parts(work, rows)
    if named:
        message = Message(id="robustness.left_out", args={"parts": "; ".join(named)})
        yield Finding(rule="ROB-021", severity=Severity.INFO, message=message, where="plan")
    if found.left_out:
        args: dict[str, str | int] = {"seconds": f"{work['call_ms'] / 1000:g}", "calls": work["calls"]}
        args |= {"rows": found.left_out, "wanted": found.queries + found.left_out}
        message = Message(id="robustness.calls_used_up", args=args)
        yield Finding(rule="ROB-022", severity=Severity.LOW, message=message, where="model")
