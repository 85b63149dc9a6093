"""`holdfast keys`: the keys of the pseudonyms, and a new one in place of the current."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from holdfast.keyring import UNDER, Keyring, keyring
from holdfast.locks import Locks
from infra.cli import lake, privacy
from infra.cli.deployment import Deployment, explained
from infra.cli.options import CONFIG, Config, Target, deployment_of
from infra.cli.privacy import write_private
from infra.cli.sources import idle, ledger_of
from infra.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="Keys of the pseudonyms.")
console = Console(highlight=False, soft_wrap=True, markup=False)


@app.command("status")
def keys_status(target: Target = None, config: Config = CONFIG) -> None:
    """Which keys there are, and whether a rotation is under way."""
    deployment = deployment_of(target, config)
    ring = held(deployment)
    for key in ring.keys:
        current = ", current" if key is ring.keys[-1] else ""
        console.print(f"{key.id:<6}since {key.since[:19] or 'the deployment'}{current}")
    left = unfinished(deployment, ring)
    console.print(
        f"under an earlier key still: {', '.join(left)}; `holdfast keys rotate` goes on"
        if left
        else f"all tables are under {ring.current.key_id}"
    )


@app.command("rotate")
def keys_rotate(target: Target = None, config: Config = CONFIG) -> None:
    """Make a new key current, and bring all tables and the customers that the API answers for under it.

    Nobody's history is cut off, and no source is asked. Customers are found all the while, by their ids and by pseudonyms of
    earlier keys. Cut short, the same command goes on; so does the next run.
    """
    deployment = deployment_of(target, config)
    idle(deployment)
    erased(deployment)
    ring, new = begun(deployment)
    console.print(f"{ring.current.key_id} is current{'' if new else ' already: going on with its rotation'}")
    for done in work(deployment):
        console.print(f"{done['tables']} tables, {done['files']} files are under {done['key']} now")


@app.command("export")
def keys_export(
    file: Annotated[Path, typer.Argument(help="A file that is not there yet; its owner alone may read it.")],
    target: Target = None,
    config: Config = CONFIG,
) -> None:
    """Bring the keys here, to keep them in another place: `holdfast recover --keys FILE` needs them when all but the buckets is gone."""
    deployment = deployment_of(target, config)
    if file.exists():
        raise Trouble(f"{file} is there already: name a file that is not")
    write_private(file, held(deployment).to_secret())
    console.print(
        f"{file}: whoever has it can tell who a pseudonym is. Keep it where secrets are kept, and delete it here."
    )


def held(deployment: Deployment) -> Keyring:
    """The keys as the deployment's secret holds them."""
    with explained(deployment.endpoint):
        value = deployment.client("secretsmanager").get_secret_value(SecretId=deployment.pseudonym_secret)
    return keyring(value["SecretString"], deployment.pseudonym_secret)


def put(deployment: Deployment, ring: Keyring) -> None:
    """Let the deployment's secret hold these keys."""
    with explained(deployment.endpoint):
        deployment.client("secretsmanager").put_secret_value(
            SecretId=deployment.pseudonym_secret, SecretString=ring.to_secret()
        )


def erased(deployment: Deployment) -> None:
    """Finish the erasures that are open: under a new key they would look for the pseudonyms of the old one.

    Raises:
        Trouble: one of them cannot be finished now.
    """
    done = privacy.worked_off(deployment, again=False)
    if done["done"] < done["requests"]:
        raise Trouble(
            f"{done['requests'] - done['done']} erasures are still open: `holdfast privacy resume` goes on with them; rotate the key then"
        )


def begun(deployment: Deployment) -> tuple[Keyring, bool]:
    """The keys with a new one, unless the last one's rotation is not finished; whether there is a new one."""
    with Locks(ledger_of(deployment), "keys rotate").hold("keys"):
        ring = held(deployment)
        if unfinished(deployment, ring):
            return ring, False
        new = ring.rotated(datetime.now(UTC))
        put(deployment, new)
        return new, True


def unfinished(deployment: Deployment, ring: Keyring) -> list[str]:
    """Tables of the lake that are not under the current key yet."""
    if len(ring.keys) == 1:
        return []
    with explained(deployment.endpoint):
        there = lake.lake_of(deployment)
        tables = {name: there.table(name) for name in there.names()}
    return [name for name, table in tables.items() if table and table.properties.get(UNDER) != ring.current.key_id]


def work(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """Have the tables brought under the current key; what each turn did, until nothing is left.

    Raises:
        Trouble: a turn failed, or did nothing although something is left.
    """
    left = True
    while left:
        done = lake.maintain(deployment, "keys")
        yield done
        left = bool(done["left"])
        if left and not done["files"]:
            raise Trouble(f"nothing more can be done: {', '.join(done['left'])}; `holdfast logs Maintain` says more")
