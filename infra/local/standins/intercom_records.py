"""How rows of the world look as Intercom objects; instants are unix seconds."""

from typing import Any

from infra.local.standins.intercom_reference import BORN
from infra.local.standins.tables import Row


def contact(row: Row) -> dict[str, Any]:
    return {
        "type": "contact",
        "id": row["id"],
        "workspace_id": "ecahpwf5",
        "external_id": row["external_id"],
        "role": "user",
        "email": row["email"],
        "name": row["name"],
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": False,
        "created_at": row["created_at"],
        "signed_up_at": row["created_at"],
        "updated_at": row["updated_at"],
        "last_seen_at": None,
        "custom_attributes": {},
        "tags": _preview(row, "tags"),
        "notes": _preview(row, "notes"),
        "companies": _preview(row, "companies", "company", row["company_id"]),
    }


def _preview(row: Row, name: str, kind: str = "", attached: str | None = None) -> dict[str, Any]:
    url = f"/contacts/{row['id']}/{name}"
    data = [{"type": kind, "id": attached, "url": f"/companies/{attached}"}] if attached else []
    return {"data": data, "url": url, "total_count": len(data), "has_more": False}


def company(row: Row) -> dict[str, Any]:
    return {
        "type": "company",
        "id": row["id"],
        "company_id": row["company_id"],
        "app_id": "ecahpwf5",
        "name": row["name"],
        "plan": {"type": "plan", "id": str(BORN + len(row["plan"])), "name": row["plan"]},
        "industry": row["industry"],
        "size": row["size"],
        "website": f"https://{row['company_id']}",
        "monthly_spend": row["monthly_spend"],
        "session_count": 0,
        "user_count": row["user_count"],
        "remote_created_at": row["created_at"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "last_request_at": row["updated_at"],
        "custom_attributes": {},
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
    }


def conversation(row: Row) -> dict[str, Any]:
    """As it stands in a list: without its parts."""
    return {
        "type": "conversation",
        "id": row["id"],
        "title": None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "open": row["state"] == "open",
        "state": row["state"],
        "read": True,
        "priority": "not_priority",
        "source": {
            "type": "conversation",
            "id": f"m{row['id']}",
            "delivered_as": "customer_initiated",
            "subject": row["subject"],
            "body": f"<p>{row['body']}</p>",
            "author": {"type": "user", "id": row["contact_id"], "name": "", "email": row["contact_email"]},
            "attachments": [],
            "redacted": False,
        },
        "contacts": {"type": "contact.list", "contacts": [_contact_of(row)]},
        "tags": {"type": "tag.list", "tags": []},
        "statistics": {"type": "conversation_statistics", "count_conversation_parts": row["parts"]},
    }


def ticket(row: Row) -> dict[str, Any]:
    label = row["ticket_state"].replace("_", " ").capitalize()
    return {
        "type": "ticket",
        "id": row["id"],
        "ticket_id": row["ticket_id"],
        "category": "Customer",
        "ticket_attributes": {"_default_title_": row["title"], "_default_description_": row["description"]},
        "ticket_state": {
            "type": "ticket_state",
            "id": "8",
            "category": row["ticket_state"],
            "internal_label": label,
            "external_label": label,
        },
        "contacts": {"type": "contact.list", "contacts": [_contact_of(row)]},
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "open": row["open"],
        "is_shared": True,
    }


def _contact_of(row: Row) -> dict[str, Any]:
    return {"type": "contact", "id": row["contact_id"], "external_id": row["contact_external_id"]}
