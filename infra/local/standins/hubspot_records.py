"""How rows of the world look as HubSpot objects: every value a string, every property declared."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.local.standins.hubspot_links import targets, types
from infra.local.standins.hubspot_schema import DEFAULTS, PROPERTIES
from infra.local.standins.tables import Row, Table

COLUMN_OF = {"lastmodifieddate": "lastmodified", "hs_lastmodifieddate": "lastmodified", "hs_object_id": "id",
             "hs_createdate": "createdate"}  # fmt: skip

FIRST_STAGES = {"lifecyclestage": "lead", "dealstage": "appointmentscheduled"}
Past = Mapping[tuple[str, str, str], list[tuple[Any, Any, int]]]
"""Changes of values by kind, record and column: what it was, what it became, and when."""


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def render(kind: str, row: Row, wanted: list[str]) -> dict[str, Any]:
    """One object; property names that do not exist are left out without a word, as the vendor does."""
    known = PROPERTIES[kind]
    shown = dict.fromkeys((*(wanted or DEFAULTS[kind]), "hs_object_id"))
    archived = {"archivedAt": iso(row["archived_at"])} if "archived_at" in row else {}
    return {
        "id": row["id"],
        "properties": {name: text(known[name][0], value(row, name)) for name in shown if name in known},
        "createdAt": iso(row["createdate"]),
        "updatedAt": iso(row["lastmodified"]),
        "archived": bool(archived),
    } | archived


def value(row: Row, name: str) -> Any:
    return row[COLUMN_OF.get(name, name)]


def text(kind: str, raw: Any) -> str | None:
    if raw is None:
        return None
    return iso(raw) if kind == "datetime" else str(raw)


def associations(tables: Mapping[str, Table], kind: str, row: Row, associated: list[str]) -> dict[str, Any]:
    """The `associations` of a list's object: each target once for each type, as the vendor repeats it."""
    links: dict[str, Any] = {}
    for to in associated:
        found = [{"id": each, "type": link.name} for each in targets(tables, kind, row, to) for link in types(kind, to)]
        if found:
            links[to] = {"results": found}
    return {"associations": links} if links else {}


def history(kind: str, row: Row, wanted: list[str], past: Past) -> dict[str, Any]:
    """`propertiesWithHistory`, newest first: stages were something else on the first day, and what changed since is kept."""
    known = PROPERTIES[kind]
    shown = {
        name: _versions(known[name][0], row, name, past.get((kind, row["id"], name), []))
        for name in wanted
        if name in known
    }
    return {"propertiesWithHistory": shown}


def _versions(type_: str, row: Row, name: str, changes: list[tuple[Any, Any, int]]) -> list[dict[str, Any]]:
    now = changes[0][0] if changes else value(row, name)
    first = FIRST_STAGES.get(name)
    later = row["createdate"] + 60_000 * (1 + int(row["id"]) * 7919 % 1400)
    steps = [(now, row["createdate"])] if first in (None, now) else [(first, row["createdate"]), (now, later)]
    steps += [(news, at) for _, news, at in changes]
    return [{"value": text(type_, said) or "", "timestamp": iso(at), "sourceType": "CRM_UI", "sourceId": "userId:5901",
             "updatedByUserId": 5901} for said, at in reversed(steps)]  # fmt: skip


def owner(row: Row) -> dict[str, Any]:
    archived = "archived_at" in row
    return {
        "id": row["id"],
        "type": "PERSON",
        "email": row["email"],
        "firstName": row["firstname"],
        "lastName": row["lastname"],
        "userIdIncludingInactive": int(row["id"]) + 5000,
        "archived": archived,
        "createdAt": iso(row["createdate"]),
        "updatedAt": iso(row["archived_at"] if archived else row["createdate"]),
    } | ({} if archived else {"userId": int(row["id"]) + 5000})


def email_event(row: Row) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{int(row['id']):012x}",
        "type": row["type"],
        "created": row["created"],
        "recipient": row["recipient"],
        "emailCampaignId": row["campaign"],
        "appId": 113,
        "appName": "Batch",
        "portalId": 62515,
    }
