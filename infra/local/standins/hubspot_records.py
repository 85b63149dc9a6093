"""How rows of the world look as HubSpot objects: every value a string, every property declared."""

from datetime import UTC, datetime
from typing import Any

from infra.local.standins.tables import Row

# name: (type, fieldType). The order is the order of `GET /properties`.
PROPERTIES: dict[str, dict[str, tuple[str, str]]] = {
    "contacts": {
        "email": ("string", "text"),
        "firstname": ("string", "text"),
        "lastname": ("string", "text"),
        "external_id": ("string", "text"),
        "jobtitle": ("string", "text"),
        "country": ("string", "text"),
        "lifecyclestage": ("enumeration", "radio"),
        "plan": ("enumeration", "select"),
        "createdate": ("datetime", "date"),
        "lastmodifieddate": ("datetime", "date"),
        "hs_object_id": ("number", "number"),
    },
    "companies": {
        "name": ("string", "text"),
        "domain": ("string", "text"),
        "industry": ("enumeration", "select"),
        "country": ("string", "text"),
        "numberofemployees": ("number", "number"),
        "annualrevenue": ("number", "number"),
        "plan": ("enumeration", "select"),
        "hubspot_owner_id": ("enumeration", "select"),
        "createdate": ("datetime", "date"),
        "hs_lastmodifieddate": ("datetime", "date"),
        "hs_object_id": ("number", "number"),
    },
    "deals": {
        "dealname": ("string", "text"),
        "amount": ("number", "number"),
        "dealstage": ("enumeration", "radio"),
        "pipeline": ("enumeration", "select"),
        "closedate": ("datetime", "date"),
        "hubspot_owner_id": ("enumeration", "select"),
        "createdate": ("datetime", "date"),
        "hs_lastmodifieddate": ("datetime", "date"),
        "hs_object_id": ("number", "number"),
    },
}
DEFAULTS = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deals": ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
              "pipeline"),
}  # fmt: skip
# The unlabelled twin of each association repeats its target, as the vendor does.
ASSOCIATIONS = {
    ("contacts", "companies"): ("contact_to_company", "contact_to_company_unlabeled"),
    ("deals", "companies"): ("deal_to_company", "deal_to_company_unlabeled"),
}
COLUMN_OF = {"lastmodifieddate": "lastmodified", "hs_lastmodifieddate": "lastmodified", "hs_object_id": "id"}


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def render(kind: str, row: Row, wanted: list[str], associated: list[str]) -> dict[str, Any]:
    """One object; property names that do not exist are left out without a word, as the vendor does."""
    names = wanted or DEFAULTS[kind]
    known = PROPERTIES[kind]
    shown: dict[str, Any] = {
        "id": row["id"],
        "properties": {
            n: text(known[n][0], value(row, n)) for n in dict.fromkeys((*names, "hs_object_id")) if n in known
        },
        "createdAt": iso(row["createdate"]),
        "updatedAt": iso(row["lastmodified"]),
        "archived": False,
    }
    links = {to: _links(kind, to, row) for to in associated if (kind, to) in ASSOCIATIONS}
    return shown | ({"associations": links} if links else {})


def value(row: Row, name: str) -> Any:
    return row[COLUMN_OF.get(name, name)]


def text(kind: str, raw: Any) -> str | None:
    if raw is None:
        return None
    return iso(raw) if kind == "datetime" else str(raw)


def describe(kind: str) -> list[dict[str, Any]]:
    """What `GET /properties/{kind}` lists."""
    return [
        {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "type": type_,
            "fieldType": field_type,
            "groupName": f"{kind}information",
            "options": [],
            "hidden": False,
            "archived": False,
            "hubspotDefined": name not in ("external_id", "plan"),
        }
        for name, (type_, field_type) in PROPERTIES[kind].items()
    ]


def _links(kind: str, to: str, row: Row) -> dict[str, Any]:
    return {"results": [{"id": row["company_id"], "type": name} for name in ASSOCIATIONS[kind, to]]}


def owner(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "type": "PERSON",
        "email": row["email"],
        "firstName": row["firstname"],
        "lastName": row["lastname"],
        "userId": int(row["id"]) + 5000,
        "archived": False,
        "createdAt": iso(row["createdate"]),
        "updatedAt": iso(row["createdate"]),
    }


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
