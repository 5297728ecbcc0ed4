"""A training function that govkit.yaml names, for models that can't be cloned and fitted again."""

from dataclasses import dataclass
from pathlib import Path

from govkit.core.digest import sha256
from govkit.core.errors import UsageProblem

HINT = "write it as module:function, with module.py beside govkit.yaml"
MAX_BYTES = 2**20


@dataclass(frozen=True)
class TrainingFunction:
    """Source of a module and the name of its function `function(rows, target, seed)`, which gives a fitted model."""

    source: str
    function: str

    @property
    def sha256(self) -> str:
        """Digest of what would run."""
        return sha256(f"{self.function}\n{self.source}".encode())


def read_training(declared: str, root: Path) -> TrainingFunction | None:
    """Read the module of a declared training function; nothing in it runs here.

    Args:
        declared: `module:function`, or nothing.
        root: the folder of govkit.yaml.

    Raises:
        UsageProblem: the declaration has another form, or the file can't be read.
    """
    if not declared:
        return None
    module, _, function = declared.partition(":")
    if not (module.isidentifier() and function.isidentifier()):
        raise UsageProblem(f"training_function {declared!r} is no module:function", hint=HINT)
    try:
        content = (root / f"{module}.py").read_bytes()
    except OSError as error:
        raise UsageProblem(f"training_function: {module}.py can't be read: {error.strerror}", hint=HINT) from None
    if len(content) > MAX_BYTES:
        raise UsageProblem(f"training_function: {module}.py has more than {MAX_BYTES:,} bytes", hint=HINT)
    try:
        return TrainingFunction(content.decode(), function)
    except UnicodeDecodeError:
        raise UsageProblem(f"training_function: {module}.py is no UTF-8 text", hint=HINT) from None
