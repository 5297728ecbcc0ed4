"""A process of its own for checks: opens the subject once, then answers one order after the other.

Spoken over standard input and output in JSON lines; both ends are this program and run the same version.
"""

import base64
import json
import os
import signal
import sys
from typing import TextIO

from govkit.core.evidence import Evidence
from govkit.inputs.subject import Request, Subject, open_subject
from govkit.plugins.check import CHECKS
from govkit.runner.one import Order, run_check


def serve(orders: TextIO, replies: TextIO) -> None:
    """Answer orders until the input ends."""
    request = Request.model_validate_json(orders.readline())
    with open_subject(request) as subject:
        for line in orders:
            replies.write(_answer(json.loads(line), subject) + "\n")
            replies.flush()


def _answer(asked: dict[str, object], subject: Subject) -> str:
    check = CHECKS.all()[str(asked["check"])]
    evidence = asked["evidence"]
    assert isinstance(evidence, dict)
    work = asked["work"]
    assert isinstance(work, dict)
    order = Order(
        check,
        check.params.model_validate(asked["params"]),
        work,
        int(str(asked["seed"])),
        {name: Evidence.model_validate(found) for name, found in evidence.items()},
    )
    outcomes = run_check(order, subject)
    return json.dumps(
        {
            "evidence": outcomes.evidence.model_dump(mode="json"),
            "files": [
                (file.name, file.media_type, base64.b64encode(file.content).decode()) for file in outcomes.attachments
            ],
        }
    )


def main() -> None:
    """Serve on the real streams; whatever a library prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as replies:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin, replies)


if __name__ == "__main__":
    main()
