"""Which bundle serves: one pointer, moved by one conditional write, with the versions that served before and the pin of a rollback."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import ClientError

from holdfast.aws import client, error_code, translated
from holdfast.errors import StorageUnavailable

_KEY = {"pk": {"S": "registry"}, "sk": {"S": "champion"}}
_HISTORY = "#history = list_append(if_not_exists(#history, :none), :before)"
_WRITE = f"SET #version = :new, #run = :run, promoted_at = :at, {_HISTORY}, pinned = :pin"
_NAMES = {"#version": "version", "#run": "run", "#history": "history"}


@dataclass(frozen=True)
class Champion:
    """The bundle that serves, and those that served before it, oldest first."""

    version: str
    run: str
    promoted_at: str
    """ISO date-time in UTC."""
    history: tuple[str, ...] = ()
    pinned: str = ""
    """The feature set that was rolled back to: until it is released, it alone is made, trained on and served."""


class Registry(Protocol):
    """The champion's pointer."""

    def champion(self) -> Champion | None:
        """The bundle that serves, or None before the first promotion."""
        ...

    def promote(
        self, version: str, run: str, promoted_at: str, expected: Champion | None, pin: str | None = None
    ) -> None:
        """Let `version` serve, if the champion still is the one it was compared with.

        A rollback is the same move with a `pin`; an empty one releases it, and without one it stays as it is.

        Raises:
            StorageUnavailable: the champion changed meanwhile; compare again.
        """
        ...

    def put_back(self, champion: Champion) -> bool:
        """Let who served before everything was lost serve again, with its history and its pin, unless somebody serves; whether it does."""
        ...


class DynamoRegistry:
    """The pointer as one item of the state table."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def champion(self) -> Champion | None:
        with translated("reading the champion"):
            item = self._dynamodb.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True).get("Item")
        return _champion(item) if item else None

    def promote(
        self, version: str, run: str, promoted_at: str, expected: Champion | None, pin: str | None = None
    ) -> None:
        after = _moved(version, run, promoted_at, expected, pin)
        condition, seen = _unchanged(expected)
        before = [{"S": each} for each in after.history[-1:] if expected and expected.version != version]
        values = {":new": version, ":run": run, ":at": promoted_at, ":pin": after.pinned} | seen
        with translated("promoting a bundle"):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_KEY,
                    UpdateExpression=_WRITE,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=_NAMES,
                    ExpressionAttributeValues={
                        **{name: {"S": text} for name, text in values.items()},
                        ":none": {"L": []}, ":before": {"L": before},
                    },
                )  # fmt: skip
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    raise _changed() from error
                raise

    def put_back(self, champion: Champion) -> bool:
        item = {
            "version": champion.version,
            "run": champion.run,
            "promoted_at": champion.promoted_at,
            "pinned": champion.pinned,
        }
        history = {"L": [{"S": each} for each in champion.history]}
        with translated("putting the champion back"):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item={**_KEY, **{name: {"S": text} for name, text in item.items()}, "history": history},
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True


@dataclass
class MemoryRegistry:
    """The same pointer in memory."""

    held: Champion | None = field(default=None)

    def champion(self) -> Champion | None:
        return self.held

    def promote(
        self, version: str, run: str, promoted_at: str, expected: Champion | None, pin: str | None = None
    ) -> None:
        if _seen(self.held) != _seen(expected):
            raise _changed()
        self.held = _moved(version, run, promoted_at, self.held, pin)

    def put_back(self, champion: Champion) -> bool:
        if self.held:
            return False
        self.held = champion
        return True


def _moved(version: str, run: str, promoted_at: str, before: Champion | None, pin: str | None) -> Champion:
    """The pointer after a move; who serves already is no one's predecessor."""
    if before is None:
        return Champion(version, run, promoted_at, pinned=pin or "")
    history = before.history if before.version == version else (*before.history, before.version)
    return Champion(version, run, promoted_at, history, before.pinned if pin is None else pin)


def _seen(champion: Champion | None) -> tuple[str, str] | None:
    return (champion.version, champion.pinned) if champion else None


def _unchanged(expected: Champion | None) -> tuple[str, dict[str, str]]:
    """A condition that the pointer stands where it was seen, and the values in it. One from before there were pins has none."""
    if expected is None:
        return "attribute_not_exists(#version)", {}
    pin = "pinned = :seen" if expected.pinned else "(attribute_not_exists(pinned) OR pinned = :seen)"
    return f"#version = :expected AND {pin}", {":expected": expected.version, ":seen": expected.pinned}


def _champion(item: dict[str, Any]) -> Champion:
    text = {name: item[name]["S"] for name in ("version", "run", "promoted_at", "pinned") if name in item}
    return Champion(**text, history=tuple(entry["S"] for entry in item.get("history", {"L": []})["L"]))


def _changed() -> StorageUnavailable:
    return StorageUnavailable("another champion was promoted meanwhile: the challenger has to be compared again")
