"""Everything gone but what lies in the buckets: a new runtime, a stack that takes them over, `holdfast recover`, and a night as if nothing had been.

    make recovery ARGS="--customers 320 --port 4780"

Two nights with an erasure between them; then the runtime goes with all that it holds, and a new one has the objects and nothing else. The
last line is JSON: rows of the lake, of the served scores and of bookmarks that differ, answers of the API that do, and whether who was
forgotten stays forgotten.
"""

import argparse
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import tomli_w
from rich.console import Console

from benchmarks.chaos_snapshot import Snapshot, taken
from benchmarks.chaos_sums import UNLIKE, Sums, differing, rows, sums
from benchmarks.deployed import Deployed
from holdfast.settings import load_settings
from infra.cli import api, demo
from infra.cli.deployment import STATE, Deployment
from infra.local import runtime
from infra.local.processes import Processes
from infra.packaging import ROOT

_TIMES = UNLIKE | {"score_id"}
"""What an answer says of when and by which run, beside the score."""
_WAITS = "holdfast recover"
"""What an erasure says to do before it goes on."""
_LEFT, _PARTS = "there already", 7
"""What `recover` says of each of its parts when it is typed again."""


@dataclass(frozen=True)
class Stood:
    """How a deployment stands: rows by table, and what the API says of each customer and of the champion."""

    rows: Sums
    answers: dict[str, str]


def main() -> None:
    """Run, forget, run, lose, recover, run, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=320)
    parser.add_argument("--port", type=int, default=4780)
    given = parser.parse_args()
    shutil.rmtree(STATE, ignore_errors=True)
    stack = Deployed(STATE, given.port)
    wanted = demo.Wanted(config=ROOT / "holdfast.toml", port=given.port, customers=given.customers)
    try:
        print(stack.holdfast("demo", "--customers", str(given.customers), "--port", str(given.port)), flush=True)
        answer = recovered(stack, wanted)
    finally:
        stack.holdfast("down")
    print(json.dumps(answer))
    sys.exit(not answer["well"])


def recovered(stack: Deployed, wanted: demo.Wanted) -> dict[str, Any]:
    """Of a deployment that has run a night."""
    everybody = people(wanted.world)
    gone = next(each for each, score in _scores(stack.deployment, everybody).items() if score)
    print(stack.holdfast("forget", gone, "--yes") + stack.holdfast("run"), flush=True)
    before, kept = stood(stack.deployment, everybody), STATE / "keys.json"
    stack.holdfast("keys", "export", str(kept))
    objects, metadata = taken(stack.deployment), _metadata(stack.deployment)
    stack.holdfast("down")
    deploy(stack, wanted, objects, metadata)
    refused = _WAITS in stack.holdfast("privacy", "resume", well=False)
    print(stack.holdfast("recover", "--keys", str(kept)), flush=True)
    at_once = stood(stack.deployment, everybody)
    again = stack.holdfast("recover")
    print(again + stack.holdfast("run"), flush=True)
    after = stood(stack.deployment, everybody)
    answer = compared(before, at_once, after, gone) | {
        "refused_before": refused,
        "left_alone_again": again.count(_LEFT),
    }
    return answer | {"well": answer["well"] and refused and answer["left_alone_again"] == _PARTS}


def compared(before: Stood, at_once: Stood, after: Stood, gone: str) -> dict[str, Any]:
    """What differs after the night, and what the API said before it."""
    wrong = differing(after.rows, before.rows)
    for each in wrong:
        print(f"  {each.table}: {each.lost} rows lost, {each.extra} too many")
    other = [each for each in before.answers if before.answers[each] != after.answers[each]]
    early = sum(before.answers[each] != at_once.answers[each] for each in before.answers)
    back = after.answers[gone] != "null"
    well = not wrong and not other and not back
    return {
        "rows": rows(before.rows), "rows_differing": sum(each.lost + each.extra for each in wrong), "answers": len(before.answers),
        "scored": sum(each != "null" for each in before.answers.values()), "answers_differing": len(other),
        "answers_differing_before_the_night": early, "forgotten_came_back": back, "well": well,
    }  # fmt: skip


def deploy(stack: Deployed, wanted: demo.Wanted, objects: Snapshot, metadata: dict[str, dict[str, str]]) -> None:
    """A new runtime that holds the objects of the old one, and a stack on them."""
    settings = demo.at_home(load_settings(wanted.config), wanted)
    processes = Processes(STATE)
    runtime.start(processes, wanted.port, settings.region)
    left = stack.deployment
    fill(left, objects, metadata)
    section = stack.holdfast("recover", "--find")
    print(section, flush=True)
    written = STATE / "recovered.toml"
    written.write_text(
        tomli_w.dumps(settings.model_dump(mode="json", exclude_none=True, by_alias=True)) + "\n" + section
    )
    taking_over = load_settings(written)
    deployment = demo.deployed(wanted, taking_over, Console())
    demo.start_standins(processes, wanted, deployment, taking_over)


def fill(left: Deployment, objects: Snapshot, metadata: dict[str, dict[str, str]]) -> None:
    """Buckets as a stack leaves them on AWS: under a key, with every object, and of uploads with what they say of themselves."""
    s3 = left.client("s3")
    key = left.client("kms").create_key()["KeyMetadata"]["Arn"]
    logs = left.artifacts_bucket.replace("storageartifacts", "storageaccesslogs")
    for bucket in (*{bucket for bucket, _ in objects.objects}, logs):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    for (bucket, name), (_, body) in objects.objects.items():
        said = metadata.get(name, {}) if bucket == left.uploads_bucket else {}
        s3.put_object(Bucket=bucket, Key=name, Body=body, Metadata=said)


def stood(deployment: Deployment, everybody: list[str]) -> Stood:
    """How it stands now. What landed is the runs' own."""
    told = {name: each for name, each in sums(deployment).items() if not name.startswith("landed ")}
    answers = {each: json.dumps(score, sort_keys=True) for each, score in _scores(deployment, everybody).items()}
    return Stood(told, answers)


def people(world: Path) -> list[str]:
    """External ids of everybody in the world."""
    held = pq.read_table(world / "crm" / "hubspot_contacts.parquet", columns=["external_id"])
    return sorted({each for each in held["external_id"].to_pylist() if each})


def _metadata(deployment: Deployment) -> dict[str, dict[str, str]]:
    """Of each object that was uploaded, by key."""
    s3, bucket = deployment.client("s3"), deployment.uploads_bucket
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return {key: s3.head_object(Bucket=bucket, Key=key)["Metadata"] for key in keys}


def _scores(deployment: Deployment, everybody: list[str]) -> dict[str, Any]:
    return {each["id"]: _timeless(each["score"]) for each in api.scores(deployment, everybody)}


def _timeless(said: Any) -> Any:
    """The same without when and by which run."""
    if isinstance(said, list):
        return [_timeless(each) for each in said]
    return (
        {name: _timeless(each) for name, each in said.items() if name not in _TIMES} if isinstance(said, dict) else said
    )


if __name__ == "__main__":
    main()
