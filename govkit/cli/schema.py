"""`govkit schema`: JSON schemas that editors and other tools can use."""

from typing import Annotated

import typer

from govkit.cli.app import app


@app.command()
def schema(what: Annotated[str, typer.Argument(metavar="WHAT", help="config, record, profile or framework.")]) -> None:
    """Print a JSON schema."""
    import json

    from govkit.core.errors import UsageProblem

    if what == "config":
        from govkit.config import json_schema

        found = json_schema()
    elif what in ("record", "profile", "framework"):
        from govkit.core.control import Framework, Profile
        from govkit.core.frozen import Frozen
        from govkit.core.record import AuditRecord

        models: dict[str, type[Frozen]] = {"record": AuditRecord, "profile": Profile, "framework": Framework}
        found = models[what].model_json_schema()
    else:
        raise UsageProblem(f"there is no schema {what!r}", hint="schemas are: config, record, profile, framework")
    typer.echo(json.dumps(found, indent=2))
