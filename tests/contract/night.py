"""Examples of a real night on the demo that runs here: each message as it was said, the fields of each document, the columns of each table."""

import json
from collections.abc import Iterator
from typing import Any

from holdfast.bundle import CALIBRATOR, PERSONAS, VALUE
from holdfast.store import read_json
from infra.cli import operate
from infra.cli.deployment import Deployment
from infra.cli.lake import lake_of
from infra.cli.stores import BucketOf, artifacts_of
from tests.doubles.execution import filled

ANSWERS = {
    "plan": "Planned", "reconciled": "Reconciled", "scrubbed": "Scrubbed", "transformed": "Transformed", "features": "Featured",
    "trained": "Trained", "promoted": "Promoted", "scored": "Scored", "reported": "Reported",
}  # fmt: skip
"""Entry of the run's document -> the message that it is."""
ASKED = {
    "Plan": "Begun", "Reconcile": "RunOnly", "Features": "FeaturesWanted", "Train": "TrainingWanted", "Promote": "PromotionWanted",
    "ScoreAll": "ScoringWanted", "Report": "ReportWanted",
}  # fmt: skip
"""State -> the message that is its input."""
UNSAID = {
    "Grouping": "only said where an engine beside the functions groups activity, which the embedded runtime has not"
}
"""Messages that a night on the embedded runtime does not have, and why."""


def examples(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """All of the newest whole night, by kind and name."""
    said = next(each for each in operate.runs(deployment, 50) if '"reported"' in each.get("output", ""))
    document = json.loads(said["output"])
    return {
        "example_messages": dict(sorted(_messages(deployment, said, document))),
        "example_documents": {name: cut(each) for name, each in sorted(_documents(deployment, document))},
        "night_documents": {name: fields(each) for name, each in sorted(_free(deployment, document))},
        "night_lake": dict(_lake(deployment)),
    }


def fields(document: Any) -> dict[str, dict[str, str]]:
    """The fields of a document that no class draws."""
    return {name: {"type": type(value).__name__} for name, value in sorted(document.items())}


def cut(document: Any) -> Any:
    """The same with two of each list: what follows is like them."""
    if isinstance(document, list):
        return [cut(each) for each in document[:2]]
    return {name: cut(each) for name, each in document.items()} if isinstance(document, dict) else document


def _messages(deployment: Deployment, said: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, document[entry]) for entry, name in ANSWERS.items())
    yield "Landed", document["ingested"]["streams"][0]
    yield "Verdict", document["validated"][0]
    yield "TableOfRun", {"run": document["plan"]["run"], "table": document["plan"]["tables"][0]}
    yield "Extract", document["plan"]["extracts"][0]
    machine = deployment.client("stepfunctions").describe_state_machine(stateMachineArn=said["stateMachineArn"])
    states = json.loads(machine["definition"])["States"]
    context = {
        "Execution": {"Name": said["name"], "Id": said["executionArn"], "Input": json.loads(said["input"])},
        "Task": {"Token": "a token"},
        "State": {"RetryCount": 0},
    }
    for state, name in ASKED.items():
        asked = filled(states[state]["Parameters"], document, context)
        yield name, asked.get("Payload", asked)


def _documents(deployment: Deployment, document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """One of each that a class of the code draws."""
    store, run = artifacts_of(deployment), document["plan"]["run"]
    bundle = f"bundles/{document['trained']['bundle']}"
    feature_set = read_json(store, f"feature_sets/{document['features']['feature_set']}.json")
    yield "FeatureSet", feature_set | {"recipe": {}, "dropped": {}}
    yield "Feature", feature_set["features"][0]
    yield "ValueModel", read_json(store, f"{bundle}/{VALUE}")
    personas = read_json(store, f"{bundle}/{PERSONAS}")
    yield "Personas", personas
    yield "Persona", personas["personas"][0]
    yield "Calibrator", read_json(store, f"{bundle}/{CALIBRATOR}")
    remembered = read_json(store, "schema/usage.json")
    yield "Schema", remembered
    yield "Column", remembered["columns"][0]
    yield "Used", read_json(store, next(store.list(f"work/{run}/used/")).key)
    yield "File", read_json(store, read_json(store, document["plan"]["batches"])[0]["batch"])[0]
    yield "FileCount", read_json(store, next(store.list(f"work/{run}/landed/")).key)["files"][0]


def _free(deployment: Deployment, document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Documents that are put together by hand."""
    store, run = artifacts_of(deployment), document["plan"]["run"]
    bundle = f"bundles/{document['trained']['bundle']}"
    yield "run record", read_json(store, f"runs/{run}.json")
    yield "bundle manifest", read_json(store, f"{bundle}/manifest.json")
    yield "bundle origin", read_json(store, f"{bundle}/origin.json")
    yield "ranking", read_json(store, "rankings/latest.json")
    landing = BucketOf(deployment, deployment.landing_bucket)
    manifest = read_json(landing, next(landing.list(f"manifests/run={run}/")).key)
    yield "landing manifest", manifest
    yield "cursor", manifest["cursor"]
    for table, name in ((deployment.state_table, "state"), (deployment.scores_table, "scores")):
        yield from _items(deployment, table, name)


def _items(deployment: Deployment, table: str, name: str) -> Iterator[tuple[str, Any]]:
    """Of each kind of items, by the beginning of their key, one."""
    pages = deployment.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    held = [item for page in pages for item in page["Items"]]
    kinds = {_kind(item): item for item in held}
    for kind, item in kinds.items():
        yield f"{name} item {kind}", {key: next(iter(value.values())) for key, value in item.items()}


def _kind(item: dict[str, Any]) -> str:
    return str(item["pk"]["S"].partition("#")[0]) if "pk" in item else "lead" if "leads_to" in item else "vector"


def _lake(deployment: Deployment) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """What `features` and `training_examples` have is a feature set's to say, and not ours."""
    lake = lake_of(deployment)
    for table in sorted(set(lake.names()) - {"features", "training_examples"}):
        yield table, {each.name: {"type": str(each.type)} for each in lake.schema(table)}
