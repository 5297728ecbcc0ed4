"""The black-box attacks of the Adversarial Robustness Toolbox, in a process of their own.

The toolbox draws from numpy's global generator and changes warning filters as it is imported. Arrays of numbers go in
and come out; the process that asks stays as it was.
"""

import io
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import govkit
from govkit.core.threads import VARIABLES
from govkit.plugins.check import NotPossible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

ATTACKS = {"ART forest": "rf", "ART boosting": "gb"}
"""Attack and the toolbox's name for what learns in it."""
SECONDS = 600
"""How long the process may take; it needs seconds."""


def black_box(
    probability: "Scores",
    truth: "NDArray[np.int64]",
    member: "NDArray[np.bool_]",
    known: "NDArray[np.bool_]",
    seed: int,
) -> "dict[str, Scores]":
    """Give the scores of every attack by name for the rows that it doesn't know.

    Args:
        probability: the model's answers, shape (rows, classes).
        truth: the true class's position, shape (rows,).
        member: which rows are training rows.
        known: rows that the attacks learn from.
        seed: of the process's global generators and of what learns.

    Raises:
        NotPossible: the process ended without an answer.
    """
    import numpy as np

    question = io.BytesIO()
    np.savez(question, probability=probability, truth=truth, member=member, known=known, seed=seed % 2**31)
    package = str(Path(govkit.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "govkit.checks.privacy._toolbox"],
            input=question.getvalue(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, **dict.fromkeys(VARIABLES, "1")},
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise NotPossible("privacy.toolbox_ended") from None
    answer = np.load(io.BytesIO(done.stdout), allow_pickle=False)
    return {name: answer[position] for position, name in enumerate(ATTACKS)}


def attacked(
    probability: "Scores",
    truth: "NDArray[np.int64]",
    member: "NDArray[np.bool_]",
    known: "NDArray[np.bool_]",
    seed: int,
) -> "Scores":
    """Run the attacks in this process, as `black_box` asks for it; shape (attacks, rows that are not known)."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the toolbox's own imports
        from art.attacks.inference.membership_inference import MembershipInferenceBlackBox
        from art.estimators.classification import BlackBoxClassifier

        classes, found = probability.shape[1], []
        view = BlackBoxClassifier(lambda rows: rows, (classes,), classes)
        target = np.eye(classes)[truth]
        inside, outside = known & member, known & ~member
        for kind in ATTACKS.values():
            attack = MembershipInferenceBlackBox(view, attack_model_type=kind)
            attack.attack_model.set_params(random_state=seed)
            attack.fit(
                pred=probability[inside], y=target[inside], test_pred=probability[outside], test_y=target[outside]
            )
            told = attack.infer(None, y=target[~known], pred=probability[~known], probabilities=True)
            found.append(np.asarray(told, dtype=np.float64)[:, -1])
    return np.array(found)


def serve(question: BinaryIO, answer: BinaryIO) -> None:
    """Answer one question of `black_box`."""
    import random

    import numpy as np

    asked = np.load(io.BytesIO(question.read()), allow_pickle=False)
    seed = int(asked["seed"])
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the toolbox draws from the global generator
    found = attacked(asked["probability"], asked["truth"], asked["member"], asked["known"], seed)
    told = io.BytesIO()  # a pipe has no position, which NumPy asks for
    np.save(told, found, allow_pickle=False)
    answer.write(told.getvalue())


def main() -> None:
    """Serve on the real streams; whatever the toolbox prints goes to standard error."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answer:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answer)


if __name__ == "__main__":
    main()
