"""State that would change what an object does when it is loaded is refused before anything is loaded."""

import pickle

from govkit.inputs.allowlist import policy
from govkit.inputs.pickle_machine import scan_pickle


def text(word: str) -> bytes:
    return b"X" + len(word).to_bytes(4, "little") + word.encode()


def test_a_planted_setstate_is_refused():
    estimator = text("sklearn.linear_model._logistic") + text("LogisticRegression") + b"\x93)\x81\x94"
    planted = b"}(" + text("__setstate__") + text("numpy") + text("asarray") + b"\x93ub"
    content = b"\x80\x04" + estimator + planted + b"}(" + text("a") + b"K\x01ub."
    assert [code for code, *_ in scan_pickle(content, policy()).findings] == ["GK-M05"]


def test_ordinary_state_is_not():
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    assert not scan_pickle(pickle.dumps(fitted), policy()).findings
