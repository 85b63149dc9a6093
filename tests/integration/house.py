"""A deployment's resources without its functions: the first half of the chain is walked by the real handlers in this process."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3

from ingest import ingest, plan, reconcile
from tests.integration.dynamodb import new_table
from validate import transform, validate

BUCKETS = ("landing", "quarantine", "lake", "artifacts", "uploads")
DATABASE = "holdfast_test"
CONFIGURATION = """
[sources.crm]
kind = "hubspot"
base_url = "{hubspot}"
requests_per_10s = 180
searches_per_s = 50

[sources.desk]
kind = "intercom"
base_url = "{intercom}"
conversation_parts = false
data_events = false

[sources.usage]
kind = "events"
prefix = "usage/"
measures = {{ minutes = "duration_min", amount = "amount" }}

[sources.usage.fields]
customer = "user_id"
time = "ts"
id = "event_id"
arrival = "received_at"
kind = "event"
module = "module"

[churn]
kind = "usage"

[run]
as_of = "data"
"""


@dataclass(frozen=True)
class House:
    """One deployment's resources, without the functions themselves: handlers are called in this process."""

    name: str
    world: Path

    def bucket(self, zone: str) -> str:
        return f"{self.name}-{zone}"

    @property
    def topic(self) -> str:
        """The alerts topic."""
        return f"arn:aws:sns:us-east-1:000000000000:{self.name}-alerts"

    def alerts(self) -> list[str]:
        """What was alerted since it was asked for last."""
        sqs, inbox = boto3.client("sqs"), self.queue("inbox")
        found = sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=inbox, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in found]

    def queue(self, name: str) -> str:
        """A queue's address as this machine reaches it: the runtime names itself by a host of its own."""
        return f"{os.environ['AWS_ENDPOINT_URL']}/000000000000/{self.name}-{name}"

    def upload(self, pattern: str) -> None:
        for file in sorted(self.world.glob(pattern)):
            boto3.client("s3").upload_file(str(file), self.bucket("uploads"), str(file.relative_to(self.world)))

    def put(self, key: str, body: bytes) -> None:
        boto3.client("s3").put_object(Bucket=self.bucket("uploads"), Key=key, Body=body)

    def batches(self, planned: dict[str, Any]) -> list[dict[str, Any]]:
        """The batches of log files that Plan wrote down."""
        body = boto3.client("s3").get_object(Bucket=self.bucket("artifacts"), Key=planned["batches"])["Body"]
        return list(json.loads(body.read()))

    def night(self, run: str, only: str = "") -> dict[str, Any]:
        """One run from Plan to Transform, as the state machine goes; with `only` of one stream."""
        self.land(run, only)
        return call(transform.handler, {"run": run})

    def land(self, run: str, only: str = "") -> None:
        """The same until Validate: what Transform will find."""
        planned = call(plan.handler, {"run": run, "input": {"stream": only} if only else {"reason": "schedule"}})
        for extract in planned["extracts"]:
            assert call(ingest.handler, extract)["next"] == "done", extract
        for batch in self.batches(planned):
            call(ingest.handler, batch)
        call(reconcile.handler, {"run": run})
        for table in planned["tables"]:
            call(validate.handler, {"run": run, "table": table})


def call(handler: Callable[[dict[str, Any], Any], dict[str, Any]], event: dict[str, Any]) -> dict[str, Any]:
    context = SimpleNamespace(
        function_name="test", memory_limit_in_mb=1024, invoked_function_arn="arn", aws_request_id="1"
    )
    return handler(json.loads(json.dumps(event)), context)


def deploy(house: House, secrets: dict[str, str], settings: dict[str, str]) -> None:
    """Make what the stack would make; `secrets` are tokens by source."""
    for zone in BUCKETS:
        boto3.client("s3").create_bucket(Bucket=house.bucket(zone))
    boto3.client("glue").create_database(DatabaseInput={"Name": settings["HOLDFAST_DATABASE"]})
    new_table(settings["HOLDFAST_STATE_TABLE"])
    boto3.client("sns").create_topic(Name=f"{house.name}-alerts")
    for queue in ("inbox", "arrivals"):
        boto3.client("sqs").create_queue(QueueName=f"{house.name}-{queue}")
    queue = f"arn:aws:sqs:us-east-1:000000000000:{house.name}-inbox"
    boto3.client("sns").subscribe(
        TopicArn=house.topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"}
    )
    for name, token in secrets.items():
        boto3.client("secretsmanager").create_secret(
            Name=f"{house.name}/{name}", SecretString=json.dumps({"token": token})
        )
    boto3.client("secretsmanager").create_secret(Name=settings["HOLDFAST_PSEUDONYM_SECRET"], SecretString="k" * 32)
