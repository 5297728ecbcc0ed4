"""Look whether a pack is what its audit wrote: every file, the record, the reports and the signature."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from govkit.core.digest import sha256, sha256_of_file
from govkit.core.errors import GovkitError, InputProblem, IntegrityProblem, UsageProblem
from govkit.core.record import AuditRecord
from govkit.pack.archive import unpacked
from govkit.pack.build import CONFIG, EVIDENCE, MADE_WITH, MANIFEST, PROFILE, PUBLIC_KEY, RECORD, derived, made_with
from govkit.pack.envelope import holds, opened, statement
from govkit.pack.keys import key_id, public_key
from govkit.pack.model_signature import faults, read_signature, signature_beside
from govkit.plugins.report import FORMATS
from govkit.records import record_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

What = Literal["changed", "missing", "extra", "signature", "input"]
EXPLAINED: Final[Mapping[str, str]] = {
    PROFILE: "it is not the record's profile",
    CONFIG: "it is not the record's configuration",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was signed."""

    what: What
    name: str
    because: str = ""


@dataclass(frozen=True)
class Verified:
    """What the look at a pack came to."""

    record: AuditRecord | None
    """None where it can't be believed."""
    problems: tuple[Problem, ...]
    signed_by: str
    """Id of the key whose signature holds; empty where nobody signed."""
    files: int
    compared: tuple[str, ...]
    """Reports that were rendered again and are the same."""
    notes: tuple[str, ...]


def verify(path: Path, key: "Ed25519PublicKey | None") -> Verified:
    """Verify a pack as far as it can be from itself.

    Args:
        path: the pack.
        key: the key that must have signed it; None takes the one in the pack.

    Raises:
        InputProblem: the file can't be read or is far too large.
        IntegrityProblem: it is no whole archive, so that nothing in it can be named.
    """
    files = unpacked(path)
    if MANIFEST not in files:
        raise IntegrityProblem(f"{path} has no {MANIFEST}: it is no evidence pack", hint="give an evidence-pack.zip")
    return verified(files, key)


def verified(given: Mapping[str, bytes], key: "Ed25519PublicKey | None") -> Verified:
    """Verify the files of a pack, the signed statement among them.

    Raises:
        IntegrityProblem: the statement was changed, so that nothing can be held against it.
    """
    files = dict(given)
    payload, name, signature = opened(files.pop(MANIFEST))
    stated = _stated(payload)
    problems = list(_digests(files, stated))
    problems += _signature(files, payload, (name, signature), key)
    record = None
    compared: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if not any(problem.name == RECORD for problem in problems):
        try:
            record = record_of(files[RECORD], RECORD)
        except GovkitError as error:
            problems.append(Problem("changed", RECORD, error.message))
    if record is not None and not problems:
        problems += _derived(files, record, payload)
        compared, differing, notes = _rendered(files, record)
        problems += differing
    signed_by = name if name and not any(problem.what == "signature" for problem in problems) else ""
    return Verified(record, tuple(problems), signed_by, len(files) + 1, compared, notes)


def check_inputs(record: AuditRecord, model: Path | None, data: Path | None) -> Iterator[Problem]:
    """Hold a model and a data file against the digests in the record.

    Raises:
        InputProblem: a file can't be read.
    """
    result = record.result
    test = next((facts.sha256 for facts in result.data if facts.role == "test"), "")
    expected = ((model, result.model.sha256 if result.model else "", "model"), (data, test, "hold-out data"))
    for file, digest, role in expected:
        if file is not None and _digest_of(file) != digest:
            yield Problem("input", str(file), f"it is not the {role} that was audited")


def check_model_signature(model: Path, key: "EllipticCurvePublicKey | None") -> tuple[list[Problem], list[str]]:
    """Verify the OpenSSF signature that lies with a model; give what is wrong with it, and what is to be said.

    Args:
        model: the model's file or folder.
        key: the signer's public key; without it a signature is named and nothing is concluded from it.

    Raises:
        InputProblem: the signature or the model can't be read.
    """
    file = signature_beside(model)
    if file is None:
        return ([Problem("signature", str(model), "no model signature lies with it")] if key else []), []
    if key is None:
        return [], [f"{file} was not verified: name the public key of who signed it with --model-key"]
    signed = read_signature(file)
    if not signed.by_key:
        because = "it rests on a certificate or an identity, which can't be verified offline"
        return [Problem("signature", str(file), because)], []
    wrong = [Problem("signature", str(file), because) for because in faults(signed, model, key)]
    return wrong, [] if wrong else [f"{file}: the key given signed this model ({len(signed.files)} files)"]


def _digest_of(file: Path) -> str:
    try:
        return sha256_of_file(file)
    except OSError as error:
        raise InputProblem(f"{file} can't be read: {error.strerror}", hint="name the file that was audited") from None


def _stated(payload: bytes) -> dict[str, str]:
    """Give the digest of each subject of the statement by name."""
    try:
        plain = json.loads(payload)
        return {str(one["name"]): str(one["digest"]["sha256"]) for one in plain["subject"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise IntegrityProblem("the signed statement of the pack was changed", hint="get the pack again") from None


def _digests(files: Mapping[str, bytes], stated: Mapping[str, str]) -> Iterator[Problem]:
    for name, content in files.items():
        if name not in stated:
            yield Problem("extra", name)
        elif sha256(content) != stated[name]:
            yield Problem("changed", name)
    inputs = {name for name in stated if ": " in name}
    yield from (Problem("missing", name) for name in stated if name not in files and name not in inputs)


def _signature(
    files: Mapping[str, bytes], payload: bytes, signed: tuple[str, bytes], key: "Ed25519PublicKey | None"
) -> Iterator[Problem]:
    """Hold the signature against the key that was asked for, else against the one in the pack."""
    name, signature = signed
    if not name:
        if key is not None:
            yield Problem("signature", MANIFEST, "nobody signed it")
        elif signature or PUBLIC_KEY in files:
            yield Problem("signature", MANIFEST, "its signature was taken away")
        return
    try:
        wanted = key or public_key(files.get(PUBLIC_KEY, b""), PUBLIC_KEY)
    except UsageProblem as error:
        yield Problem("signature", MANIFEST, error.message)
        return
    if key_id(wanted) != name:
        yield Problem("signature", MANIFEST, f"it was signed by the key {name[:12]}, not by {key_id(wanted)[:12]}")
    elif not holds(payload, signature, wanted):
        yield Problem("signature", MANIFEST, "the signature does not fit what it signs")


def _derived(files: Mapping[str, bytes], record: AuditRecord, payload: bytes) -> Iterator[Problem]:
    """Hold against the record what follows from it, also where somebody signed something else."""
    for name, content in derived(record).items():
        if files.get(name) != content:
            yield Problem("changed" if name in files else "missing", name, EXPLAINED.get(name, ""))
    for evidence in record.result.evidence:
        for artefact in evidence.artefacts:
            name = f"{EVIDENCE}{evidence.check}/{artefact.name}"
            if name not in files:
                yield Problem("missing", name)
            elif sha256(files[name]) != artefact.sha256:
                yield Problem("changed", name, "the record holds another digest")
    if statement(files, record) != payload:
        yield Problem("changed", MANIFEST, "it states something else than the record")


def _rendered(
    files: Mapping[str, bytes], record: AuditRecord
) -> tuple[tuple[str, ...], list[Problem], tuple[str, ...]]:
    """Render each report again; give those that are the same, those that differ, and what was not compared."""
    here, there = made_with(), json.loads(files.get(MADE_WITH, b"{}"))
    formats = {report.file: report for report in FORMATS.all().values() if report.file in files}
    if here.get("govkit") != there.get("govkit"):
        note = f"reports were not rendered again: govkit {there.get('govkit')} made them, this is {here['govkit']}"
        return (), [], (note,)
    if here["rendering"] != there.get("rendering"):
        note = "reports were not rendered again: other templates made them, or other code of the same version"
        return (), [], (f"{note}; --template names a folder of one's own",)
    same, differing, notes = [], [], []
    for name, report in formats.items():
        if name.endswith(".pdf") and here != there:
            notes.append(f"{name} was not rendered again: other versions of its libraries made it")
            continue
        try:
            content = report.render(record)
        except GovkitError as error:
            notes.append(f"{name} was not rendered again: {error.message}")
            continue
        if content == files[name]:
            same.append(name)
        else:
            differing.append(Problem("changed", name, "it is not what the record renders to"))
    return tuple(same), differing, tuple(notes)
