"""How rows of the world look as a biller's objects, in a version of today and in the account's old one."""

from collections.abc import Callable
from typing import Any

from infra.local.standins.subscriptions_http import ACCOUNT_VERSION
from infra.local.standins.tables import Row

MONTH = 30 * 86_400


def customer(row: Row, _old: bool) -> dict[str, Any]:
    return {"id": row["id"], "object": "customer", "address": None, "balance": 0, "created": row["created"], "currency": "usd",
            "delinquent": row["delinquent"] == "true", "description": None, "discount": None, "email": row["email"],
            "livemode": False, "metadata": {"user_id": row["external_id"]}, "name": row["name"], "phone": None,
            "preferred_locales": [], "shipping": None, "tax_exempt": "none"}  # fmt: skip


def deleted(record_id: str) -> dict[str, Any]:
    """What is left of a customer."""
    return {"id": record_id, "object": "customer", "deleted": True}


def subscription(row: Row, old: bool) -> dict[str, Any]:
    """The end of the billing period lies with the items since 2025, with the subscription before."""
    period = {"current_period_start": row["created"], "current_period_end": row["created"] + MONTH}
    item = {"id": row["id"].replace("sub_", "si_"), "object": "subscription_item", "created": row["created"], "metadata": {},
            "price": _price(row), "quantity": 1, "subscription": row["id"]} | ({} if old else period)  # fmt: skip
    items = {
        "object": "list",
        "data": [item],
        "has_more": False,
        "url": f"/v1/subscription_items?subscription={row['id']}",
    }
    return {"id": row["id"], "object": "subscription", "cancel_at": None, "cancel_at_period_end": False,
            "canceled_at": row["canceled_at"], "collection_method": "charge_automatically", "created": row["created"],
            "currency": "usd", "customer": row["customer"], "ended_at": row["ended_at"], "items": items, "livemode": False,
            "metadata": {}, "start_date": row["created"], "status": row["status"], "trial_end": None} | (
            period if old else {})  # fmt: skip


def _price(row: Row) -> dict[str, Any]:
    return {"id": f"price_{row['plan']}_monthly", "object": "price", "active": True, "currency": "usd", "lookup_key": row["plan"],
            "nickname": None, "product": f"prod_{row['plan']}", "recurring": {"interval": "month", "interval_count": 1},
            "type": "recurring", "unit_amount": row["unit_amount"]}  # fmt: skip


def invoice(row: Row, old: bool) -> dict[str, Any]:
    """Where the subscription's id lies is another place since 2025."""
    status, settled = row["status"], row["updated"]
    moved = {"finalized_at": None if status == "draft" else row["created"], "paid_at": row["paid_at"],
             "voided_at": settled if status == "void" else None,
             "marked_uncollectible_at": settled if status == "uncollectible" else None}  # fmt: skip
    named = {
        "type": "subscription_details",
        "subscription_details": {"metadata": {}, "subscription": row["subscription"]},
    }
    return {"id": row["id"], "object": "invoice", "amount_due": row["amount_due"], "amount_paid": row["amount_paid"],
            "amount_remaining": row["amount_due"] - row["amount_paid"], "attempt_count": 1, "billing_reason": "subscription_cycle",
            "created": row["created"], "currency": "usd", "customer": row["customer"], "livemode": False, "metadata": {},
            "status": status, "status_transitions": moved, "total": row["amount_due"]} | (
            {"subscription": row["subscription"]} if old else {"parent": named})  # fmt: skip


RENDER: dict[str, Callable[[Row, bool], dict[str, Any]]] = {
    "customers": customer,
    "subscriptions": subscription,
    "invoices": invoice,
}


def event(row: Row) -> dict[str, Any]:
    """Events show objects as the account's own version has them, whatever version is asked for."""
    return {"id": row["id"], "object": "event", "api_version": ACCOUNT_VERSION, "created": row["created"],
            "data": {"object": RENDER[row["kind"]](row["of"], True)}, "livemode": False, "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None}, "type": row["type"]}  # fmt: skip
