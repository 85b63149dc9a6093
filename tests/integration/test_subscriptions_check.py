"""What an operator is told of a source that is a file."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from holdfast.settings import Settings, load_settings
from holdfast.source_secrets import MemorySecret
from infra.cli.check import Finding, findings
from tests.integration.conftest import ROOT, Biller

STREAMS = ["customers", "subscriptions", "invoices"]


@pytest.fixture
def check(biller: Biller) -> Callable[[str], list[Finding]]:
    """The findings with a token, before any run."""
    example = load_settings(ROOT / "examples/subscriptions/holdfast.toml").model_dump(mode="json", exclude_none=True)
    example["sources"] = {"billing": example["sources"]["billing"] | {"base_url": biller.url}}
    settings = Settings.model_validate(example)

    def made(token: str, cursors: dict[tuple[str, str], dict[str, Any]] | None = None) -> list[Finding]:
        return list(findings(settings, lambda name: MemorySecret(json.dumps({"token": token})), cursors or {}))

    return made


def test_every_stream_can_be_read_and_says_what_would_be_pulled(
    check: Callable[..., list[Finding]], biller: Biller
) -> None:
    found = check(biller.token, {("billing", "invoices"): {"cursor": 1_790_000_000_000}})

    assert [each.stream for each in found] == STREAMS
    assert all(each.well for each in found)
    assert "everything, for the first time" in found[0].says
    assert "changes since 2026-09-21" in found[2].says


def test_a_refused_token_is_said_with_the_command_that_mends_it(check: Callable[..., list[Finding]]) -> None:
    found = check("another")

    assert [each.well for each in found] == [False] * 3
    assert all("holdfast secret set billing" in each.says for each in found)


def test_the_feed_is_asked_too_since_increments_live_on_it(check: Callable[..., list[Finding]], biller: Biller) -> None:
    biller.fault(paths="/v1/events", following=["timeout_504"] * 3)

    assert [each.well for each in check(biller.token)] == [False] * 3
