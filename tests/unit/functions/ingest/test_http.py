"""The client's manners: what it refuses at once, whom it sends the token, and what it says of a failure."""

import json
import logging
from collections.abc import Callable

import httpx
import pytest

from holdfast.errors import ConfigurationInvalid, SourceGarbled, SourceRefused, SourceUnavailable
from holdfast.source_secrets import MemorySecret
from ingest.http import ATTEMPTS, ApiClient, Request, connect
from ingest.tokens import Token
from ingest.verdicts import spoken

OAUTH = json.dumps({"client_id": "id-1", "client_secret": "hush-1", "refresh_token": "refresh-1"})
TRACE = "0afe0000-4000-8000-0000-000000000001"


def bearer(token: str) -> str:
    return json.dumps({"token": token})


def client(
    answer: Callable[[httpx.Request], httpx.Response], *secrets: str
) -> tuple[ApiClient, list[httpx.Request], list[str]]:
    """A client of a server; its secret reads these values in turn, the last one for ever. What it asked, and what it read."""
    asked: list[httpx.Request] = []
    read: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    class Changing(MemorySecret):
        def read(self) -> str:
            read.append(secrets[min(len(read), len(secrets) - 1)])
            return read[-1]

    http = connect("https://api.test", {"X-Own": "1"})
    http._transport = httpx.MockTransport(answered)
    token = Token(Changing("")) if secrets else None
    api = ApiClient("crm", http, "holdfast/crm", clock=lambda: 0.0, sleep=lambda seconds: None, token=token,
                    token_path="/oauth/2026-09/token")  # fmt: skip
    return api, asked, read


def accepting(*tokens: str) -> Callable[[httpx.Request], httpx.Response]:
    """A server that accepts some tokens; at its token endpoint it gives `access-<n>` for the n-th time."""
    given = iter(range(1, 100))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": f"access-{next(given)}", "expires_in": 1800})
        if request.headers["Authorization"].removeprefix("Bearer ") in tokens:
            return httpx.Response(200, json={"ok": 1})
        return httpx.Response(401, json={"category": "EXPIRED_AUTHENTICATION", "correlationId": TRACE})

    return answer


def always(status: int, **more: object) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(status, **more)  # type: ignore[arg-type]


def test_a_token_that_was_rotated_meanwhile_works_without_a_failing_run():
    api, asked, read = client(accepting("new"), bearer("old"), bearer("new"))

    assert api.fetch(Request("GET", "/x")) == {"ok": 1}
    assert api.fetch(Request("GET", "/x")) == {"ok": 1}
    assert (len(asked), len(read)) == (3, 2)


def test_a_refused_token_that_the_secret_still_holds_is_a_matter_of_configuration_and_asked_for_no_more():
    api, asked, read = client(accepting(), bearer("old"))

    with pytest.raises(ConfigurationInvalid, match=rf"{TRACE}.*holdfast/crm.*holdfast secret set crm"):
        api.fetch(Request("GET", "/x"))

    assert (len(asked), len(read)) == (1, 2)


def test_another_token_that_is_refused_too_is_not_tried_for_ever():
    api, asked, _ = client(accepting(), bearer("one"), bearer("two"))

    with pytest.raises(ConfigurationInvalid, match="HTTP 401"):
        api.fetch(Request("GET", "/x"))

    assert len(asked) == 2


def test_an_access_token_is_got_with_what_the_secret_holds_and_got_again_when_it_expires():
    accepted = {"access-1"}
    serve = accepting("access-1", "access-2")
    api, asked, _ = client(
        lambda r: serve(r) if r.headers.get("Authorization", "Bearer access-2")[7:] in accepted | {"access-2"}
        else httpx.Response(401), OAUTH)  # fmt: skip

    api.fetch(Request("GET", "/x"))
    accepted.clear()
    api.fetch(Request("GET", "/x"))

    assert [request.url.path.rpartition("/")[2] for request in asked] == ["token", "x", "x", "token", "x"]
    assert "Authorization" not in asked[0].headers
    assert dict(httpx.QueryParams(asked[0].content.decode())) == {
        "grant_type": "refresh_token", "client_id": "id-1", "client_secret": "hush-1", "refresh_token": "refresh-1",
    }  # fmt: skip


def test_a_refresh_token_that_the_source_gave_is_sent_the_next_time():
    sent = []

    def rotating(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/token"):
            return httpx.Response(200 if len(sent) == 2 else 401, json={"ok": 1})
        sent.append(httpx.QueryParams(request.content.decode())["refresh_token"])
        return httpx.Response(200, json={"access_token": f"a{len(sent)}", "refresh_token": f"refresh-{len(sent) + 1}"})

    http = connect("https://api.test", {})
    http._transport = httpx.MockTransport(rotating)
    secret = MemorySecret(OAUTH)
    api = ApiClient("crm", http, "holdfast/crm", token=Token(secret), token_path="/oauth/2026-09/token")

    assert api.fetch(Request("GET", "/x")) == {"ok": 1}
    assert sent == ["refresh-1", "refresh-2"]
    assert json.loads(secret.value) == json.loads(OAUTH) | {"refresh_token": "refresh-3"}


def test_the_request_for_an_access_token_is_throttled_and_tried_again_like_any_other():
    failing = iter([httpx.Response(429, json={"policyName": "SECONDLY"}), httpx.Response(503)])
    serve = accepting("access-1")
    api, asked, _ = client(
        lambda r: next(failing, None) or serve(r) if r.url.path.endswith("token") else serve(r), OAUTH
    )

    assert api.fetch(Request("GET", "/x")) == {"ok": 1}
    assert len(asked) == 4
    assert api.refused == 1


def test_a_refresh_token_that_is_not_accepted_says_what_to_do():
    api, asked, _ = client(always(400, json={"status": "BAD_REFRESH_TOKEN", "correlationId": TRACE}), OAUTH)

    with pytest.raises(ConfigurationInvalid, match=rf"bad_refresh_token.*{TRACE}.*holdfast secret set crm"):
        api.fetch(Request("GET", "/x"))

    assert len(asked) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {}),
        (530, {}),
        *((401, {"errors": [{"code": code}]}) for code in
          ("token_revoked", "token_blocked", "token_not_found", "token_unauthorized")),
        (403, {"errors": [{"code": "token_unauthorized"}]}),
    ],
)  # fmt: skip
def test_a_token_that_no_second_look_brings_back_fails_at_once_and_names_the_secret(status, body):
    api, asked, read = client(always(status, json=body), bearer("old"), bearer("new"))

    with pytest.raises(SourceRefused, match="holdfast/crm") as caught:
        api.fetch(Request("GET", "/x"))

    assert (len(asked), len(read)) == (1, 1)
    assert caught.value.status == status


def test_intercoms_expired_token_is_looked_up_once_more():
    expired = httpx.Response(401, json={"type": "error.list", "errors": [{"code": "token_expired"}]})
    answers = iter([expired, httpx.Response(200, json={"ok": 1})])
    api, asked, _ = client(lambda request: next(answers), bearer("old"), bearer("new"))

    assert api.fetch(Request("GET", "/x")) == {"ok": 1}
    assert asked[1].headers["Authorization"] == "Bearer new"


def test_a_missing_scope_is_named():
    body = {
        "category": "MISSING_SCOPES",
        "errors": [{"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}],
    }
    api, _, _ = client(always(403, json=body), bearer("t"))

    with pytest.raises(SourceRefused, match=r"lacks the scope crm\.objects\.deals\.read"):
        api.fetch(Request("GET", "/x"))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed_and_the_token_goes_to_no_other_host(status):
    api, asked, _ = client(always(status, headers={"Location": "https://evil.test/x"}), bearer("t"))

    with pytest.raises(SourceGarbled, match="redirects are not followed"):
        api.fetch(Request("GET", "/x"))

    assert [request.url.host for request in asked] == ["api.test"]


@pytest.mark.parametrize("path", ["https://evil.test/x", "//evil.test/x", "x", ""])
def test_a_request_cannot_name_a_host(path):
    with pytest.raises(ValueError, match="never a host"):
        Request("GET", path)


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(200, json=[1])])
def test_what_is_no_json_object_is_garbled(answer):
    api, _, _ = client(lambda request: answer)

    with pytest.raises(SourceGarbled):
        api.fetch(Request("GET", "/x"))


@pytest.mark.parametrize(
    ("status", "body", "headers", "error"),
    [
        (503, {"correlationId": TRACE}, {}, SourceUnavailable),
        (400, {"type": "error.list", "request_id": TRACE, "errors": []}, {}, SourceRefused),
        (403, {"requestId": TRACE}, {}, SourceRefused),
        (502, {}, {"X-HubSpot-Correlation-Id": TRACE}, SourceUnavailable),
        (302, {}, {"X-Request-Id": TRACE}, SourceGarbled),
    ],
)
def test_a_failure_says_the_id_under_which_the_vendor_finds_it(status, body, headers, error):
    api, _, _ = client(always(status, json=body, headers=headers), bearer("t"))

    with pytest.raises(error, match=TRACE):
        api.fetch(Request("GET", "/x"))


def test_whatever_fails_neither_logs_nor_errors_hold_tokens_bodies_or_whom_they_are_about(caplog):
    private = "ann@example.com"
    bodies = [{"message": f"no such {private}", "category": f"X {private}", "correlationId": f"<{private}>"}]
    answers = [httpx.Response(status, json=body) for status in (400, 401, 403, 404, 429, 500, 530) for body in bodies]
    answers += [httpx.Response(200, text=private), httpx.Response(302, headers={"Location": f"https://x/{private}"})]
    said = []
    for answer in answers:
        for secret in (bearer("hush-token"), OAUTH):
            api, _, _ = client(lambda request, answer=answer: answer, secret)
            with pytest.raises(Exception) as caught:  # noqa: PT011 - each kind has a test of its own
                api.fetch(Request("GET", f"/contacts/{private}/5012345", {"email": private}))
            error: BaseException | None = caught.value
            while error is not None:
                said.append(f"{error} {error!r}")
                error = None if error.__suppress_context__ and error.__cause__ is None else error.__cause__

    said += [str(vars(record)) for record in caplog.records]

    assert "asked again later" in said[-1]
    for secret in (private, "hush", "refresh-1", "5012345", "access-"):
        assert secret not in "".join(said)


def test_a_server_that_does_not_answer_is_asked_several_times():
    api, asked, _ = client(always(503))

    with pytest.raises(SourceUnavailable):
        api.fetch(Request("GET", "/x"))

    assert len(asked) == ATTEMPTS


def test_the_connection_holds_no_token_and_follows_nothing():
    with connect("https://api.test", {"Intercom-Version": "2.16"}) as http:
        assert "Authorization" not in http.headers
        assert http.headers["Intercom-Version"] == "2.16"
        assert http.follow_redirects is False
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/crm/objects/2026-09/contacts/search", "/crm/objects/2026-09/contacts/search"),
        ("/crm/v4/associations/deals/contacts/batch/read", "/crm/v4/associations/deals/contacts/batch/read"),
        ("/contacts/64b1c0ffee/companies", "/contacts/…/companies"),
        ("/v1/customers/cus_Nff", "/v1/customers/…"),
        ("/people/ann@example.com", "/people/…"),
    ],
)
def test_ids_in_paths_are_left_out_of_what_is_said(path, said):
    assert spoken(path) == said
