"""What an Intercom workspace has few of: admins, teams, tags, segments and data attributes."""

from typing import Any

BORN = 1_577_836_800
ADMIN = {"type": "admin", "id": "814860", "name": "Support", "email": "support@holdfast-demo.example.com"}
TAGS = [{"type": "tag", "id": "17513", "name": "bug"}, {"type": "tag", "id": "17514", "name": "billing"}]
_STANDARD = {
    "contact": {"name": "string", "email": "string", "external_id": "string", "signed_up_at": "date",
                "last_seen_at": "date", "unsubscribed_from_emails": "boolean"},
    "company": {"name": "string", "company_id": "string", "industry": "string", "size": "integer",
                "monthly_spend": "float"},
    "conversation": {},
}  # fmt: skip
FIRST_IDS = {"contact": 9001, "company": 9101, "conversation": 9201}
"""Of custom attributes: no two have the same, whatever their model."""
_CUSTOM = {"contact": {"role_in_team": "string"}, "company": {"contract_end": "date"}, "conversation": {}}


def admins() -> dict[str, Any]:
    admin = ADMIN | {
        "away_mode_enabled": False,
        "away_mode_reassign": False,
        "has_inbox_seat": True,
        "team_ids": [814865],
    }
    return {"type": "admin.list", "admins": [admin]}


def teams() -> dict[str, Any]:
    return {"type": "team.list", "teams": [{"type": "team", "id": "814865", "name": "Helpdesk", "admin_ids": [814860]}]}


def tags() -> dict[str, Any]:
    return {"type": "list", "data": TAGS}


def segments(people: int, *, counted: bool) -> dict[str, Any]:
    """`people` is the number of contacts, which is given when the counts are asked for."""
    shown = [("5f0000000000000000000001", "All users", people), ("5f0000000000000000000002", "New", people // 10)]
    return {"type": "segment.list", "pages": {}, "segments": [_segment(*each, counted=counted) for each in shown]}


def _segment(segment_id: str, name: str, count: int, *, counted: bool) -> dict[str, Any]:
    body = {"type": "segment", "id": segment_id, "name": name, "created_at": BORN, "updated_at": BORN,
            "person_type": "user"}  # fmt: skip
    return body | ({"count": count} if counted else {})


def data_attributes(model: str | None) -> dict[str, Any]:
    """Of one model, or of all. Raises ValueError for a model that does not exist."""
    if model is not None and model not in _STANDARD:
        raise ValueError("model must be one of contact, company, conversation")
    models = [model] if model else ["contact", "company"]
    return {"type": "list", "data": [each for one in models for each in _attributes(one)]}


def _attributes(model: str) -> list[dict[str, Any]]:
    standard = [_attribute(model, name, type_) for name, type_ in _STANDARD[model].items()]
    custom = [
        _attribute(model, name, type_, number)
        for number, (name, type_) in enumerate(_CUSTOM[model].items(), start=FIRST_IDS[model])
    ]
    return standard + custom


def _attribute(model: str, name: str, type_: str, number: int | None = None) -> dict[str, Any]:
    own = {"id": number, "created_at": BORN, "updated_at": BORN, "admin_id": ADMIN["id"]} if number else {}
    return {
        "type": "data_attribute",
        "model": model,
        "name": name,
        "full_name": f"custom_attributes.{name}" if number else name,
        "label": name.replace("_", " ").capitalize(),
        "description": "",
        "data_type": type_,
        "api_writable": True,
        "messenger_writable": False,
        "ui_writable": True,
        "custom": bool(number),
        "archived": False,
    } | own
