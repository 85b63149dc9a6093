"""`Forget`, invoked by an operator and on a schedule: finds, exports and forgets one person, and goes on with what is open.

It answers with receipts and counts. Whom it is about is in the call alone, which nothing keeps; only an export says who somebody is.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from holdfast.aws import client, translated
from holdfast.hints import DynamoHints
from holdfast.observe import logger, step
from holdfast.resources import environment, settings
from holdfast.settings import HubSpotSource, IntercomSource
from privacy import forgetting, notices, register
from privacy.export import places
from privacy.forgetting import DONE
from privacy.house import house
from privacy.hushed import hushed
from privacy.places import House

_SPARE_MS = 240_000
"""Time enough to finish one place."""
_LARGEST = 4_000_000
"""Bytes of one answer; Lambda's limit is six million."""


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`action`: find, forget or export, with a `person`; lift, with a `receipt`; due; recover."""
    with hushed():
        made = house(lambda: bool(context.get_remaining_time_in_millis() > _SPARE_MS))
        answer = _ACTIONS[event.get("action", "due")](event, made)
    logger.info("answered", action=event.get("action", "due"), next=answer.get("next", ""))
    return answer


def _find(event: dict[str, Any], made: House) -> dict[str, Any]:
    return forgetting.found(made, event["person"], int(event.get("at", 0)))


def _forget(event: dict[str, Any], made: House) -> dict[str, Any]:
    wanted = {name: bool(event.get(name)) for name in ("known", "unknown", "several")}
    forgetting.copied(made)
    return _retrained(forgetting.forget(made, event["person"], **wanted))


def _due(event: dict[str, Any], made: House) -> dict[str, Any]:
    """What sources notified of becomes requests; then all open ones are gone on with."""
    forgetting.copied(made)
    hints = DynamoHints(environment().state_table)
    sources = [name for name, each in settings().sources.items() if isinstance(each, HubSpotSource | IntercomSource)]
    opened = notices.opened(made, {name: hints.private(name, "contacts") for name in sources})
    done = [_retrained(each) for each in forgetting.due(made, again=bool(event.get("again")))]
    return {"next": DONE, "opened": opened, "done": sum(each["next"] == DONE for each in done), "requests": len(done)}


def _recover(event: dict[str, Any], made: House) -> dict[str, Any]:
    """Erasures that the state table has lost are in it again."""
    put_back = register.put_back(made.register, made.artifacts)
    forgetting.copied(made)
    return {"next": DONE, "put_back": put_back, "requests": len(made.register.requests())}


def _export(event: dict[str, Any], made: House) -> dict[str, Any]:
    """What the next places hold, as much as one answer takes; `place` and `row` say where to go on."""
    looks, held, room = places(made, event["person"]), [], _LARGEST
    number, row = int(event.get("place", 0)), int(event.get("row", 0))
    while number < len(looks) and room > 0 and made.in_time():
        if found := looks[number]():
            rows = [json.loads(json.dumps(each, default=_plain)) for each in found.rows[row:]]
            fitting, room = _fitting(rows, room)
            held.append(asdict(found) | {"rows": rows[:fitting], "more": fitting < len(rows)})
            if fitting < len(rows):
                return {"next": "more", "place": number, "row": row + fitting, "held": held}
        number, row = number + 1, 0
    return {"next": DONE if number == len(looks) else "more", "place": number, "row": 0, "held": held}


def _fitting(rows: list[Any], room: int) -> tuple[int, int]:
    """How many rows fit, the first one in any case, and how much room they leave."""
    for count, each in enumerate(rows):
        size = len(json.dumps(each))
        if size > room and count:
            return count, 0
        room -= size
    return len(rows), room


def _retrained(answer: dict[str, Any]) -> dict[str, Any]:
    """Start a run at once where the policy says so."""
    if answer["next"] == DONE and answer.get("retrain") == "now":
        name = f"forgotten-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        with translated("starting a run"):
            client("stepfunctions").start_execution(
                stateMachineArn=environment().state_machine, name=name, input=json.dumps({"reason": "forgotten"})
            )
        return answer | {"run": name}
    return answer


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


_ACTIONS: dict[str, Callable[[dict[str, Any], House], dict[str, Any]]] = {
    "find": _find,
    "forget": _forget,
    "export": _export,
    "lift": lambda event, made: forgetting.lift(made, event["receipt"]),
    "due": _due,
    "recover": _recover,
}
