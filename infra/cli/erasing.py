"""The commands of `infra.cli.privacy`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from infra.cli import demo, privacy
from infra.cli.deployment import relative
from infra.cli.options import CONFIG, Config, Target, deployment_of
from infra.cli.stores import artifacts_of
from infra.trouble import Trouble

console = Console(highlight=False, soft_wrap=True, markup=False)

Person = Annotated[
    str,
    typer.Argument(
        help="Email, external id, pseudonym, or SOURCE:ID of a contact; - reads it from standard input, so that no shell history keeps it."
    ),
]


def forget(
    person: Person,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is held.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a run that is under way.")] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help="Keep out somebody of whom nothing is held.")] = False,
    several: Annotated[
        bool, typer.Option("--several", help="Of an identifier that several share, forget all.")
    ] = False,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Erase a person everywhere, and keep them out from now on. What was cut short goes on where it was.

    Any identifier of theirs leads to the others. Nobody else's rows change. A receipt says what was done; it names nobody.
    """
    deployment, person = deployment_of(target, config), _read(person)
    held = privacy.found(deployment, person)
    _show(held)
    if dry_run:
        return
    if not held["places"] and not unknown and not any(each.endswith("open") for each in held["receipts"]):
        raise Trouble(privacy.why_not(held | {"next": privacy.UNKNOWN}))
    if not yes:
        typer.confirm("Erase all of it, for good?", abort=True)
    how = privacy.How(known=bool(held["places"]), unknown=unknown, several=several, wait=wait)
    with console.status("forgetting"):
        done = privacy.forgotten(deployment, person, console.print, how)
    if Path(deployment.report or "none").exists():
        demo.with_report(deployment)
    _tell(done)


def export(
    person: Person,
    to: Annotated[Path, typer.Option("--to", help="Folder to write to; new or empty. Only you may read it.")],
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Write everything that is held of a person into a folder.

    JSON and CSV by place, and an index. Nothing of it stays in the stack.
    """
    deployment = deployment_of(target, config)
    listed = privacy.written(privacy.exported(deployment, _read(person)), to)
    for name, count in listed:
        console.print(f"{name:<44}{count:,} entries")
    console.print(f"{len(listed)} places in {relative(to.resolve())}; begin with README.md")


def receipts(target: Target = None, config: Config = CONFIG) -> None:
    """What was forgotten so far: receipt, day, places, and the models that learnt from it. Nobody is named."""
    deployment = deployment_of(target, config)
    artifacts = artifacts_of(deployment)
    found = privacy.receipts(artifacts)
    for each in found:
        counts = f"{len(each['places'])} places, {len(each['models'])} models"
        console.print(f"{each['receipt']}  {each['closed_at'][:10]}  {each['status']:<7}{each['reason']:<8}{counts}")
    for version, status in privacy.models(artifacts).items():
        console.print(f"model {version}: learnt from somebody who was forgotten; {status}")
    if not found:
        console.print("nobody was forgotten yet")


def resume(
    every: Annotated[
        bool, typer.Option("--all", help="Erase everybody once more who was forgotten: a backup came back.")
    ] = False,
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Go on with erasures that are open: what sources notified of, what was cut short."""
    done = privacy.worked_off(deployment_of(target, config), again=every)
    console.print(f"{done['requests']} requests ({done['opened']} of notices): {done['done']} done")


def lift(
    receipt: Annotated[str, typer.Argument(help="Receipt of somebody who is a customer again.")],
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Keep somebody out no longer."""
    privacy.lifted(deployment_of(target, config), receipt)
    console.print("let in again; `holdfast sources sync --backfill everything` pulls what has not changed since")


def _read(person: str) -> str:
    said = sys.stdin.read().strip() if person == "-" else person.strip()
    if not said:
        raise Trouble("whom? Name an email, an external id or SOURCE:ID; - reads it from standard input")
    return said


def _show(held: Mapping[str, Any]) -> None:
    for line in privacy.summary(held["places"]):
        console.print(f"  {line}")
    if not held["places"]:
        console.print("  nothing is held under this identifier")
    if held["models"]:
        console.print(f"  models that learnt from them: {', '.join(held['models'])}")


def _tell(done: Mapping[str, Any]) -> None:
    if done["resumed"]:
        console.print("finished what was cut short before")
    for place, counts in done["left"].items():
        console.print(f"  LEFT in {place}: {counts}")
    if done["left"]:
        raise Trouble(f"something is left; run the same again (receipt {done['receipt']}, still open)")
    console.print(f"forgotten in {len(done['places'])} places; looked through once more: nothing is left")
    if done["models"]:
        how = {
            "now": f"run {done.get('run', '')} retrains now",
            "next-night": "the next night replaces the one that serves",
            "never": "they stay (privacy.retrain)",
        }
        console.print(f"models that learnt from them: {', '.join(done['models'])}; {how[done['retrain']]}")
    console.print(f"receipt {done['receipt']}")
