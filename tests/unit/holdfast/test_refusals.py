"""What is repeated of a refusal: its own words, and nothing that could be about somebody."""

import pytest

from holdfast.refusals import Refusal


def test_hubspots_words_are_found():
    refusal = Refusal.of(
        {
            "status": "error",
            "category": "MISSING_SCOPES",
            "correlationId": "abc-1",
            "errors": [{"context": {"requiredGranularScopes": ["crm.objects.contacts.read", "crm.lists.read"]}}],
        },
        {},
    )

    assert refusal.codes == {"missing_scopes"}
    assert refusal.scopes == ("crm.objects.contacts.read", "crm.lists.read")
    assert refusal.trace == "abc-1"


def test_intercoms_words_are_found():
    body = {"type": "error.list", "request_id": "req-1", "errors": [{"code": "token_expired", "message": "x"}]}

    assert Refusal.of(body, {}) == Refusal(frozenset({"token_expired"}), trace="req-1")


@pytest.mark.parametrize(
    "body",
    [None, [], "x", {"errors": {}}, {"errors": ["x"]}, {"correlationId": "ann@example.com"}, {"correlationId": "x" * 200},
     {"category": "about ann"}, {"errors": [{"code": 5, "context": [1]}]}, {"context": {"missingScopes": "a b"}}],
)  # fmt: skip
def test_what_is_no_word_is_not_repeated(body):
    assert Refusal.of(body, {}) == Refusal()
