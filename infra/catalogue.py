"""The functions of the stack: which handler, which bundle, how much memory and time."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FunctionSpec:
    """One Lambda function. The state of `Nightly` that it serves has the same name."""

    name: str
    handler: str
    """`<stage>.<module>.handler` under functions/."""
    bundle: str
    """The dependency group of pyproject.toml that it is deployed with."""
    memory_mb: int
    timeout_s: int
    purpose: str
    disk_gb: int = 0
    """Of its own, for files that are read where they lie and for what does not fit into memory; 0 is what every function has (half a
    gigabyte)."""
    snapshot: bool = False
    """Whether new environments start from an image of one that has begun (SnapStart): of a function that somebody waits for."""

    @property
    def stage(self) -> str:
        return self.handler.split(".", 1)[0]


EVERYWHERE = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
"""Environment of every function. Pydantic looks through all installed packages for plugins of it otherwise, and there are none."""
_HEAVY: dict[str, Any] = {"memory_mb": 4096, "timeout_s": 900}

FUNCTIONS = {
    spec.name: spec
    for spec in (
        FunctionSpec("Plan", "ingest.plan.handler", "ingest", 1024, 600, "lists what there is to pull"),
        FunctionSpec(
            "Ingest",
            "ingest.ingest.handler",
            "lake",
            3008,
            900,
            "pulls one stream or one batch of log files into landing",
            disk_gb=10,
        ),
        FunctionSpec(
            "Reconcile",
            "ingest.reconcile.handler",
            "ingest",
            1024,
            300,
            "accounts for every log line and decides how schemas go on",
        ),
        FunctionSpec(
            "Validate",
            "validate.validate.handler",
            "lake",
            **_HEAVY,
            purpose="holds one landed table to its suite",
            disk_gb=10,
        ),
        FunctionSpec(
            "Transform",
            "validate.transform.handler",
            "lake",
            **_HEAVY,
            purpose="pseudonymises and commits to the lake",
            disk_gb=10,
        ),
        FunctionSpec(
            "Features",
            "features.features.handler",
            "lake",
            10_240,  # it holds all activity and the whole matrix, of every customer at every cutoff
            900,
            "makes the point-in-time feature matrix",
        ),
        FunctionSpec(
            "Group", "features.group.handler", "lake", 1024, 300, "says what Spark is to group of a very large activity"
        ),
        FunctionSpec("Train", "train.train.handler", "base", 512, 120, "launches the training job"),
        FunctionSpec(
            "Promote",
            "train.promote.handler",
            "lake",
            **_HEAVY,
            purpose="lets the challenger replace the champion, or not",
        ),
        FunctionSpec("ScoreAll", "score.score_all.handler", "lake", **_HEAVY, purpose="scores every customer"),
        FunctionSpec("Report", "report.report.handler", "lake", **_HEAVY, purpose="writes the executives' page"),
        FunctionSpec("Failed", "report.failed.handler", "base", 512, 60, "says what went wrong and ends the run"),
        FunctionSpec(
            "Drift", "drift.drift.handler", "drift", 3008, 900, "compares what is scored with what was trained on"
        ),
        FunctionSpec(
            "Maintain",
            "validate.maintain.handler",
            "lake",
            **_HEAVY,
            purpose="keeps the lake's files few and its snapshots as long as they are wanted",
            disk_gb=10,
        ),
        FunctionSpec(
            "Scrub",
            "privacy.scrub.handler",
            "lake",
            **_HEAVY,
            purpose="takes who was forgotten out of what a run pulled",
        ),
        FunctionSpec(
            "Forget",
            "privacy.forget.handler",
            "lake",
            **_HEAVY,
            purpose="finds, exports and forgets one person",
            disk_gb=10,
        ),
        FunctionSpec("Api", "score.api.handler", "score", 1024, 15, "answers scoring calls", snapshot=True),
        FunctionSpec(
            "Authorize", "score.authorize.handler", "token", 512, 10, "says whose a token is, of an issuer's own"
        ),
        FunctionSpec("Webhook", "ingest.webhook.handler", "base", 512, 10, "takes in what the sources notify of"),
    )
}

IMAGE_BUNDLES = frozenset({"lake", "drift"})
"""Bundles over Lambda's 250 MB limit for zips: they ship as container images."""

TRAINING_CPU, TRAINING_MEMORY = 4096, 16384
"""Of the training job's container, as Fargate counts them: 1,024 units are a processor, and MiB."""
