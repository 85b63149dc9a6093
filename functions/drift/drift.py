"""The drift check: compares what is scored now with what the champion was trained on, and says so when it moved."""

import json
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from drift.alert import alert, headline
from drift.evidence import Evidence, gather
from drift.finding import NOTHING, Finding
from drift.memory import Memory, remember, remembered
from drift.render import render
from drift.rule import judged
from holdfast.aws import client, translated
from holdfast.observe import logger, step
from holdfast.registry import DynamoRegistry
from holdfast.resources import artifacts, environment, lake, settings
from holdfast.settings import Drift
from holdfast.store import Store


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Compare, tell, remember, answer."""
    evidence = gather(lake(), artifacts(), DynamoRegistry(environment().state_table))
    if evidence is None:
        logger.info("nothing to compare yet")
        return NOTHING.to_json()
    finding, memory = check(evidence, remembered(artifacts()), artifacts(), settings().drift)
    _publish(finding, evidence)
    remember(artifacts(), memory)
    return finding.to_json()


def check(evidence: Evidence, memory: Memory, store: Store, rule: Drift) -> tuple[Finding, Memory]:
    """Apply the rule and draw the page; also what to remember once people are told. The same day checked again finds the same."""
    shifts, earlier = evidence.shifts(), memory.before(evidence.day)
    today = judged(evidence.day, evidence.bundle.version, evidence.rows, shifts, rule)
    after = earlier.having(today)
    drifted = tuple(shift for shift in shifts if shift.name in after.confirmed(rule.windows))
    logger.info("compared", rows=evidence.rows, furthest=[shift.to_json() for shift in shifts[:5]])
    key = f"drift/{evidence.day}.html"
    store.write(key, render(*evidence.tables([shift.name for shift in shifts])), "text/html; charset=utf-8")
    quiet = memory.quiet(evidence.day, rule.cooldown_days)
    finding = Finding(drifted, len(today.over), evidence.rows, key, quiet)
    return finding, replace(after, told=evidence.day if finding.tells else memory.told)


def _publish(finding: Finding, evidence: Evidence) -> None:
    with translated("publishing the drift metric"):
        metric = {"MetricName": "DriftedFeatures", "Value": len(finding.drifted), "Unit": MetricUnit.Count.value}
        client("cloudwatch").put_metric_data(Namespace="Holdfast", MetricData=[metric])
    if finding.tells:
        _tell(finding, evidence)


def _tell(finding: Finding, evidence: Evidence) -> None:
    message = alert(settings().name, finding.drifted, evidence.sentences, finding.rows, finding.report)
    # EventBridge puts the reason into the run's input as it is: a quote would end it.
    reason = f"drift: {headline(finding.drifted, evidence.sentences)}".translate({34: "'", 92: "/"})
    with translated("telling about drift"):
        client("sns").publish(TopicArn=environment().alerts_topic, Subject=message.subject, Message=message.text)
        entry = {"Source": "holdfast", "DetailType": "drift detected", "Detail": json.dumps(finding.detail(reason))}
        client("events").put_events(Entries=[entry])
