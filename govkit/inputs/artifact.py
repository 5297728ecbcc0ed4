"""Open a model file: read once, hash, hand the sealed bytes to a confined process that scans and loads them."""

import fcntl
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar, get_args

from pydantic import ValidationError

from govkit.core.digest import sha256
from govkit.core.errors import InputProblem, MissingExtra, ModelUnavailable, UsageProblem
from govkit.core.frozen import Frozen
from govkit.core.threads import VARIABLES
from govkit.inputs import wire
from govkit.inputs.mlflow_folder import is_model_folder, model_file
from govkit.inputs.model import Artifact, Described, Model, ScanFinding, Trust
from govkit.inputs.proxy import Again, Proxy, Worker
from govkit.inputs.sandbox import HELD, NEEDED, Limits
from govkit.inputs.training import TrainingFunction
from govkit.plugins.model_format import MODEL_FORMATS, NEEDS, REFUSED_ALWAYS, taken_for_a_model

MAX_BYTES = 2 * 2**30
HEAD = 64
EXTRAS = {"imblearn": "imbalanced-learn"} | {name: name for name in ("catboost", "lightgbm", "xgboost")}
"""Packages that pickles may need, and govkit's extra that brings each."""
TRUSTS: Final = get_args(Trust)
UNLISTED = "GK-M02"
"""The scan's code for a global that is not on the allowlist."""
_PROGRAM = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from govkit.inputs.worker import main; main()"


class _ScanReport(Frozen):
    """What the worker says of the file before it loads it."""

    isolation: dict[str, str]
    globals: tuple[str, ...]
    findings: tuple[tuple[str, str, str], ...]
    unreadable: str


class _LoadReport(Frozen):
    """What the worker says of the model, or why there is none."""

    described: Described | None = None
    unsupported: str = ""
    """The end of a sentence on why an audit can't use the model."""
    problem: str = ""
    """Type of the exception that loading raised."""
    module: str = ""
    """The module that an import didn't find."""


@dataclass(frozen=True)
class Loading:
    """How a model file is loaded."""

    trust: Trust = "allowlist"
    trusted: tuple[str, ...] = ()
    """Exact globals, `package.module.Name`, that it may use beyond the allowlist."""
    limits: Limits = field(default_factory=Limits)
    """What the process may use."""


@dataclass(frozen=True)
class _File:
    """The model file as it was read."""

    path: Path
    content: bytes
    sha256: str
    format: str


def open_model(
    path: Path,
    *,
    trust: tuple[str, ...] = (),
    limits: Limits | None = None,
    training: TrainingFunction | None = None,
    model_trust: str = "allowlist",
) -> tuple[Artifact, Model | None]:
    """Scan and load a model file in a process of its own.

    Args:
        path: the file.
        trust: exact globals, `package.module.Name`, that it may use beyond the allowlist.
        limits: what the process may use.
        training: fits the model anew where it can't be cloned.
        model_trust: `allowlist`, or `sandbox-only`: load whatever the file names, if isolation is full.

    Returns:
        The file's facts, and the model; no model when it was refused or its process died while loading, which the
        facts then say.

    Raises:
        UsageProblem: the path is a URL, a trusted global is no dotted path, or there is no such trust.
        InputProblem: the file can't be read, is no model in a known format, or needs a package that isn't installed.
    """
    for name in trust:
        if not all(part.isidentifier() for part in name.split(".")) or "." not in name:
            raise UsageProblem(f"--trust-global {name!r} is no dotted path", hint="write it as package.module.Name")
    if model_trust not in TRUSTS:
        raise UsageProblem(f"there is no model trust {model_trust!r}", hint=f"give one of: {', '.join(TRUSTS)}")
    file = _read(path)
    loading = Loading("sandbox-only" if model_trust == "sandbox-only" else "allowlist", trust, limits or Limits())
    worker = _start(file, loading)
    try:
        artifact, described = _opened(file, worker, loading)
    except BaseException:
        worker.stop()
        raise
    if described is None:
        return artifact, None
    if training is not None:
        described = replace(described, methods=described.methods | {"fit"})
    return artifact, Proxy(worker, described, again=Again(training, _starter(path, file.sha256, loading)))


def _starter(path: Path, digest: str, loading: Loading) -> Callable[[], Worker]:
    """Give what starts the process anew from the same bytes; they are read again rather than kept in memory."""

    def start() -> Worker:
        file = _read(path)
        if file.sha256 != digest:
            raise InputProblem(f"{path.name} has changed since the audit began", hint="audit it again")
        worker = _start(file, loading)
        _opened(file, worker, loading)
        return worker

    return start


def _read(path: Path) -> _File:
    """Read the file once; what is hashed here is what is scanned and loaded."""
    if "://" in str(path) or ":/" in str(path)[:8]:
        raise UsageProblem("the model is given as a URL; govkit opens no network", hint="name the path of a file")
    if is_model_folder(path):
        return _read_below(path, model_file(path))
    content = _content(path)
    return _File(path, content, sha256(content), _format(path, content[:HEAD]))


def _read_below(folder: Path, relative: Path) -> _File:
    """Read a file in an MLflow folder; neither it nor a folder on the way may be a symbolic link."""
    for part in (*reversed(relative.parents), relative):
        if (folder / part).is_symlink():
            raise InputProblem(f"{folder.name}/{part} is a symbolic link", hint="put the file itself into the folder")
    path = folder / relative
    content = _content(path)
    return _File(path, content, sha256(content), _format(path, content[:HEAD]))


def _content(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise InputProblem(f"{path} is a symbolic link", hint="name the file itself") from None
        raise InputProblem(f"{path} can't be opened: {error.strerror}", hint="check the path") from None
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        os.close(handle)
        raise InputProblem(f"{path} is not a file", hint="give one model file")
    with os.fdopen(handle, "rb") as stream:
        if facts.st_size > MAX_BYTES:
            raise InputProblem(f"{path.name} has more than {MAX_BYTES:,} bytes", hint="give a smaller model file")
        content = stream.read(MAX_BYTES + 1)
    if not content:
        raise InputProblem(f"{path.name} is empty", hint="give a model file as pickle or joblib wrote it")
    return content


def _format(path: Path, head: bytes) -> str:
    for name, reader in MODEL_FORMATS.all().items():
        if reader.recognises(head, path):
            _expect_installed(name, path)
            return name
    known = ", ".join(MODEL_FORMATS.all())
    kind = taken_for_a_model(head)
    what = f": it is {kind}" if kind else ""
    raise InputProblem(f"{path.name} is no model in a known format{what}", hint=f"formats are: {known}")


def _expect_installed(name: str, path: Path) -> None:
    need = NEEDS.get(name)
    if need is not None and find_spec(need.package) is None:
        raise MissingExtra(
            f"{path.name} needs the package {need.package}, which is not installed",
            hint=f"pip install 'govkit[{need.extra}]'",
        )


def _start(file: _File, loading: Loading) -> Worker:
    ours, theirs = socket.socketpair()
    sealed = _sealed(file.content)
    root = str(Path(__file__).parent.parent.parent)
    settings = json.dumps({"format": file.format, **asdict(loading)})
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-IB", "-c", _PROGRAM, root, str(theirs.fileno()), str(sealed), settings],
        stdin=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(), sealed),
        env={"LANG": "C.UTF-8", "JOBLIB_MULTIPROCESSING": "0", **dict.fromkeys(VARIABLES, "1")},
        cwd="/",
    )
    theirs.close()
    os.close(sealed)
    return Worker(process, ours, loading.limits.call_seconds)


def _sealed(content: bytes) -> int:
    """Put the bytes where nobody can change them: a sealed memory file, else an unlinked one opened to read."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("model", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with os.fdopen(os.dup(handle), "wb") as stream:
            stream.write(content)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(handle, fcntl.F_ADD_SEALS, seals)
        return handle
    with tempfile.NamedTemporaryFile() as stream:
        stream.write(content)
        stream.flush()
        return os.open(stream.name, os.O_RDONLY)


def _opened(file: _File, worker: Worker, loading: Loading) -> tuple[Artifact, Described | None]:
    name = file.path.name
    try:
        scan = _report(worker, _ScanReport, "the scan of its file", loading.limits.start_seconds)
    except ModelUnavailable as ended:
        raise InputProblem(f"{name} can't be scanned: {ended.message}", hint="save the model again") from None
    findings = tuple(ScanFinding(*finding) for finding in scan.findings)
    absent = _absent_package(findings)
    if absent:
        raise InputProblem(f"{name} needs the package {absent}, which is not installed", hint=f"pip install {absent}")
    artifact = Artifact(
        name=name,
        sha256=file.sha256,
        size=len(file.content),
        format=file.format,
        globals=scan.globals,
        findings=findings,
        isolation=scan.isolation,
        trust=loading.trust,
        trusted=loading.trusted,
        refused=_refusal(findings) if loading.trust == "allowlist" else _unconfined(findings, scan.isolation),
    )
    if artifact.refused:
        worker.stop()
        return artifact, None
    if scan.unreadable:
        raise InputProblem(f"{name} is no model: {scan.unreadable}", hint="save the fitted model again")
    try:
        loaded = _report(worker, _LoadReport, "loading", loading.limits.start_seconds)
    except ModelUnavailable as ended:
        return replace(artifact, unavailable=ended.message), None
    described = loaded.described
    if described is None:
        raise _not_loaded(name, loaded)
    return artifact, described


_Report = TypeVar("_Report", bound=Frozen)


def _report(worker: Worker, kind: type[_Report], doing: str, seconds: float) -> _Report:
    """Wait for what the worker says of itself, and hold it against its form.

    Raises:
        ModelUnavailable: it ended, was too slow, or said something else.
    """
    try:
        plain, _ = wire.receive(worker.connection, seconds=seconds, most=0)
        return kind.model_validate(plain)
    except (wire.Closed, ValidationError):
        raise worker.lost(doing) from None
    except TimeoutError:
        raise worker.lost(doing, after=seconds) from None


def _absent_package(findings: tuple[ScanFinding, ...]) -> str:
    """Name the package when all that the scan objects to are names of packages that aren't installed."""
    packages = [finding.subject.partition(".")[0] if finding.code == UNLISTED else "" for finding in findings]
    missing = [package for package in packages if package.isidentifier() and not _is_there(package)]
    return missing[0] if missing and len(missing) == len(packages) else ""


def _is_there(package: str) -> bool:
    """Say whether a package is installed; the program's own module, `__main__`, is no package and can't be."""
    return package in sys.modules or find_spec(package) is not None


def _unconfined(findings: tuple[ScanFinding, ...], layers: Mapping[str, str]) -> str:
    """Say why a file that may run its own code is not loaded after all; empty when it may be."""
    lacking = [name for name in (*NEEDED, "landlock") if layers.get(name) != HELD]
    if lacking:
        return f"running the model's own code takes full isolation, and this machine lacks {', '.join(lacking)}"
    return _refusal(tuple(finding for finding in findings if finding.code in REFUSED_ALWAYS))


def _refusal(findings: tuple[ScanFinding, ...]) -> str:
    if not findings:
        return ""
    first = findings[0]
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    advice = "; --trust-global NAME lets one exact name through" if _are_names_only(findings) else ""
    return f"the file {first.what}" + (f": {first.subject}" if first.subject else "") + more + advice


def _are_names_only(findings: tuple[ScanFinding, ...]) -> bool:
    """Say whether nothing but names stands against the file."""
    return all(finding.code == UNLISTED for finding in findings)


def _not_loaded(name: str, loaded: _LoadReport) -> InputProblem:
    if loaded.unsupported:
        return InputProblem(f"{name} {loaded.unsupported}", hint="save one fitted predictor with one output")
    module = loaded.module.split(".")[0]
    if module and loaded.problem in ("ImportError", "ModuleNotFoundError"):
        if module == "sklearn":
            return InputProblem(
                f"{name} was made by another scikit-learn version and can't be loaded by this one",
                hint="save it again with the installed version",
            )
        install = f"'govkit[{EXTRAS[module]}]'" if module in EXTRAS else module
        return MissingExtra(f"{name} needs the package {module}, which is not installed", hint=f"pip install {install}")
    return InputProblem(
        f"{name} can't be loaded ({loaded.problem})", hint="save it again with the installed library versions"
    )
