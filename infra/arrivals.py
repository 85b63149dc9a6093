"""Construct: S3 tells of new log files through EventBridge, in a queue that Plan reads."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from holdfast.settings import EventsSource, Settings
from infra.queues import dead_letters


class Arrivals(Construct):
    """Hints only: what is not told is found by listing."""

    def __init__(self, scope: Construct, construct_id: str, *, uploads: s3.IBucket, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.lost = lost = dead_letters(self, "Lost")
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(8),
            visibility_timeout=Duration.minutes(20),
            dead_letter_queue=sqs.DeadLetterQueue(queue=lost, max_receive_count=20),
        )
        sources = [source for source in settings.sources.values() if isinstance(source, EventsSource)]
        prefixes = [{"prefix": each.prefix.lstrip("/")} for each in sources if not each.prefix.startswith("s3://")]
        if prefixes:
            self._tell(uploads, prefixes, lost)

    def _tell(self, uploads: s3.IBucket, prefixes: list[dict[str, str]], lost: sqs.Queue) -> None:
        bucket = uploads.node.default_child
        if isinstance(bucket, s3.CfnBucket):  # one that is taken over tells already
            # The L2's own switch would bring a function and a role with it.
            bucket.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)
        detail = {"bucket": {"name": [uploads.bucket_name]}, "object": {"key": prefixes}}
        events.Rule(
            self,
            "OnUpload",
            event_pattern=events.EventPattern(source=["aws.s3"], detail_type=["Object Created"], detail=detail),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=lost)],
            description="A log file was uploaded: Plan looks at it.",
        )
