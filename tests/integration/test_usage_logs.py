"""Usage logs through the real handlers, S3, DynamoDB and Iceberg behind Glue: drift, and rows that are lost."""

import json
from pathlib import Path

import boto3

from holdfast import resources
from ingest import ingest, plan, reconcile
from tests.infra.conftest import synthesised
from tests.integration.conftest import environment
from tests.integration.house import House, call

LOGS = """
[sources.usage]
kind = "events"
prefix = "usage/"
fields = { customer = "user_id", time = "ts", id = "event_id" }
[churn]
kind = "usage"
"""


def lines(*said: dict[str, object]) -> bytes:
    base = {"user_id": "u-1", "ts": "2026-01-01T00:00:00Z"}
    return "".join(json.dumps(base | {"event_id": f"e{hash(str(each))}"} | each) + "\n" for each in said).encode()


def test_a_field_that_comes_later_is_a_column_of_the_iceberg_table_and_an_alert(house: House, tmp_path: Path) -> None:
    (tmp_path / "logs.toml").write_text(LOGS)
    with environment({"HOLDFAST_CONFIG_PATH": str(tmp_path / "logs.toml")}):
        house.put("usage/a.ndjson", lines({"device": {"os": "mac"}, "n": 1}))
        house.night("first")
        quiet, snapshot = house.alerts(), resources.lake().snapshot_id("events")
        house.put("usage/b.ndjson", lines({"n": 2.5, "plan": "pro"}, {"n": "x", "email": "ada@example.com"}))
        house.night("second")
        told = house.alerts()
        house.night("third")

        events, before = resources.lake().read("events"), resources.lake().read("events", snapshot_id=snapshot)

    assert events is not None
    assert before is not None
    assert set(events.column_names) - set(before.column_names) == {"plan"}
    assert sorted(events["n"].to_pylist(), key=str) == [1.0, 2.5, None]
    assert [each for each in events["plan"].to_pylist() if each] == ["pro"]
    assert quiet == house.alerts() == []
    (message,) = told
    assert sorted(change.split()[0] for change in json.loads(message)["changes"]) == ["email", "n", "n", "plan"]


def test_a_line_that_is_lost_sets_off_the_alarm(house: House, tmp_path: Path) -> None:
    (tmp_path / "logs.toml").write_text(LOGS)
    template = synthesised("local", tmp_path / "build")
    alarms = template.find_resources("AWS::CloudWatch::Alarm", {"Properties": {"AlarmName": "holdfast-RowGap"}})
    ((_, alarm),) = alarms.items()
    named = {**alarm["Properties"], "AlarmName": f"{house.name}-RowGap", "AlarmActions": [house.topic], "OKActions": []}
    boto3.client("cloudwatch").put_metric_alarm(**named)
    with environment({"HOLDFAST_CONFIG_PATH": str(tmp_path / "logs.toml")}):
        house.put("usage/a.ndjson", lines({"n": 1}, {"n": 2}))
        planned = call(plan.handler, {"run": "first", "input": {}})
        for batch in house.batches(planned):
            call(ingest.handler, batch)
        (key,) = [item.key for item in resources.artifacts().list("work/first/landed/")]
        account = json.loads(resources.artifacts().read(key))
        account["files"][0]["rows"] -= 1
        resources.artifacts().write(key, json.dumps(account).encode())

        answer = call(reconcile.handler, {"run": "first"})

    (state,) = boto3.client("cloudwatch").describe_alarms(AlarmNames=[f"{house.name}-RowGap"])["MetricAlarms"]
    assert answer["gap"] == 1
    assert state["StateValue"] == "ALARM"
    assert "Rows were lost" in house.alerts()[0]
