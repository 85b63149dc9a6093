"""Who may touch what: one row per function, read as "this function may …". Everything else is denied."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from holdfast import recovery
from infra.copies import BUNDLES, RANKING
from infra.storage import Storage

ACCESS = {
    "Plan": ("read uploads", "write artifacts", "keep bookmarks", "read arrivals"),
    "Ingest": (
        "read uploads",
        "write artifacts",
        "write landing",
        "write quarantine",
        "keep cursors",
        "take turns",
        "read hints",
        "read source tokens",
        "keep app credentials",
    ),
    "Reconcile": ("write artifacts", "write quarantine", "keep bookmarks", "hold schemas", "write metrics"),
    "Scrub": (
        "purge uploads",
        "purge landing",
        "purge quarantine",
        "write artifacts",
        "keep bookmarks",
        "keep out",
        "see erasures",
        "note who is kept out",
        "read pseudonym key",
    ),
    "Validate": ("write landing", "write quarantine", "write artifacts", "read lake", "read catalogue"),
    "Transform": (
        "read landing",
        "write lake",
        "use catalogue",
        "hold locks",
        "write artifacts",
        "keep bookmarks",
        "read pseudonym key",
        "write metrics",
    ),
    "Group": ("read lake", "read catalogue", "see who serves", "read artifacts", "write cells", "note use"),
    "GroupOnSpark": ("read lake", "write cells"),
    "Features": (
        "write lake",
        "use catalogue",
        "hold locks",
        "see who serves",
        "read cells",
        "write artifacts",
        "write feature sets",
    ),
    "Train": ("read lake", "read catalogue", "write artifacts", "write bundles"),
    "Promote": (
        "read lake",
        "read catalogue",
        "read artifacts",
        "let serve",
        "note who serves",
        "note who was replaced",
        "note use",
    ),
    "ScoreAll": (
        "write lake",
        "use catalogue",
        "hold locks",
        "write artifacts",
        "write rankings",
        "write scores",
        "note scores",
    ),
    "Report": ("write lake", "use catalogue", "hold locks", "write artifacts", "write reports", "write metrics"),
    "Failed": (),
    "Drift": (
        "read lake",
        "read catalogue",
        "write artifacts",
        "write drift",
        "see who serves",
        "write metrics",
        "send events",
    ),
    "Maintain": ("write lake", "use catalogue", "hold locks", "read pseudonym key", "move scores"),
    "Forget": (
        "purge uploads",
        "purge landing",
        "purge quarantine",
        "purge lake",
        "purge artifacts",
        "purge copies",
        "use catalogue",
        "write state",
        "write scores",
        "look through items",
        "read pseudonym key",
    ),
    "Api": ("read bundles", "see who serves", "look up scores", "read pseudonym key"),
    "Authorize": (),
    "Webhook": ("write hints", "read webhook secrets"),
    "ModelOperator": ("read lake", "read catalogue", "read artifacts", "let serve", "note who serves"),
}


CELLS = "cells/"
"""Where in the landing bucket activity lies that was grouped."""
USED = "work/*/used/*"
"""Where states write what they used, among the artifacts."""
SHARED = ("work/*", "runs/*", "schema/*", "reconciliation/*", "quality/*", "released/*")
"""What states write of the artifacts for each other."""
OWN = {
    "write feature sets": "feature_sets/*", "write bundles": f"{BUNDLES}*", "write rankings": "rankings/*", "write reports": "reports/*",
    "write drift": "drift/*", "note who was replaced": "receipts/models.json", "note who serves": recovery.CHAMPION, "note who is kept out": recovery.FORGOTTEN,
}  # fmt: skip
"""What one of them alone writes."""


class Kept(Protocol):
    """Artifacts, and the key that they are under."""

    @property
    def key(self) -> kms.IKey: ...

    @property
    def artifacts(self) -> s3.IBucket: ...


class Scored(Kept, Protocol):
    """All that a scorer reads, in whichever region it is."""

    @property
    def state(self) -> dynamodb.ITable: ...

    @property
    def scores(self) -> dynamodb.ITable: ...

    @property
    def pseudonym_key(self) -> secretsmanager.ISecret: ...


def grant_scorer(grantee: iam.IGrantable, near: Scored, home: Kept) -> None:
    """What the row of `Api` says, of a further region's copies; and of the home region the artifacts that are copied, which may be late."""
    for may in ACCESS["Api"]:
        _SCORER[may](grantee, near)
    _BUNDLES(grantee, home)


def grant(name: str, grantee: iam.IGrantable, storage: Storage) -> None:
    """Give who works under this name what its row says. For `Train` that is the job, wherever it runs, and not its launcher;
    `GroupOnSpark` is a job too, and `ModelOperator` a person."""
    for may in ACCESS[name]:
        _GRANTS[may](grantee, storage)


_READ_OBJECTS = ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"]
_CHANGE_OBJECTS = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
_WRITE_OBJECTS = [*_READ_OBJECTS, *_CHANGE_OBJECTS]
_PURGE_OBJECTS = [
    *_WRITE_OBJECTS,
    "s3:ListBucketVersions",
    "s3:GetObjectVersion",
    "s3:DeleteObjectVersion",
]
_READ_ITEMS = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:DescribeTable"]
_WRITE_ITEMS = [
    *_READ_ITEMS,
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
]
_KEEP = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"]
_LOCK = ["dynamodb:PutItem", "dynamodb:DeleteItem"]
_READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 - an action
_READ_CATALOGUE = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
_USE_CATALOGUE = [*_READ_CATALOGUE, "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"]

Give = Callable[[iam.IGrantable, Storage], None]
_Kept = TypeVar("_Kept", bound=Kept)
_Scored = TypeVar("_Scored", bound=Scored)


def _objects(
    bucket: Callable[[_Kept], s3.IBucket], actions: list[str], *keys: str
) -> Callable[[iam.IGrantable, _Kept], None]:
    """A bucket's objects, or those of some keys; names of others may be listed."""

    def give(grantee: iam.IGrantable, storage: _Kept) -> None:
        chosen = bucket(storage)
        objects = [chosen.arn_for_objects(key) for key in keys or ("*",)]
        iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=[chosen.bucket_arn, *objects])
        _use_key(grantee, storage, writes=actions is not _READ_OBJECTS)

    return give


def _copies(grantee: iam.IGrantable, storage: Storage) -> None:
    """The buckets in further regions, each under the key of its region."""
    for each in storage.copies:
        _objects(lambda copied: copied.artifacts, _PURGE_OBJECTS)(grantee, each)


def _artifacts(grantee: iam.IGrantable, storage: Storage) -> None:
    """All of the artifacts to read, and what is shared to write."""
    for actions, keys in ((_READ_OBJECTS, ()), (_CHANGE_OBJECTS, SHARED)):
        _objects(lambda storage: storage.artifacts, actions, *keys)(grantee, storage)


def _uploads(grantee: iam.IGrantable, storage: Storage) -> None:
    """The uploads bucket, and the buckets of the company's own that the configuration names."""
    own: Give = _objects(lambda storage: storage.uploads, _READ_OBJECTS)
    own(grantee, storage)
    for arn in foreign_bucket_arns(storage):
        iam.Grant.add_to_principal(grantee=grantee, actions=_READ_OBJECTS, resource_arns=[arn, f"{arn}/*"])


def foreign_bucket_arns(storage: Storage) -> list[str]:
    """Buckets that are not the stack's, from sources with an `s3://` prefix."""
    stack = Stack.of(storage)
    return [stack.format_arn(service="s3", region="", account="", resource=name) for name in storage.foreign_buckets]


def _items(
    table: Callable[[_Scored], dynamodb.ITable], actions: list[str]
) -> Callable[[iam.IGrantable, _Scored], None]:
    def give(grantee: iam.IGrantable, storage: _Scored) -> None:
        iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=[table(storage).table_arn])
        _use_key(grantee, storage, writes="dynamodb:PutItem" in actions)

    return give


def _state_under(*keys: str, actions: list[str], writes: bool = True) -> Callable[[iam.IGrantable, Scored], None]:
    """Of the state nothing but what lies under some keys. Scans name no key and are never among the actions."""

    def give(grantee: iam.IGrantable, storage: Scored) -> None:
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=actions,
            resource_arns=[storage.state.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)}},
        )
        _use_key(grantee, storage, writes=writes)

    return give


def _turns(grantee: iam.IGrantable, storage: Storage) -> None:
    """Of each source its budget of requests, and the locks of its streams."""
    _state_under("budget#*", actions=["dynamodb:UpdateItem"])(grantee, storage)
    locks = [f"lock#{source}#*" for source in storage.source_secrets]
    if locks:
        _state_under(*locks, actions=_LOCK)(grantee, storage)


def _catalogue(actions: list[str]) -> Give:
    def give(grantee: iam.IGrantable, storage: Storage) -> None:
        iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=catalogue_arns(storage))

    return give


def catalogue_arns(storage: Storage) -> list[str]:
    """Glue asks for the catalogue and the database beside the table itself."""
    stack = Stack.of(storage)
    return [
        stack.format_arn(service="glue", resource="catalog"),
        stack.format_arn(service="glue", resource="database", resource_name=storage.database),
        stack.format_arn(service="glue", resource="table", resource_name=f"{storage.database}/*"),
    ]


def _everywhere(action: str, condition: dict[str, str]) -> Give:
    """For actions that take no resource: the condition is what narrows them."""

    def give(grantee: iam.IGrantable, _: Storage) -> None:
        statement = iam.PolicyStatement(actions=[action], resources=["*"], conditions={"StringEquals": condition})
        grantee.grant_principal.add_to_principal_policy(statement)

    return give


def _secrets(
    chosen: Callable[[_Kept], Iterable[secretsmanager.ISecret]], action: str = _READ_SECRET
) -> Callable[[iam.IGrantable, _Kept], None]:
    def give(grantee: iam.IGrantable, storage: _Kept) -> None:
        for secret in chosen(storage):
            iam.Grant.add_to_principal(grantee=grantee, actions=[action], resource_arns=[secret.secret_arn])
        _use_key(grantee, storage, writes=action != _READ_SECRET)

    return give


def _scans(grantee: iam.IGrantable, storage: Storage) -> None:
    """Items by what is in them."""
    arns = [storage.state.table_arn, storage.scores.table_arn]
    iam.Grant.add_to_principal(grantee=grantee, actions=["dynamodb:Scan"], resource_arns=arns)


def _arrivals(grantee: iam.IGrantable, storage: Storage) -> None:
    iam.Grant.add_to_principal(
        grantee=grantee, actions=["sqs:ReceiveMessage", "sqs:DeleteMessage"], resource_arns=[storage.arrivals.queue_arn]
    )


def _use_key(grantee: iam.IGrantable, storage: Kept, *, writes: bool) -> None:
    storage.key.grant(grantee, "kms:Decrypt", *(["kms:GenerateDataKey"] if writes else []))


_BUNDLES: Callable[[iam.IGrantable, Kept], None] = _objects(
    lambda storage: storage.artifacts, _READ_OBJECTS, f"{BUNDLES}*", RANKING
)
_SCORER: dict[str, Callable[[iam.IGrantable, Scored], None]] = {
    "read bundles": _BUNDLES,
    "see who serves": _state_under("registry", actions=["dynamodb:GetItem"], writes=False),
    "look up scores": _items(lambda storage: storage.scores, ["dynamodb:GetItem", "dynamodb:BatchGetItem"]),
    "read pseudonym key": _secrets(lambda storage: [storage.pseudonym_key]),
}
_GRANTS: dict[str, Give] = {
    **_SCORER,
    "read uploads": _uploads,
    "read arrivals": _arrivals,
    "read landing": _objects(lambda storage: storage.landing, _READ_OBJECTS),
    "write landing": _objects(lambda storage: storage.landing, _WRITE_OBJECTS),
    "read cells": _objects(lambda storage: storage.landing, _READ_OBJECTS, f"{CELLS}*"),
    "write cells": _objects(lambda storage: storage.landing, _WRITE_OBJECTS, f"{CELLS}*"),
    "write quarantine": _objects(lambda storage: storage.quarantine, _WRITE_OBJECTS),
    # Who forgets somebody deletes old versions as well: nobody else may.
    "purge uploads": _objects(lambda storage: storage.uploads, _PURGE_OBJECTS),
    "purge landing": _objects(lambda storage: storage.landing, _PURGE_OBJECTS),
    "purge quarantine": _objects(lambda storage: storage.quarantine, _PURGE_OBJECTS),
    "purge lake": _objects(lambda storage: storage.lake, _PURGE_OBJECTS),
    "purge artifacts": _objects(lambda storage: storage.artifacts, _PURGE_OBJECTS),
    "purge copies": _copies,
    "look through items": _scans,
    "read lake": _objects(lambda storage: storage.lake, _READ_OBJECTS),
    "write lake": _objects(lambda storage: storage.lake, _WRITE_OBJECTS),
    "read artifacts": _objects(lambda storage: storage.artifacts, _READ_OBJECTS),
    "write artifacts": _artifacts,
    **{may: _objects(lambda storage: storage.artifacts, _CHANGE_OBJECTS, keys) for may, keys in OWN.items()},
    "note use": _objects(lambda storage: storage.artifacts, ["s3:PutObject"], USED),
    "write state": _items(lambda storage: storage.state, _WRITE_ITEMS),
    "keep bookmarks": _state_under("files#*", "cursor#*", actions=_KEEP),
    "keep cursors": _state_under("cursor#*", actions=["dynamodb:GetItem", "dynamodb:PutItem"]),
    "take turns": _turns,
    # Anybody may call the function that takes hints in.
    "write hints": _state_under("hints#*", actions=["dynamodb:GetItem", "dynamodb:PutItem"]),
    "read hints": _state_under("hints#*", actions=["dynamodb:Query"], writes=False),
    "hold locks": _state_under("lock#table#*", actions=_LOCK),
    "hold schemas": _state_under("lock#schemas", actions=_LOCK),
    "keep out": _state_under("suppressed", actions=["dynamodb:Query", "dynamodb:PutItem"]),
    "see erasures": _state_under("erasures", actions=["dynamodb:Query"], writes=False),
    "let serve": _state_under("registry", actions=["dynamodb:GetItem", "dynamodb:UpdateItem"]),
    "note scores": _state_under("scores", actions=["dynamodb:GetItem", "dynamodb:PutItem"]),
    "write scores": _items(lambda storage: storage.scores, _WRITE_ITEMS),
    "move scores": _items(lambda storage: storage.scores, ["dynamodb:Scan", "dynamodb:PutItem", "dynamodb:DeleteItem"]),
    "read source tokens": _secrets(lambda storage: storage.source_secrets.values()),
    # A source that exchanges what tokens are got with for another: whoever asked for the token has to keep it.
    "keep app credentials": _secrets(
        lambda storage: [storage.source_secrets[app] for app in storage.apps], "secretsmanager:PutSecretValue"
    ),
    "read webhook secrets": _secrets(lambda storage: storage.webhook_secrets.values()),
    "read catalogue": _catalogue(_READ_CATALOGUE),
    "use catalogue": _catalogue(_USE_CATALOGUE),
    "write metrics": _everywhere("cloudwatch:PutMetricData", {"cloudwatch:namespace": "Holdfast"}),
    "send events": _everywhere("events:PutEvents", {"events:source": "holdfast"}),
}
