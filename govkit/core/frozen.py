"""The base of every value that crosses a boundary: immutable, closed, and finite."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value that can't change, refuses unknown fields, and refuses NaN and infinities.

    A NaN that slips into a record would hide a group (`max([0.1, nan])` is 0.1), so it is rejected here, once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
