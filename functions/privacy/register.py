"""The suppression list and the requests behind it: neither holds an identifier or a pseudonym."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from holdfast import recovery
from holdfast.aws import client, translated
from holdfast.pseudonym import Pseudonymiser
from holdfast.recovery import Forgotten
from holdfast.store import Store

LIST, REQUESTS = "suppressed", "erasures"
PART = ": "
"""Between a place and the part of it that is gone through in one go."""
OPEN, CLOSED, LIFTED = "open", "closed", "lifted"


@dataclass(frozen=True)
class Request:
    """One erasure. `receipt` is a random name; moments are ISO date-times in UTC."""

    receipt: str
    opened_at: str
    status: str = OPEN
    reason: str = "asked"
    """`asked`, or `notice`: a source told of it."""
    models: dict[str, int] = field(default_factory=dict)
    """Bundles whose training data held the person: rows by version."""
    places: dict[str, dict[str, int]] = field(default_factory=dict)
    """What was taken out so far, by place."""
    taken: list[str] = field(default_factory=list)
    """Places that were gone through."""
    looked: list[str] = field(default_factory=list)
    """Places that were looked through once more."""
    left: dict[str, dict[str, int]] = field(default_factory=dict)
    """What was seen then."""

    def found(self, place: str, counts: dict[str, int]) -> "Request":
        """The same with what was taken out of a place; a second try adds to the first."""
        return replace(self, places=_with(self.places, place, counts), taken=[*self.taken, place])

    def seen(self, place: str, counts: dict[str, int]) -> "Request":
        """The same with what was still in a place."""
        return replace(self, left=_with(self.left, place, counts), looked=[*self.looked, place])


def summed(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """Counts of two parts of a place."""
    return one | {name: one.get(name, 0) + count for name, count in other.items()}


def _with(places: dict[str, dict[str, int]], part: str, counts: dict[str, int]) -> dict[str, dict[str, int]]:
    place = part.partition(PART)[0]
    return places | ({place: summed(places.get(place, {}), counts)} if counts else {})


class Register(Protocol):
    """Tokens of all who were forgotten, and requests by receipt."""

    def tokens(self) -> dict[str, str]:
        """Receipt by token, all of them."""
        ...

    def suppress(self, receipt: str, tokens: Iterable[str]) -> None:
        """Keep whom tokens mean out from now on."""
        ...

    def lift(self, receipt: str) -> int:
        """Keep nobody out any more who was for this receipt; how many tokens went."""
        ...

    def requests(self) -> list[Request]:
        """All requests, the oldest first."""
        ...

    def save(self, request: Request) -> None:
        """Write a request down, in place of what was written of it before."""
        ...


class DynamoRegister:
    """In the state table: `pk` = `suppressed`, `sk` = token; `pk` = `erasures`, `sk` = receipt."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def tokens(self) -> dict[str, str]:
        return {item["sk"]["S"]: item["receipt"]["S"] for item in self._all(LIST)}

    def suppress(self, receipt: str, tokens: Iterable[str]) -> None:
        for each in sorted(tokens):
            row = {"pk": LIST, "sk": each, "receipt": receipt}
            with translated("writing the suppression list"):
                self._dynamodb.put_item(TableName=self._table, Item={name: {"S": text} for name, text in row.items()})

    def lift(self, receipt: str) -> int:
        gone = [token for token, held in self.tokens().items() if held == receipt]
        for each in gone:
            with translated("writing the suppression list"):
                self._dynamodb.delete_item(TableName=self._table, Key={"pk": {"S": LIST}, "sk": {"S": each}})
        return len(gone)

    def requests(self) -> list[Request]:
        found = [Request(**json.loads(item["note"]["S"])) for item in self._all(REQUESTS)]
        return sorted(found, key=lambda each: each.opened_at)

    def save(self, request: Request) -> None:
        row = {"pk": REQUESTS, "sk": request.receipt, "note": json.dumps(asdict(request), sort_keys=True)}
        with translated("writing a request for erasure"):
            self._dynamodb.put_item(TableName=self._table, Item={name: {"S": text} for name, text in row.items()})

    def _all(self, partition: str) -> list[dict[str, Any]]:
        query = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ConsistentRead": True,
        }
        with translated(f"reading {partition}"):
            pages = self._dynamodb.get_paginator("query").paginate(**query)
            return [item for page in pages for item in page["Items"]]


@dataclass
class MemoryRegister:
    """The same in two dicts."""

    held: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Request] = field(default_factory=dict)

    def tokens(self) -> dict[str, str]:
        return dict(self.held)

    def suppress(self, receipt: str, tokens: Iterable[str]) -> None:
        self.held |= dict.fromkeys(tokens, receipt)

    def lift(self, receipt: str) -> int:
        gone = [token for token, held in self.held.items() if held == receipt]
        self.held = {token: held for token, held in self.held.items() if held != receipt}
        return len(gone)

    def requests(self) -> list[Request]:
        return sorted(self.asked.values(), key=lambda each: each.opened_at)

    def save(self, request: Request) -> None:
        self.asked[request.receipt] = request


def copy(register: Register, artifacts: Store, keys: Sequence[Pseudonymiser]) -> None:
    """Copy the list and the requests to the artifacts, until the copy is what they are: somebody else may add to them meanwhile.

    Raises:
        StateLost: the copy has more than the register, so that it is the register that has to be mended.
    """
    held = recovery.copied(artifacts)
    while (now := _said(register, keys)) != held:
        recovery.refuse_lost(held, keys, now.receipts)
        recovery.copy(artifacts, now)
        held = now


def put_back(register: Register, artifacts: Store) -> int:
    """Take requests that the register lacks from the copy, with whom they keep out; how many. The request comes last: cut short, it is
    taken again."""
    held = recovery.copied(artifacts)
    if held is None:
        return 0
    there = {each.receipt for each in register.requests()}
    missing = [Request(**each) for each in held.requests if each["receipt"] not in there]
    for request in missing:
        register.suppress(request.receipt, (token for token, own in held.tokens.items() if own == request.receipt))
        register.save(request)
    return len(missing)


def _said(register: Register, keys: Sequence[Pseudonymiser]) -> Forgotten:
    tokens = register.tokens()
    return Forgotten(recovery.fingerprint(keys[0]), tokens, [asdict(each) for each in register.requests()])
