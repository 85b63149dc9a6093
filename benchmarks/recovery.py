"""Everything gone but the buckets: what docs/operations.md says to do then, done on a deployment of its own.

    make recovery ARGS="--customers 320 --port 4780"

A night, somebody forgotten, a night; then the catalogue, both tables of DynamoDB and what the secrets hold are lost, and brought back by the
page's steps. The last line is JSON: how many customers score the same to the last digit, and whether who was forgotten stays forgotten.
"""

import argparse
import json
import secrets
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.deployed import Deployed
from infra.cli import api
from infra.cli.secrets import TOKEN

_KEYS = {"state": ("pk", "sk"), "scores": ("customer_id",)}
_FORGOTTEN = ("suppressed", "erasures")
"""Partitions of the state table that a recovery needs: who is kept out."""
_SOURCES = ("hubspot", "intercom")


@dataclass
class Kept:
    """What an operator has in another place."""

    secrets: dict[str, str] = field(default_factory=dict)
    forgotten: list[dict[str, Any]] = field(default_factory=list)


def main() -> None:
    """Run, lose, recover, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=320)
    parser.add_argument("--port", type=int, default=4780)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-recovery-", ignore_cleanup_errors=True) as folder:
        stack = Deployed(Path(folder), wanted.port)
        try:
            print(stack.holdfast("demo", "--customers", str(wanted.customers), "--port", str(wanted.port)), flush=True)
            answer = recovered(stack)
        finally:
            stack.holdfast("down")
    print(json.dumps(answer))
    sys.exit(not answer["well"])


def recovered(stack: Deployed) -> dict[str, Any]:
    """Of a deployment that has run a night."""
    people = [each["external_id"] for each in _contacts(stack)]
    gone = people.pop(0)
    stack.holdfast("forget", gone, "--yes")
    print(stack.holdfast("run"), flush=True)
    before, kept = _scores(stack, people), keep(stack)
    lose(stack)
    nothing = _scores(stack, people)
    bring_back(stack, kept)
    print(stack.holdfast("run"), flush=True)
    after = _scores(stack, people)
    same = sum(after[each] == before[each] for each in before)
    back = _scores(stack, [gone])[gone] is not None
    scored = sum(each is not None for each in before.values())
    well = same == len(before) and scored and not any(nothing.values()) and not back
    return {"customers": len(before), "scored": scored, "same": same, "forgotten_came_back": back, "well": bool(well)}


def keep(stack: Deployed) -> Kept:
    """What lies in another place: the secrets, and the state table's backup of a moment, of which two partitions are needed."""
    deployment = stack.deployment
    client = deployment.client("secretsmanager")
    names = [deployment.pseudonym_secret, *(f"{deployment.name}/{source}" for source in _SOURCES)]
    held = {name: client.get_secret_value(SecretId=name)["SecretString"] for name in names}
    return Kept(held, [item for item in _items(stack, deployment.state_table) if item["pk"]["S"] in _FORGOTTEN])


def lose(stack: Deployed) -> None:
    """What the buckets do not hold: tables of the catalogue, items, secrets. The stack's own resources a deployment makes again."""
    deployment = stack.deployment
    glue, dynamodb, secret = (deployment.client(name) for name in ("glue", "dynamodb", "secretsmanager"))
    for page in glue.get_paginator("get_tables").paginate(DatabaseName=deployment.database):
        for table in page["TableList"]:
            if table["TableType"] != "VIRTUAL_VIEW":
                glue.delete_table(DatabaseName=deployment.database, Name=table["Name"])
    for name, key in _KEYS.items():
        table = getattr(deployment, f"{name}_table")
        for item in _items(stack, table):
            dynamodb.delete_item(TableName=table, Key={part: item[part] for part in key})
    secret.put_secret_value(SecretId=deployment.pseudonym_secret, SecretString=secrets.token_hex(32))
    for source in _SOURCES:
        secret.put_secret_value(SecretId=f"{deployment.name}/{source}", SecretString="{}")


def bring_back(stack: Deployed, kept: Kept) -> None:
    """The key of the pseudonyms, the sources' tokens, and who is kept out."""
    deployment = stack.deployment
    client, dynamodb = deployment.client("secretsmanager"), deployment.client("dynamodb")
    pseudonyms = deployment.pseudonym_secret
    client.put_secret_value(SecretId=pseudonyms, SecretString=kept.secrets[pseudonyms])
    for source in _SOURCES:
        stack.holdfast("secret", "set", source, typed=json.loads(kept.secrets[f"{deployment.name}/{source}"])[TOKEN])
    for item in kept.forgotten:
        dynamodb.put_item(TableName=deployment.state_table, Item=item)


def _contacts(stack: Deployed) -> list[dict[str, Any]]:
    world = next(stack.state.glob("world-*"))
    held = pq.read_table(world / "crm" / "hubspot_contacts.parquet").to_pylist()
    return [each for each in held if each["external_id"]]


def _scores(stack: Deployed, people: list[str]) -> dict[str, Any]:
    """What the API says of each, but for the moment and the model; None of whom it knows no score."""
    found = api.scores(stack.deployment, people)
    return {each["id"]: _compared(each["score"]) for each in found}


def _compared(score: dict[str, Any] | None) -> dict[str, Any] | None:
    return score and {name: value for name, value in score.items() if not name.endswith("_at")}


def _items(stack: Deployed, table: str) -> list[dict[str, Any]]:
    pages = stack.deployment.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


if __name__ == "__main__":
    main()
