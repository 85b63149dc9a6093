"""The drift check: compares what is scored now with what the champion was trained on, and says so when it moved."""

import json
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from drift.alert import Alert, alert
from drift.divergence import Finding
from drift.evidence import Evidence, gather
from drift.render import render
from holdfast.aws import client, translated
from holdfast.observe import logger, step
from holdfast.registry import DynamoRegistry
from holdfast.resources import artifacts, environment, lake, settings
from holdfast.settings import Drift
from holdfast.store import Store


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Compare, publish, answer."""
    evidence = gather(lake(), artifacts(), DynamoRegistry(environment().state_table))
    if evidence is None:
        logger.info("nothing to compare yet")
        return Finding([], 0, "").to_json()
    finding = check(evidence, artifacts(), settings().drift)
    _publish(finding, evidence)
    return finding.to_json()


def check(evidence: Evidence, store: Store, rule: Drift) -> Finding:
    """Apply the rule and draw the page; too few rows are never called drifted."""
    shifts = evidence.shifts()
    drifted = (
        [shift for shift in shifts if shift.divergence > rule.maximum_shift]
        if evidence.rows >= rule.minimum_rows
        else []
    )
    logger.info("compared", rows=evidence.rows, furthest=[shift.to_json() for shift in shifts[:5]])
    key = f"drift/{evidence.day}.html"
    store.write(key, render(*evidence.tables([shift.name for shift in shifts])), "text/html; charset=utf-8")
    return Finding(drifted, evidence.rows, key)


def _publish(finding: Finding, evidence: Evidence) -> None:
    with translated("publishing the drift metric"):
        metric = {"MetricName": "DriftedFeatures", "Value": len(finding.drifted), "Unit": MetricUnit.Count.value}
        client("cloudwatch").put_metric_data(Namespace="Holdfast", MetricData=[metric])
    if finding.drifted:
        _tell(alert(settings().name, finding, evidence.sentences, settings().drift.maximum_shift), finding)


def _tell(message: Alert, finding: Finding) -> None:
    with translated("telling about drift"):
        client("sns").publish(TopicArn=environment().alerts_topic, Subject=message.subject, Message=message.text)
        entry = {"Source": "holdfast", "DetailType": "drift detected", "Detail": json.dumps(finding.detail())}
        client("events").put_events(Entries=[entry])
