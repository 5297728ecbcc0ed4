"""The base of every value that crosses a boundary: immutable, closed, and finite."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class Frozen(BaseModel):
    """A value that can't change, refuses unknown fields, and refuses NaN and infinities.

    A NaN that slips into a record would hide a group (`max([0.1, nan])` is 0.1), so it is rejected here, once.
    """

    # each type is built when it is first used: a command that reads one file needs few of them
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: "CoreSchema", handler: "GetJsonSchemaHandler"
    ) -> "JsonSchemaValue":
        """Describe each field by the text that stands under it in the source."""
        found = handler(core_schema)
        properties = handler.resolve_ref_schema(found).get("properties", {})
        for name, text in field_texts(cls).items():
            properties.get(name, {}).setdefault("description", text)
        return found


def added(default: Any) -> Any:  # noqa: ANN401 - a field of any type
    """Declare a field that came to a type of the record after records had been written.

    It is left out of the JSON while it holds its default, so that a record from before reads, is written again and
    keeps its digest. A field that is renamed, removed or given another meaning needs a new schema version instead.
    """
    return Field(default=default, exclude_if=lambda value: value == default)


def field_texts(kind: type[BaseModel]) -> dict[str, str]:
    """Give the text under each field of a type and of its bases, read from the source when it is asked for.

    Reading it while the types are made, as pydantic can, would cost every command a quarter of its time.
    """
    import ast
    import inspect
    import textwrap

    texts: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if not issubclass(one, BaseModel) or one is BaseModel:
            continue
        try:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        except (OSError, TypeError):
            continue
        for field, below in pairwise(tree.body if isinstance(tree, ast.ClassDef) else ()):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    texts[name] = inspect.cleandoc(text)
    return texts
