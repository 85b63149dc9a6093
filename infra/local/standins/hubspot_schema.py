"""What HubSpot's objects are made of: properties of every type, usual ones, pipelines, owners' columns."""

from typing import Any

Declared = dict[str, tuple[str, str]]
TEXT, NUMBER, TIME, SELECT, RADIO = (
    ("string", "text"),
    ("number", "number"),
    ("datetime", "date"),
    ("enumeration", "select"),
    ("enumeration", "radio"),
)


def _engagement(own: Declared) -> Declared:
    common = {"hs_timestamp": TIME, "hubspot_owner_id": SELECT, "hs_createdate": TIME, "hs_lastmodifieddate": TIME}
    return own | common | {"hs_object_id": NUMBER}


# name: (type, fieldType). The order is the order of `GET /properties`.
PROPERTIES: dict[str, Declared] = {
    "contacts": {
        "email": TEXT, "firstname": TEXT, "lastname": TEXT, "external_id": TEXT, "jobtitle": TEXT, "country": TEXT,
        "lifecyclestage": RADIO, "plan": SELECT, "createdate": TIME, "lastmodifieddate": TIME,
        "hs_merged_object_ids": ("enumeration", "checkbox"), "hs_object_id": NUMBER,
    },
    "companies": {
        "name": TEXT, "domain": TEXT, "industry": SELECT, "country": TEXT, "numberofemployees": NUMBER,
        "annualrevenue": NUMBER, "plan": SELECT, "hubspot_owner_id": SELECT, "createdate": TIME,
        "hs_lastmodifieddate": TIME, "hs_merged_object_ids": ("enumeration", "checkbox"), "hs_object_id": NUMBER,
    },
    "deals": {
        "dealname": TEXT, "amount": NUMBER, "dealstage": RADIO, "pipeline": SELECT, "closedate": TIME,
        "hubspot_owner_id": SELECT, "createdate": TIME, "hs_lastmodifieddate": TIME, "hs_object_id": NUMBER,
    },
    "tickets": {
        "subject": TEXT, "content": ("string", "textarea"), "hs_pipeline": SELECT, "hs_pipeline_stage": RADIO,
        "hs_ticket_priority": SELECT, "createdate": TIME, "hs_lastmodifieddate": TIME, "hs_object_id": NUMBER,
    },
    "calls": _engagement({"hs_call_title": TEXT, "hs_call_direction": SELECT, "hs_call_duration": NUMBER}),
    "emails": _engagement({"hs_email_subject": TEXT, "hs_email_direction": SELECT}),
    "meetings": _engagement({"hs_meeting_title": TEXT, "hs_meeting_outcome": SELECT}),
    "notes": _engagement({"hs_note_body": ("string", "html")}),
    "tasks": _engagement({"hs_task_subject": TEXT, "hs_task_status": SELECT}),
}  # fmt: skip
_ENGAGEMENT_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
DEFAULTS: dict[str, tuple[str, ...]] = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deals": ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
              "pipeline"),
    "tickets": ("content", "createdate", "hs_lastmodifieddate", "hs_object_id", "hs_pipeline", "hs_pipeline_stage",
                "hs_ticket_priority", "subject"),
    **dict.fromkeys(("calls", "emails", "meetings", "notes", "tasks"), _ENGAGEMENT_DEFAULTS),
}  # fmt: skip
SINGULAR = {kind: {"companies": "company"}.get(kind, kind.removesuffix("s")) for kind in PROPERTIES}
TYPE_IDS = {"0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-5": "tickets", "0-48": "calls", "0-49": "emails",
            "0-47": "meetings", "0-46": "notes", "0-27": "tasks"}  # fmt: skip
STAGES = {
    "deals": ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent", "closedwon",
              "closedlost"),
    "tickets": ("1", "2", "3", "4"),
}  # fmt: skip
OWN = ("external_id", "plan")
READ_ONLY = ("createdate", "hs_createdate", "lastmodifieddate", "hs_lastmodifieddate", "hs_object_id",
             "hs_merged_object_ids")  # fmt: skip
BORN = "2020-01-01T00:00:00.000Z"


def kind_of(name: str) -> str | None:
    """The plural under which we know an object type, its singular or its type id; None for one that is not served."""
    if name in PROPERTIES:
        return name
    return TYPE_IDS.get(name) or next((kind for kind, one in SINGULAR.items() if one == name), None)


def describe(kind: str) -> list[dict[str, Any]]:
    """What `GET /properties/{kind}` lists."""
    return [_described(kind, name, *declared) for name, declared in PROPERTIES[kind].items()]


def _described(kind: str, name: str, type_: str, field_type: str) -> dict[str, Any]:
    fixed = name in READ_ONLY
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "type": type_,
        "fieldType": field_type,
        "description": "",
        "groupName": f"{SINGULAR[kind]}information",
        "options": _options(kind, name),
        "calculated": fixed,
        "externalOptions": name == "hubspot_owner_id",
        "hasUniqueValue": name in ("hs_object_id", "email"),
        "hidden": False,
        "archived": False,
        "formField": not fixed,
        "hubspotDefined": name not in OWN,
        "modificationMetadata": {"archivable": name in OWN, "readOnlyDefinition": name not in OWN,
                                 "readOnlyValue": fixed},
    }  # fmt: skip


def _options(kind: str, name: str) -> list[dict[str, Any]]:
    stages = STAGES.get(kind, ()) if name in ("dealstage", "hs_pipeline_stage") else ()
    return [
        {"label": stage.capitalize(), "value": stage, "displayOrder": number, "hidden": False}
        for number, stage in enumerate(stages)
    ]


def pipelines(kind: str) -> list[dict[str, Any]]:
    """What `GET /pipelines/{kind}` lists: one, or none for kinds without stages."""
    if kind not in STAGES:
        return []
    stages = [_stage(kind, stage, number) for number, stage in enumerate(STAGES[kind])]
    return [_dated({"id": "default" if kind == "deals" else "0", "label": f"{kind.capitalize()} pipeline",
                    "displayOrder": 0, "stages": stages})]  # fmt: skip


def _stage(kind: str, stage: str, number: int) -> dict[str, Any]:
    done = stage in ("closedwon", "closedlost", "4")
    told = {"isClosed": str(done).lower(), "probability": "1.0" if stage == "closedwon" else "0.2"}
    metadata = told if kind == "deals" else {"ticketState": "CLOSED" if done else "OPEN", "isClosed": told["isClosed"]}
    return _dated({"id": stage, "label": stage.capitalize(), "displayOrder": number, "metadata": metadata,
                   "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT"})  # fmt: skip


def _dated(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"createdAt": BORN, "updatedAt": BORN, "archived": False}
