"""Runs many searches that each ask the model row by row, and answers all of them in one call of the model."""

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ask = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]
Search = Callable[[Ask], None]
Answer = Callable[[Sequence[tuple[int, "NDArray[np.float32]"]]], Sequence["NDArray[np.float32]"]]


class _StoppedEarly(Exception):
    """Ends a search from within its question."""


class _Turn:
    """One search in a thread of its own; it only runs while the caller waits for its next question."""

    def __init__(self, search: Search, limit: int) -> None:
        self._search = search
        self._left = limit
        self._questions: SimpleQueue[NDArray[np.float32] | BaseException | None] = SimpleQueue()
        self._replies: SimpleQueue[NDArray[np.float32] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "NDArray[np.float32] | None":
        """Run to the first question; None when the search ended."""
        self._thread.start()
        return self._next()

    def reply(self, answer: "NDArray[np.float32]") -> "NDArray[np.float32] | None":
        """Hand over an answer and run to the next question; None when the search ended."""
        self._replies.put(answer)
        return self._next()

    def stop(self) -> None:
        """End the search where it stands."""
        self._replies.put(None)
        self._thread.join()

    def _next(self) -> "NDArray[np.float32] | None":
        question = self._questions.get()
        if isinstance(question, BaseException):
            raise question
        return question

    def _ask(self, question: "NDArray[np.float32]") -> "NDArray[np.float32]":
        if not self._left:
            raise _StoppedEarly
        self._left -= 1
        self._questions.put(question)
        answer = self._replies.get()
        if answer is None:
            raise _StoppedEarly
        return answer

    def _run(self) -> None:
        try:
            self._search(self._ask)
        except _StoppedEarly:
            self._questions.put(None)
        except Exception as error:  # noqa: BLE001 - carried to the caller's thread and raised there
            self._questions.put(error)
        else:
            self._questions.put(None)


def in_lockstep(searches: Sequence[Search], answer: Answer, *, limit: int) -> None:
    """Run all searches to their end.

    Only one thread runs at any time, in a fixed order, so that draws from the global random generator repeat.

    Args:
        searches: each is handed the function that it asks.
        answer: takes (index of the search, its question) for all that wait, and gives their answers in that order.
        limit: questions after which a search is ended.
    """
    turns = [_Turn(search, limit) for search in searches]
    waiting: dict[int, NDArray[np.float32]] = {}
    try:
        for index, turn in enumerate(turns):
            question = turn.start()
            if question is not None:
                waiting[index] = question
        while waiting:
            asked = sorted(waiting.items())
            for (index, _), reply in zip(asked, answer(asked), strict=True):
                del waiting[index]
                question = turns[index].reply(reply)
                if question is not None:
                    waiting[index] = question
    finally:
        for index in waiting:
            turns[index].stop()
