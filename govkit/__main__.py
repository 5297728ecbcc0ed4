"""`python -m govkit` and the `govkit` command: run it, and turn every way it can end into one exit code."""

import os
import sys
import tempfile
import traceback

from govkit.core.errors import Exit, GovkitError


def main() -> None:
    """Run the command line and exit."""
    sys.exit(int(_run()))


def _run() -> int:
    import click

    from govkit.cli import app

    try:
        return int(app(standalone_mode=False) or 0)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("interrupted; nothing was written", file=sys.stderr)  # noqa: T201 - the process's last word
        return Exit.INTERRUPTED
    except click.ClickException as error:
        print(f"error: {error.format_message()}", file=sys.stderr)  # noqa: T201
        print("  → govkit --help" if _unicode() else "  -> govkit --help", file=sys.stderr)  # noqa: T201
        return Exit.USAGE
    except GovkitError as error:
        print(f"error: {_plain(error.message)}", file=sys.stderr)  # noqa: T201
        if error.hint:
            print(f"  {'→' if _unicode() else '->'} {_plain(error.hint)}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PASSED
    except Exception as error:  # noqa: BLE001 - the process's boundary
        return _internal(error)


def _internal(error: Exception) -> int:
    """Say in one line that this is a bug; the frames go to a file, the messages, which could quote data, nowhere."""
    if os.environ.get("GOVKIT_DEBUG"):
        traceback.print_exception(error)
        return Exit.INTERNAL
    frames = traceback.extract_tb(error.__traceback__)
    with tempfile.NamedTemporaryFile("w", prefix="govkit-", suffix=".log", delete=False) as log:
        log.write(f"{type(error).__module__}.{type(error).__qualname__}\n")
        log.writelines(f"{frame.filename}:{frame.lineno} in {frame.name}\n" for frame in frames)
    print(  # noqa: T201
        f"internal error: {type(error).__name__}; this is a bug in govkit. Frames without messages: {log.name}; "
        "GOVKIT_DEBUG=1 prints everything",
        file=sys.stderr,
    )
    return Exit.INTERNAL


def _plain(text: str) -> str:
    """Keep a line a line: control characters, which could steer the terminal, are shown as spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


def _unicode() -> bool:
    return (sys.stderr.encoding or "").lower().replace("-", "").startswith("utf")


if __name__ == "__main__":
    main()
