"""Sentences by message id: the templates of a record filled with a message's arguments."""

import re
from collections.abc import Mapping

from govkit.core.evidence import Message

_SLOT = re.compile(r"\{(\w+)\}")


def shown(value: object) -> str:
    """Lay out one argument: three decimals or digits for floats, thousands separated, the rest as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004 - floats are exact integers below this
            return f"{int(value):,}"
        return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.3g}"
    return str(value)


def sentence(message: Message, templates: Mapping[str, str]) -> str:
    """Fill a message's template; an unknown id shows itself and its arguments rather than nothing."""
    template = templates.get(message.id)
    if template is None:
        return f"{message.id} " + ", ".join(f"{key}={shown(value)}" for key, value in message.args.items())
    return _SLOT.sub(lambda slot: shown(message.args.get(slot[1], slot[0])), template)
