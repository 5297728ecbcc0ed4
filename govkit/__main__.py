"""`python -m govkit` and the `govkit` command: run it, and turn every way it can end into one exit code."""

import os
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING

from govkit.core.errors import Exit, GovkitError
from govkit.core.threads import one_thread

# looking for plugins of pydantic would read the metadata of every installed package, and none may change a record
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
one_thread(os.environ)

if TYPE_CHECKING:
    from typer.exceptions import TyperException


def main() -> None:
    """Run the command line and exit."""
    sys.exit(int(_run()))


def _run() -> int:
    from typer.exceptions import Abort, TyperException

    from govkit.cli import app

    try:
        code = int(app(standalone_mode=False) or Exit.PASSED)
        return _interrupted() if code == Exit.INTERRUPTED else code
    except (KeyboardInterrupt, Abort):
        return _interrupted()
    except TyperException as error:
        return _misused(error)
    except GovkitError as error:
        return _say(f"error: {error.message}", error.exit_code, error.hint)
    except Exception as error:  # noqa: BLE001 - the process's boundary
        return _internal(error)


def _interrupted() -> int:
    return _say("interrupted; no report was written", Exit.INTERRUPTED)


def _misused(error: "TyperException") -> int:
    """Show a command's help where it was called without anything, else what is wrong with the call."""
    message = error.format_message()
    if "\n" in message:
        print(message, file=sys.stderr)
        return Exit.USAGE
    return _say(f"error: {message}", Exit.USAGE, "govkit --help, govkit COMMAND --help")


def _say(sentence: str, code: int, hint: str = "") -> int:
    print(_plain(sentence), file=sys.stderr)
    if hint:
        print(f"  {'→' if _unicode() else '->'} {_plain(hint)}", file=sys.stderr)
    return code


def _internal(error: Exception) -> int:
    """Say in one line that this is a bug; the frames go to a file, the messages, which could quote data, nowhere."""
    if os.environ.get("GOVKIT_DEBUG"):
        traceback.print_exception(error)
        return Exit.INTERNAL
    frames = traceback.extract_tb(error.__traceback__)
    with tempfile.NamedTemporaryFile("w", prefix="govkit-", suffix=".log", delete=False) as log:
        log.write(f"{type(error).__module__}.{type(error).__qualname__}\n")
        log.writelines(f"{frame.filename}:{frame.lineno} in {frame.name}\n" for frame in frames)
    return _say(
        f"internal error: {type(error).__name__}; this is a bug in govkit. Frames without messages: {log.name}",
        Exit.INTERNAL,
        "GOVKIT_DEBUG=1 prints everything",
    )


def _plain(text: str) -> str:
    """Keep a line a line: control characters, which could steer the terminal, are shown as spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


def _unicode() -> bool:
    return (sys.stderr.encoding or "").lower().replace("-", "").startswith("utf")


if __name__ == "__main__":
    main()
