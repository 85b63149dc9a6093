"""A queue for what could not be delivered: kept two weeks, encrypted, TLS only."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct


def dead_letters(scope: Construct, name: str) -> sqs.Queue:
    """Where one capability's undeliverable messages lie."""
    return sqs.Queue(
        scope, name, encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True, retention_period=Duration.days(14)
    )
