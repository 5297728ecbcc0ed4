"""Reads and evaluates the small formulas of govkit.yaml that say how one column is worked out from others."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FUNCTIONS: Final = ("abs", "exp", "log", "sqrt")
MAX_LENGTH: Final = 500
_QUOTED = re.compile(r"`([^`]+)`")
_OPERATORS: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Formula:
    """A formula with the columns it reads."""

    text: str
    columns: tuple[str, ...]
    tree: ast.expr

    def __call__(self, columns: "Mapping[str, NDArray[np.float64]]") -> "NDArray[np.float64]":
        """Work out a value a row; what is not defined, a division by 0 for instance, becomes NaN or infinite."""
        import numpy as np

        with np.errstate(all="ignore"):
            return np.asarray(_value(self.tree, columns), dtype=np.float64)


def parse(text: str) -> Formula:
    """Read a formula: columns, numbers, + - * /, parentheses, abs, exp, log, sqrt.

    Column names that are no plain words stand in backticks.

    Raises:
        ValueError: it holds something else; the message completes `the formula ...`.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return names.setdefault(found[1], f"quoted_column_{len(names)}")

    try:
        tree = ast.parse(_QUOTED.sub(named, text).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("can't be read") from None
    plain = {alias: name for name, alias in names.items()}
    columns: dict[str, None] = {}
    tree = _checked(tree, plain, columns)
    if not columns:
        raise ValueError("names no column")
    return Formula(text, tuple(columns), tree)


def _checked(node: ast.expr, plain: Mapping[str, str], columns: dict[str, None]) -> ast.expr:
    """Give the tree with real column names, provided that it holds nothing but what is allowed."""
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _checked(node.left, plain, columns), _checked(node.right, plain, columns)
        return ast.BinOp(left, node.op, right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return ast.UnaryOp(node.op, _checked(node.operand, plain, columns))
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        return node
    if isinstance(node, ast.Name):
        name = plain.get(node.id, node.id)
        columns[name] = None
        return ast.Name(name)
    called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if isinstance(node, ast.Call) and called in FUNCTIONS and len(node.args) == 1 and not node.keywords:
        return ast.Call(ast.Name(called), [_checked(node.args[0], plain, columns)], [])
    raise ValueError(f"holds something besides columns, numbers, + - * / and {', '.join(FUNCTIONS)}")


def _value(node: ast.expr, columns: "Mapping[str, NDArray[np.float64]]") -> Any:  # noqa: ANN401 - a number or an array
    import numpy as np

    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, columns)
    if isinstance(node, ast.Constant):
        return np.float64(float(str(node.value)))
    if isinstance(node, ast.Name):
        return columns[node.id]
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return getattr(np, node.func.id)(_value(node.args[0], columns))
