"""`govkit audit`: the main job."""

from pathlib import Path
from typing import Annotated

import typer

from govkit.cli.app import BudgetOption, ConfigOption, FormatOption, SeedOption, TemplateOption, TrainOption, app


@app.command()
def audit(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="Model file, predictions, function or URL."),
    ],
    data: Annotated[str | None, typer.Argument(metavar="DATA", help="Hold-out rows: CSV or Parquet.")] = None,
    train: TrainOption = None,
    config: ConfigOption = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the reports.")] = Path("govkit-out"),
    profile: Annotated[
        str | None, typer.Option("--profile", envvar="GOVKIT_PROFILE", help="What the gate asks for.")
    ] = None,
    budget: BudgetOption = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=64, help="Processes for checks.")] = 2,
    seed: SeedOption = None,
    formats: FormatOption = None,
    template: TemplateOption = None,
    only: Annotated[str | None, typer.Option("--only", help="Comma-separated checks or families.")] = None,
    plan: Annotated[Path | None, typer.Option("--plan", help="Replay the plan of this audit.json.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date that expiry and age are judged by.")] = None,
    trust: Annotated[
        list[str] | None, typer.Option("--trust-global", help="Let the model use pkg.mod.Name; repeatable.")
    ] = None,
    champion: Annotated[
        str | None, typer.Option("--champion", help="The model in use, to hold this one against.")
    ] = None,
    model_trust: Annotated[
        str, typer.Option("--model-trust", help="allowlist, or sandbox-only to run the model's own code confined.")
    ] = "allowlist",
    journal: Annotated[bool, typer.Option("--cache/--no-cache", help="Take over evidence of equal runs.")] = True,
    pack: Annotated[bool, typer.Option("--pack", help="Also write evidence-pack.zip.")] = False,
    sign: Annotated[
        Path | None, typer.Option("--sign", help="Private key that signs the pack; implies --pack.")
    ] = None,
    previous: Annotated[Path | None, typer.Option("--previous", help="Audit to compare with; else the last.")] = None,
    gate: Annotated[bool, typer.Option("--gate/--no-gate", help="--no-gate turns exit code 1 into 0.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict and the paths only.")] = False,
) -> None:
    """Audit a model, write reports, end with the gate's exit code."""
    from govkit import flow
    from govkit.cli.console import Console
    from govkit.cli.options import day, names
    from govkit.cli.verdict import print_pack, print_verdict
    from govkit.core.errors import Exit, UsageProblem
    from govkit.reports.pages import templates_from

    if template is not None and (pack or sign is not None):
        raise UsageProblem(
            "a pack holds the reports as anyone can render them again",
            hint="leave --template away; `govkit report audit.json --template DIR` makes yours beside it",
        )
    console = Console(quiet=quiet)
    try:
        with templates_from(template):
            record = flow.audit(
                model=model if data is not None else None,
                data=data if data is not None else model,
                train=train,
                config=config,
                out=out,
                profile=profile,
                budget=budget,
                jobs=jobs,
                seed=seed,
                formats=names(formats),
                only=names(only),
                plan=plan,
                as_of=day(as_of),
                trust=tuple(trust or ()),
                champion=champion,
                model_trust=model_trust,
                journal=journal,
                pack=pack,
                sign=sign,
                previous=previous,
                progress=console,
            )
    finally:
        console.finish()
    print_verdict(record, out, quiet=quiet)
    if pack or sign is not None:
        print_pack(out)
    code = record.result.decision.exit_code
    raise typer.Exit(Exit.PASSED if code is Exit.FAILED and not gate else code)
