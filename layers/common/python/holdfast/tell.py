"""What people and alarms are told beside the log: a message to the alerts topic, a metric without dimensions."""

import json
from collections.abc import Mapping

from holdfast.aws import client, translated


def alert(topic: str, subject: str, body: Mapping[str, object]) -> None:
    """Publish to the alerts topic; a subject is cut to the 100 ASCII characters that SNS takes."""
    subject = subject.encode("ascii", "replace").decode()[:100]
    with translated("publishing an alert"):
        client("sns").publish(TopicArn=topic, Subject=subject, Message=json.dumps(body, ensure_ascii=False))


def measure(**values: float) -> None:
    """Put counts, hours, percents as metrics that alarms look at; what is nothing is no metric, so that an alarm does not say that all
    is well."""
    data = [{"MetricName": name, "Value": value} for name, value in sorted(values.items()) if value]
    if not data:
        return
    with translated("publishing metrics"):
        client("cloudwatch").put_metric_data(Namespace="Holdfast", MetricData=data)
