"""What Intercom's conversations consist of: an assignment, replies of both sides, and a part for each change of state since."""

from typing import Any

from infra.local.standins.intercom_reference import ADMIN
from infra.local.standins.moving import Change
from infra.local.standins.tables import Row

REPLIES = ("Thanks for writing, I'm looking into it.", "Could you send a screenshot?", "It works again, thank you!")
STATES = {"open": "open", "closed": "close", "snoozed": "snoozed"}
"""Types of parts by the state that they bring about."""


def parts(row: Row, born: Row, changes: list[Change], at_most: int) -> dict[str, Any]:
    """The newest `at_most` parts of a conversation, which was made as `born`: what was said once keeps its time whatever comes after."""
    said = row["parts"] - len(changes)
    span = born["updated_at"] - row["created_at"]
    moments = [row["created_at"] + span * (number + 1) // max(said, 1) for number in range(said)]
    shown = [_reply(row, number, at) for number, at in enumerate(moments)]
    shown += [_change(row, said + number, *change) for number, change in enumerate(changes)]
    newest = shown[-at_most:]
    return {"type": "conversation_part.list", "conversation_parts": newest, "total_count": len(newest)}


def _reply(row: Row, number: int, at: int) -> dict[str, Any]:
    user = {"type": "user", "id": row["contact_id"], "name": "", "email": row["contact_email"]}
    assigned = {"type": "admin", "id": ADMIN["id"]} if number == 0 else None
    body = f"<p>{REPLIES[number % len(REPLIES)]}</p>"
    author = user if number % 2 else {**ADMIN, "from_ai_agent": False}
    return _part(row, number, at, "comment" if number else "assignment", author) | {
        "body": body,
        "assigned_to": assigned,
    }


def _change(row: Row, number: int, _before: str, state: str, at: int) -> dict[str, Any]:
    author = {**ADMIN, "from_ai_agent": number % 2 == 0}
    return _part(row, number, at, STATES[state], author) | {"state": state}


def _part(row: Row, number: int, at: int, part_type: str, author: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "conversation_part",
        "id": f"{row['id']}{number:03d}",
        "part_type": part_type,
        "body": None,
        "created_at": at,
        "updated_at": at,
        "assigned_to": None,
        "author": author,
        "attachments": [],
        "redacted": False,
        "state": "open",
    }
