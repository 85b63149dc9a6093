"""Which bundle serves: one pointer, moved by one conditional write, with the versions that served before."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import ClientError

from holdfast.aws import client, error_code, translated
from holdfast.errors import StorageUnavailable

_KEY = {"pk": {"S": "registry"}, "sk": {"S": "champion"}}
_HISTORY = "#history = list_append(if_not_exists(#history, :none), :before)"
_WRITE = f"SET #version = :new, #run = :run, promoted_at = :at, {_HISTORY}"
_NAMES = {"#version": "version", "#run": "run", "#history": "history"}


@dataclass(frozen=True)
class Champion:
    """The bundle that serves, and those that served before it, oldest first."""

    version: str
    run: str
    promoted_at: str
    """ISO date-time in UTC."""
    history: tuple[str, ...] = ()


class Registry(Protocol):
    """The champion's pointer."""

    def champion(self) -> Champion | None:
        """The bundle that serves, or None before the first promotion."""
        ...

    def promote(self, version: str, run: str, promoted_at: str, expected: Champion | None) -> None:
        """Let `version` serve, if the champion still is the one it was compared with. A rollback is the same move.

        Raises:
            StorageUnavailable: the champion changed meanwhile; compare again.
        """
        ...


class DynamoRegistry:
    """The pointer as one item of the state table."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._dynamodb = client("dynamodb")

    def champion(self) -> Champion | None:
        with translated("reading the champion"):
            item = self._dynamodb.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True).get("Item")
        return _champion(item) if item else None

    def promote(self, version: str, run: str, promoted_at: str, expected: Champion | None) -> None:
        condition = "#version = :expected" if expected else "attribute_not_exists(#version)"
        values = {":new": version, ":run": run, ":at": promoted_at} | (
            {":expected": expected.version} if expected else {}
        )
        before = [{"S": expected.version}] if expected else []
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


@dataclass
class MemoryRegistry:
    """The same pointer in memory."""

    held: Champion | None = field(default=None)

    def champion(self) -> Champion | None:
        return self.held

    def promote(self, version: str, run: str, promoted_at: str, expected: Champion | None) -> None:
        if (self.held and self.held.version) != (expected and expected.version):
            raise _changed()
        before = (*self.held.history, self.held.version) if self.held else ()
        self.held = Champion(version, run, promoted_at, before)


def _champion(item: dict[str, Any]) -> Champion:
    text = {name: item[name]["S"] for name in ("version", "run", "promoted_at")}
    return Champion(**text, history=tuple(entry["S"] for entry in item.get("history", {"L": []})["L"]))


def _changed() -> StorageUnavailable:
    return StorageUnavailable("another champion was promoted meanwhile: the challenger has to be compared again")
