"""`govkit keygen`: make a pair of keys for signing evidence packs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import app

KEY = Path("govkit-key")


@app.command()
def keygen(
    name: Annotated[Path, typer.Argument(metavar="NAME", help="Writes NAME.pem and NAME.pub.pem.")] = KEY,
    password: Annotated[bool, typer.Option("--password", help="Protect the private key by a password.")] = False,
) -> None:
    """Make an Ed25519 key pair for signing evidence packs."""
    from govkit.core.errors import UsageProblem
    from govkit.pack.keys import KEY_VARIABLE, key_id, new_pair, public_key

    private_file, public_file = (name.with_name(f"{name.name}{end}") for end in (".pem", ".pub.pem"))
    private, public = new_pair(_password() if password else None)
    try:
        _write(private_file, private, 0o600)
        _write(public_file, public, 0o644)
    except OSError as error:
        raise UsageProblem(
            f"{error.filename} can't be written: {error.strerror}", hint="name another file; keys are never replaced"
        ) from None
    print(f"{private_file}  private: keep it secret, or put its text into {KEY_VARIABLE} where audits run")
    print(f"{public_file}  public: give it to whoever verifies, govkit verify PACK --key {public_file.name}")
    print(f"ed25519:{key_id(public_key(public, str(public_file)))}")


def _write(file: Path, content: bytes, mode: int) -> None:
    """Write a new file with these rights from the start; an existing one is an error."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)


def _password() -> bytes:
    from govkit.core.errors import UsageProblem
    from govkit.pack.keys import PASSWORD_VARIABLE

    given = os.environ.get(PASSWORD_VARIABLE, "")
    if not given and sys.stdin.isatty():
        given = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    if not given:
        raise UsageProblem("there is no password", hint=f"set {PASSWORD_VARIABLE}, or run this on a terminal")
    return given.encode()
