"""What `sources check` says of each answer that a source may give."""

import httpx
import pytest

from holdfast.settings import HubSpotSource, IntercomSource, RestSource
from holdfast.source_secrets import MemorySecret
from holdfast.vendors import streams_of
from infra.cli import check
from infra.cli.check import findings, problem_of
from infra.cli.probes import Probe, headers_of, probes_of
from infra.cli.secrets import with_credentials

SOURCES = [HubSpotSource(kind="hubspot"), HubSpotSource(kind="hubspot", api_version="v3"), IntercomSource(kind="intercom"),
           RestSource(kind="rest", connector="subscriptions")]  # fmt: skip


def said(status: int, body: object = None, headers: dict[str, str] | None = None) -> str:
    server = httpx.MockTransport(lambda request: httpx.Response(status, json=body, headers=headers or {}))
    with httpx.Client(base_url="https://api.test", transport=server) as http:
        return problem_of(http, Probe("/crm/objects?limit=1"), "crm")


@pytest.mark.parametrize("source", SOURCES, ids=["hubspot", "hubspot v3", "intercom", "rest"])
def test_every_stream_has_a_probe(source):
    assert tuple(probes_of(source)) == streams_of(source)
    assert all(probe.path.startswith("/") for probe in probes_of(source).values())


def test_paths_have_the_version_that_is_configured_and_intercoms_goes_along():
    assert probes_of(SOURCES[0])["deals"].path == "/crm/objects/2026-09/deals?limit=1"
    assert probes_of(SOURCES[1])["deals"].path == "/crm/v3/objects/deals?limit=1"
    assert headers_of(SOURCES[2])["Intercom-Version"]


def test_no_probe_takes_the_scroll_that_a_run_may_be_holding():
    assert not [probe for probe in probes_of(SOURCES[2]).values() if "scroll" in probe.path + probe.detail]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, {}, ""),
        (401, {"correlationId": "abc-1"}, "the token is not accepted: holdfast secret set crm (its id for this: abc-1)"),
        (403, {"errors": [{"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}]},
         "its app lacks the scope crm.objects.deals.read: grant it, or do without the stream"),
        (403, {"errors": [{"code": "api_plan_restricted"}]},
         "the token may not read this (api_plan_restricted): give it the scope, or do without the stream"),
        (403, None, "the token may not read this: give it the scope, or do without the stream"),
        (503, None, "it cannot say now (HTTP 503): ask again later"),
        (404, None, "it answers HTTP 404 to /crm/objects: check base_url and the API's version"),
        (302, None, "it answers HTTP 302 to /crm/objects: check base_url and the API's version"),
    ],
)  # fmt: skip
def test_an_answer_is_said_in_plain_words(status, body, words):
    assert said(status, body) == words


def test_a_source_that_is_not_there_is_said():
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    with httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(gone)) as http:
        assert problem_of(http, Probe("/x"), "crm") == "https://api.test cannot be reached (ConnectError)"


def test_a_record_is_asked_for_where_a_list_does_not_show_enough():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url).removeprefix("https://api.test"))
        return httpx.Response(200, json={"data": [{"id": 7}]})

    with httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(answer)) as http:
        assert problem_of(http, probes_of(SOURCES[2])["data_events"], "desk") == ""

    assert asked == ["/contacts?per_page=1", "/events?type=user&intercom_user_id=7&per_page=1"]


def test_a_secret_without_a_token_is_said_for_every_stream():
    from holdfast.settings import parse_settings

    settings = parse_settings('[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"')

    found = list(findings(settings, lambda name: MemorySecret("{}"), {}))

    assert len(found) == len(streams_of(SOURCES[0]))
    assert all(not each.well and "holdfast secret set" in each.says for each in found)
    assert check.moment(0) == "1970-01-01 00:00"


def test_credentials_replace_each_other_and_leave_the_rest_of_a_secret_alone():
    app = '{"client_id": "i", "client_secret": "c", "refresh_token": "r"}'
    held = with_credentials({"note": "w", "token": "t"}, app, "s")

    assert held == {"note": "w", "client_id": "i", "client_secret": "c", "refresh_token": "r"}
    assert with_credentials(held, "t", "s") == {"note": "w", "token": "t"}


def test_a_source_that_only_wants_us_to_slow_down_is_asked_again_without_a_word(caplog):
    asked = []

    def served(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(429 if len(asked) == 1 else 200, json={})

    with httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(served)) as http:
        problem = problem_of(http, Probe("/tags"), "desk")

    assert (problem, len(asked), caplog.records) == ("", 2, [])
