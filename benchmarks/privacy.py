"""Both proofs of privacy on a small deployment of its own: nothing personal is said anywhere, and who is forgotten is gone to the last byte.

    make check-privacy ARGS="--customers 300 --port 4775"

The last line is JSON: how many identifiers were looked for, how many leaked, and in how many places something was left.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.deployed import Deployed
from holdfast.keyring import Keyring
from infra.cli import scan
from infra.cli.deployment import Deployment
from infra.cli.lake import lake_of
from infra.cli.leaks import leaked
from infra.cli.privacy import receipts
from infra.cli.scan import Hit, Needles
from infra.cli.stores import artifacts_of

_SHORTEST = 6
_REFERRING = {"contact_id", "contacts", "_updated_at"}
"""Columns in which other people's records name a contact: what is there of a person goes, and the record stays."""


@dataclass(frozen=True)
class Somebody:
    """One person of the world, by everything that names them."""

    external: str
    email: str
    hubspot: str
    intercom: str
    name: str

    def needles(self, ring: Keyring) -> set[str]:
        """Identifiers, and pseudonyms of them under every key."""
        own = {self.external, self.email, self.intercom}
        return own | {each for one in (*own, self.hubspot) for each in ring.pseudonyms(one)}


@dataclass
class Trial(Deployed):
    """A deployment and its world."""

    customers: int
    found: list[Hit] = field(default_factory=list)
    people: list[Somebody] = field(default_factory=list)

    def crm(self, table: str) -> list[dict[str, Any]]:
        """A table of the world."""
        world = next(self.state.glob("world-*"))
        return list(pq.read_table(world / "crm" / f"{table}.parquet").to_pylist())


def main() -> None:
    """Deploy, provoke, look, forget, look, run another night, look; say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--port", type=int, default=4775)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-privacy-", ignore_cleanup_errors=True) as folder:
        trial = Trial(Path(folder), wanted.port, wanted.customers)
        try:
            _say("deploying", trial.holdfast("demo", "--customers", str(trial.customers), "--port", str(trial.port)))
            answer = proved(trial)
        finally:
            trial.holdfast("down")
    print(json.dumps(answer))
    sys.exit(bool(answer["leaks"] or answer["bytes_left"]))


def proved(trial: Trial) -> dict[str, int]:
    """Both proofs on a deployment that has run a night."""
    trial.people = list(people(trial))
    chosen = some(trial)
    provoke(trial, chosen)
    texts = {text for each in trial.people for text in (each.external, each.email, each.intercom, each.name)}
    texts = {each for each in texts if len(each) >= _SHORTEST}
    leaks = leaked(trial.deployment, Needles(frozenset(texts)))
    left, checks = forget(trial, chosen)
    for hit in (*leaks, *left):
        print(f"  found {hit.what!r} in {hit.where}")
    return {"identifiers_tried": len(texts), "leaks": len(leaks), "bytes_left": len(left), "forgotten": len(chosen),
            "others_rows_compared": checks}  # fmt: skip


def people(trial: Trial) -> Iterator[Somebody]:
    """Everybody in the world who is in both systems."""
    support = {each["external_id"]: each for each in trial.crm("intercom_contacts")}
    for each in trial.crm("hubspot_contacts"):
        other = support.get(each["external_id"])
        if other:
            name = f"{each['firstname']} {each['lastname']}".strip()
            yield Somebody(each["external_id"], each["email"], each["id"], other["id"], name)


def some(trial: Trial) -> list[Somebody]:
    """Three people: the first who is everywhere, and two others."""
    asked = {each["contact_id"] for each in trial.crm("intercom_conversations")}
    called = {each["contact_id"] for each in trial.crm("hubspot_calls") if "contact_id" in each}
    everywhere = [each for each in trial.people if each.intercom in asked]
    everywhere.sort(key=lambda each: each.hubspot not in called)
    first = everywhere[0]
    return [first, *[each for each in trial.people if each != first][:: max(1, len(trial.people) // 2)][:2]]


def provoke(trial: Trial, chosen: list[Somebody]) -> None:
    """Everything that goes wrong with somebody's data in hand: broken lines and files, a suite that halts, refused calls, a failing
    source, notices that nobody signed."""
    who = chosen[0]
    line = {
        "event_id": "b1",
        "user_id": who.external,
        "ts": "2026-10-30T00:00:00Z",
        "event": "login",
        "mail": who.email,
    }
    text = json.dumps(line)
    broken = f"{text[:-2]}\n{text}\n{json.dumps(line | {'event_id': 'b2', 'ts': who.email})}\n"
    trial.put("usage/broken.ndjson", broken.encode())
    trial.put("usage/broken.ndjson.gz", gzip.compress((text + "\n").encode() * 3000)[:-20])
    trial.holdfast("run")
    long = [json.dumps(line | {"event_id": f"x{n}", "user_id": " ".join([who.email] * 20)}) for n in range(50)]
    trial.put("usage/halts.ndjson", "\n".join(long).encode())
    trial.holdfast("run", well=False)
    trial.deployment.client("s3").delete_object(Bucket=trial.deployment.uploads_bucket, Key="usage/halts.ndjson")
    for asked in (who.email, who.external, who.name, "nobody@example.com"):
        subprocess.run([str(Path(sys.executable).with_name("holdfast")), "score", asked], capture_output=True, check=False,
                       env=os.environ | {"HOLDFAST_STATE": str(trial.state)})  # fmt: skip
    trial.holdfast("quarantine", "show", "--table", "usage_events")
    trial.holdfast("forget", who.email, "--dry-run")


def forget(trial: Trial, chosen: list[Somebody]) -> tuple[list[Hit], int]:
    """Forget people by an email, an external id and a contact's id; what is found of them then, and after another night in which
    every source still has them. Nobody else's rows may have changed."""
    ring = scan.ring_of(trial.deployment)
    texts = {text for each in chosen for text in each.needles(ring)}
    needles = Needles(frozenset(texts), frozenset(each.hubspot for each in chosen))
    before = others(trial.deployment, needles)
    if not scan.scanned(trial.deployment, needles):
        raise SystemExit("nothing is found of people who are there: the search is broken")
    for how, each in zip(("email", "external", "hubspot"), chosen, strict=True):
        named = f"hubspot:{each.hubspot}" if how == "hubspot" else getattr(each, how)
        _say(f"forgetting by {how}", trial.holdfast("forget", named, "--yes"))
    left = scan.scanned(trial.deployment, needles)
    after = others(trial.deployment, needles)
    changed = [Hit(name, "rows of others changed") for name in before if before[name] != after.get(name)]
    told = notices(trial, chosen)
    back(trial, chosen)
    _say("what HubSpot told of", trial.holdfast("privacy", "resume"))
    texts |= {text for each in told for text in each.needles(ring)}
    everybody = frozenset(each.hubspot for each in (*chosen, *told))
    again = scan.scanned(trial.deployment, Needles(frozenset(texts), everybody))
    # Not `resume`'s own count: the hourly schedule may have opened the request before.
    if told and not any(each["reason"] == "notice" for each in receipts(artifacts_of(trial.deployment))):
        changed.append(Hit("notices", "nobody was forgotten whom HubSpot told of"))
    return [*left, *changed, *again], sum(map(len, before.values()))


def notices(trial: Trial, chosen: list[Somebody]) -> list[Somebody]:
    """A day in HubSpot, on which it deletes people for good and tells of it."""
    path = "v1/webhooks/hubspot"
    trial.holdfast("secret", "set", "hubspot", "--webhook", typed="signs")
    target = {
        "url": f"{trial.deployment.api_url}/{path}",
        "told": f"https://127.0.0.1:{trial.port}/live/{path}",
        "secret": "signs",
    }
    standin = f"http://127.0.0.1:{trial.port + 1}/_standin"
    httpx.post(f"{standin}/webhooks", json=target).raise_for_status()
    done = httpx.post(f"{standin}/advance", json={"days": 1, "updates": 3}, timeout=60).raise_for_status().json()
    gone = set(done["changed"]["contacts"]["deleted"]) - {each.hubspot for each in chosen}
    return [each for each in trial.people if each.hubspot in gone]


def back(trial: Trial, chosen: list[Somebody]) -> None:
    """A night in which everything is pulled once more, with log lines of them in a new file beside others'."""
    lines = [
        json.dumps({"event_id": f"n{n}", "user_id": each, "ts": "2026-10-30T01:00:00Z", "event": "login"})
        for n, each in enumerate([*(one.external for one in chosen), trial.people[-1].external])
    ]
    state = trial.deployment.client("dynamodb")
    for item in state.scan(TableName=trial.deployment.state_table)["Items"]:
        if item["pk"]["S"].startswith("cursor#") and item["sk"]["S"] == "cursor":
            state.delete_item(TableName=trial.deployment.state_table, Key={name: item[name] for name in ("pk", "sk")})
    trial.put("usage/later.ndjson", "\n".join(lines).encode())
    _say("a night with everything once more", trial.holdfast("run"))


def others(deployment: Deployment, needles: Needles) -> dict[str, list[int]]:
    """By table, a hash of every row that is not of the people who are sought, in order. What only hangs on a record of theirs
    (parts of conversations) is told by the record."""
    lake = lake_of(deployment)
    conversations = _conversations(lake.read("raw_intercom_conversations"), needles)
    found = {}
    for name in lake.names():
        rows = lake.read(name)
        hanging = Needles(needles.texts, needles.values | conversations)
        kept = [row for row in rows.to_pylist() if not hanging.among(_owners(row))] if rows is not None else []
        found[name] = sorted(hash(repr({k: v for k, v in row.items() if k not in _REFERRING})) for row in kept)
    return found


def _owners(row: dict[str, Any]) -> list[Any]:
    referring = {"contact_id", "contacts"} if "dealstage" in row else set()
    return [
        value for name, value in row.items() if name not in referring and name != "event_id" and isinstance(value, str)
    ]


def _conversations(rows: pa.Table | None, needles: Needles) -> set[str]:
    return {row["id"] for row in rows.to_pylist() if needles.among(_owners(row))} if rows is not None else set()


def _say(what: str, said: str) -> None:
    print(f"{what}: {said.strip().splitlines()[-1] if said.strip() else 'done'}", flush=True)


if __name__ == "__main__":
    main()
