"""Call the command line as a user does, in this process."""

import sys
from dataclasses import dataclass

import pytest

from govkit.__main__ import main


@dataclass(frozen=True)
class Answer:
    """What a call gave back."""

    code: int
    out: str
    err: str


class Command:
    """Callable with the words of a command line."""

    def __init__(self, monkeypatch, capsys):
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: object) -> Answer:
        self._monkeypatch.setattr(sys, "argv", ["govkit", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        written = self._capsys.readouterr()
        return Answer(int(ended.value.code or 0), written.out, written.err)
