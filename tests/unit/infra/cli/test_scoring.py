"""What `holdfast score` asks and prints, against a server that answers as the API does."""

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread
from typing import Any

import pytest
from rich.console import Console

from infra.cli import api, show
from infra.cli import deployment as deployment_
from infra.cli.deployment import Deployment
from infra.trouble import Trouble
from score.examples import EXAMPLES

ITEMS = EXAMPLES["scores"]["items"]


class Server(ThreadingHTTPServer):
    """Remembers what was asked, and answers each id of a body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []


class Handler(BaseHTTPRequestHandler):
    """The API, as far as the command line asks it."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._remember(body)
        self._say(200, {"items": [{"id": each, "score": None, "problem": None} for each in body["customers"]]})

    def do_GET(self) -> None:
        self._remember(None)
        self._say(404, {"title": "Not Found", "detail": "nothing is held for this customer"})

    def _remember(self, body: Any) -> None:
        assert isinstance(self.server, Server)
        self.server.asked.append((self.command, self.path, dict(self.headers), body))

    def _say(self, status: int, body: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *said: Any) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def deployment(server: Server) -> Deployment:
    url = f"http://127.0.0.1:{server.server_address[1]}"
    names = Deployment.__dataclass_fields__
    said = dict.fromkeys(names, "") | {"region": "us-east-1", "endpoint": url, "api_url": url}
    return Deployment(**said)  # type: ignore[arg-type]


def printed(show_: Any, *what: Any) -> str:
    out = StringIO()
    show_(Console(file=out, highlight=False, soft_wrap=True), *what)
    return out.getvalue()


def test_ids_are_asked_for_a_thousand_at_a_time_in_their_order_and_signed(server: Server) -> None:
    ids = [f"u-{number}" for number in range(2001)]

    found = list(api.scores(deployment(server), ids, model="m"))

    assert [item["id"] for item in found] == ids
    assert [len(body["customers"]) for *_, body in server.asked] == [1000, 1000, 1]
    assert all(body["model"] == "m" for *_, body in server.asked)
    assert all(headers["Authorization"].startswith("AWS4-HMAC-SHA256 ") for _, _, headers, _ in server.asked)


def test_a_token_and_a_clients_key_are_sent_where_there_are_some(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_API_TOKEN", "eyJ")
    monkeypatch.setenv("HOLDFAST_API_KEY", "k")

    list(api.scores(deployment(server), ["u-1"]))

    headers = {name.lower(): value for name, value in server.asked[0][2].items()}
    assert (headers["authorization"], headers["x-api-key"]) == ("Bearer eyJ", "k")


def test_a_problem_is_told_in_the_apis_words(server: Server) -> None:
    with pytest.raises(Trouble, match="the scoring API answers 404: nothing is held for this customer"):
        api.get(deployment(server), api.score_path("a/b", "5b5b26454856"))

    assert server.asked[0][1] == "/v1/models/5b5b26454856/customers/a%2Fb/score"


def test_a_further_region_answers_on_a_real_account_only(server: Server) -> None:
    here = deployment(server)

    assert here.in_region("") is here.in_region("us-east-1") is here
    with pytest.raises(Trouble, match="one machine in us-east-1: --region is for --target aws"):
        here.in_region("eu-west-1")


def test_what_is_asked_of_a_further_region_is_signed_for_it(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    url = deployment(server).api_url
    asked: list[tuple[str, str, str | None]] = []

    def outputs(stack: str, region: str, endpoint: str | None) -> dict[str, str]:
        asked.append((stack, region, endpoint))
        return {"ApiUrl": f"{url}/", "AlertsInbox": "q"}

    monkeypatch.setattr(deployment_, "_outputs", outputs)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    home = replace(deployment(server), name="acme", endpoint=None, api_url="http://elsewhere")

    list(api.scores(home.in_region("eu-west-1"), ["u-1"]))

    assert asked == [("acme-eu-west-1", "eu-west-1", None)]
    assert "/eu-west-1/execute-api/aws4_request" in server.asked[0][2]["Authorization"]


def test_a_score_is_shown_with_its_reasons_the_rest_and_what_would_lower_it() -> None:
    shown = printed(show.score, EXAMPLES["score"])

    assert "k1_8f6c575f5283bf393719094c5781f01c  83% high risk, worth 112 USD, regular users with many tickets" in shown
    assert "+ Events in the last 14 days: 0 (+23.1 points)" in shown
    assert "… 61 others together +43.1 points" in shown
    assert "→ Events in the last 14 days: aim at 12 or more, as at least half of the customers have." in shown
    assert "model 5b5b26454856, feature set 639c4f31485e, as of 2026-11-01" in shown


def test_a_file_of_ids_is_shown_one_a_line_with_what_is_wrong() -> None:
    shown = printed(show.scored_items, ITEMS)

    assert [line.split()[:2] for line in shown.splitlines()] == [["u-000042", "83%"], ["u-999999", "404"]]


def test_the_ranking_tells_one_lever_of_each_whose_levers_are_known() -> None:
    listed = EXAMPLES["ranking"]
    customer = listed["customers"][0]["customer_id"]

    assert "→" not in printed(show.ranking, listed)
    assert printed(show.ranking, listed, {customer: EXAMPLES["score"]["levers"] * 2}).count("→") == 1
    assert "worth unknown" in printed(
        show.ranking, {**listed, "customers": [{**listed["customers"][0], "value": None}]}
    )
