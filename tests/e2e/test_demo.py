"""The main job, seen from outside: a small world from HTTP sources to an explained score behind the deployed API."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx

from holdfast.costs import cost_of
from holdfast.runs import recorded
from holdfast.usage import used_by
from infra.cli import api
from infra.cli.deployment import Deployment
from infra.cli.stores import artifacts_of
from infra.cost_model import Volume, night
from infra.trouble import Trouble
from tests.e2e.conftest import CUSTOMERS, Demo

LARGEST_MESSAGE = 32 * 1024
STATES = ("Plan", "IngestAll", "ValidateAll", "Transform", "Features", "Train", "Promote", "ScoreAll", "Report")


def said(demo: Demo) -> str:
    return (demo.state / "said.txt").read_text()


def executions(demo: Demo) -> list[dict[str, Any]]:
    return demo.client("stepfunctions").list_executions(stateMachineArn=demo.outputs["state_machine_arn"])["executions"]


def history(demo: Demo, arn: str) -> list[dict[str, Any]]:
    pages = demo.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    return [event for page in pages for event in page["events"]]


def snapshots(demo: Demo) -> dict[str, str]:
    tables = demo.client("glue").get_tables(DatabaseName=demo.outputs["database"])["TableList"]
    return {
        table["Name"]: table["Parameters"]["metadata_location"]
        for table in tables
        if table["TableType"] != "VIRTUAL_VIEW"
    }


def objects(demo: Demo, bucket: str, prefix: str = "") -> dict[str, str]:
    listed = demo.client("s3").list_objects_v2(Bucket=demo.outputs[bucket], Prefix=prefix).get("Contents", [])
    return {item["Key"]: item["ETag"] for item in listed}


def test_every_state_is_followed_with_its_rows_and_seconds(demo: Demo) -> None:
    for state in STATES:
        assert re.search(rf"{state} +\d+\.\d s  \S", said(demo)), state


def test_ten_customers_are_shown_with_probability_value_persona_and_reasons(demo: Demo) -> None:
    lines = re.findall(r"^ *(\d+)\. (k1_[0-9a-f]{32})  (\d+)% worth [\d,]+ USD, \S+", said(demo), re.M)

    assert [int(place) for place, _, _ in lines] == list(range(1, 11))
    assert sorted((int(p) for *_, p in lines), reverse=True) == [int(p) for *_, p in lines]


def test_the_model_is_shown_beside_what_is_achievable(demo: Demo) -> None:
    assert re.search(r"AUC +0\.\d{3} .*achievable 0\.\d{3}", said(demo))


def test_the_curl_line_works_as_it_was_printed(demo: Demo) -> None:
    (line,) = [line for line in said(demo).splitlines() if line.startswith("curl ")]

    answer = json.loads(subprocess.run(line, shell=True, capture_output=True, text=True, check=True).stdout)

    assert 0 < answer["probability"] < 1
    assert answer["reasons"][0]["sentence"]
    assert answer["model"]


def test_a_score_says_everything_that_its_reader_needs(demo: Demo) -> None:
    customer = re.search(r"k1_[0-9a-f]{32}", said(demo))
    assert customer

    answer = json.loads(demo.holdfast("score", "--json", customer.group()))

    assert {"band", "value", "persona", "feature_set", "model", "as_of", "base", "margin"} <= set(answer)
    assert all(reason["direction"] in {"raises", "lowers"} for reason in answer["reasons"])
    strengths = [abs(reason["contribution_log_odds"]) for reason in answer["reasons"]]
    assert strengths == sorted(strengths, reverse=True)


def test_an_external_id_finds_the_same_customer_as_the_pseudonym(demo: Demo) -> None:
    deployment = Deployment(**demo.outputs)
    listed = {customer["customer_id"] for customer in api.get(deployment, "customers?limit=1000")["customers"]}

    answer = next(found for n in range(1, CUSTOMERS) if (found := scored(deployment, f"u-{n:06}")))

    assert answer["customer_id"] in listed
    assert api.get(deployment, api.score_path(answer["customer_id"])) == answer


def scored(deployment: Deployment, user: str) -> dict[str, Any] | None:
    try:
        return api.get(deployment, api.score_path(user))
    except Trouble:
        return None


def test_an_unknown_customer_and_an_address_are_refused(demo: Demo) -> None:
    assert "404" in demo.holdfast("score", "u-does-not-exist", expect=1)
    assert "400" in demo.holdfast("score", "someone@example.com", expect=1)


def test_an_unsigned_call_is_refused(demo: Demo) -> None:
    answer = httpx.get(f"{demo.outputs['api_url']}/v1/customers")

    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.json()["request_id"]


def test_the_report_is_one_page_that_needs_no_network(demo: Demo) -> None:
    page = (demo.state / "report.html").read_text()

    assert page.startswith("<!doctype html>")
    assert not re.findall(r"""(?:src|href)=["']https?://""", page)


def test_names_on_the_report_are_asked_of_the_crm_and_are_in_the_file_alone(demo: Demo, tmp_path: Path) -> None:
    said = demo.holdfast("report", "--names", "--no-open", "--out", str(tmp_path / "named.html"))

    page = (tmp_path / "named.html").read_text()
    names = json.loads(re.findall(r'id="json-names">(.*?)</script>', page)[0])
    assert f"names of {len(names):,} of" in said
    assert len(names) > 100
    kept = (
        demo.client("s3").get_object(Bucket=demo.outputs["artifacts_bucket"], Key="reports/latest.html")["Body"].read()
    )
    assert b'id="json-names">{}</script>' in kept
    assert (tmp_path / "named.html").stat().st_mode & 0o077 == 0


def test_a_report_that_is_made_anew_says_the_same(demo: Demo, tmp_path: Path) -> None:
    before = demo.holdfast("lake", "status")
    demo.holdfast("report", "--rebuild", "--no-open", "--out", str(tmp_path / "again.html"))

    latest = (demo.state / "report.html").read_text()
    assert carried((tmp_path / "again.html").read_text()) == carried(latest)
    tables = [line.split()[:2] for line in demo.holdfast("lake", "status").splitlines() if line.strip()]
    assert tables == [line.split()[:2] for line in before.splitlines() if line.strip()]
    assert {"score_reasons", "segments", "changes"} <= {name for name, *_ in tables}


def carried(page: str) -> list[str]:
    return re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)


def test_no_message_between_states_is_larger_than_allowed(demo: Demo) -> None:
    arn = executions(demo)[-1]["executionArn"]

    for event in history(demo, arn):
        for key in ("stateEnteredEventDetails", "stateExitedEventDetails"):
            detail = event.get(key, {})
            assert len(detail.get("input", detail.get("output", ""))) < LARGEST_MESSAGE, detail.get("name")


def test_the_logs_of_a_state_name_the_run(demo: Demo) -> None:
    assert executions(demo)[-1]["name"] in demo.holdfast("logs", "ScoreAll")


def test_broken_lines_are_in_quarantine_with_their_reason(demo: Demo) -> None:
    world = json.loads((demo.state / f"world-{CUSTOMERS}-7" / "truth.json").read_text())

    assert bool(objects(demo, "quarantine_bucket")) == bool(world["usage"]["malformed"])


def test_a_second_night_on_the_same_data_changes_nothing(demo: Demo) -> None:
    tables, bundles, rankings = snapshots(demo), objects(demo, "artifacts_bucket", "bundles/"), demo.holdfast("top")

    night = demo.holdfast("run")

    assert "0 new rows in the lake" in night
    assert "unchanged" in night
    assert snapshots(demo) == tables
    assert objects(demo, "artifacts_bucket", "bundles/") == bundles
    assert demo.holdfast("top") == rankings


def test_a_refused_token_stops_the_run_with_one_sentence_and_an_alert_and_a_redrive_finishes_it(demo: Demo) -> None:
    demo.fault(1, token="another")
    failed = demo.holdfast("run", expect=1)
    demo.fault(1)
    run = executions(demo)[0]["name"]

    assert "hubspot refused us (HTTP 401)" in failed
    assert "Traceback" not in failed
    assert f"holdfast redrive {run}" in failed
    assert f"holdfast redrive {run}" in demo.holdfast("alerts")
    assert "Report" in demo.holdfast("redrive", run)
    assert executions(demo)[0]["status"] == "SUCCEEDED"


def test_a_source_that_answers_garbage_stops_the_run_and_the_next_one_is_right_again(demo: Demo) -> None:
    demo.fault(2, garbage=True)
    failed = demo.holdfast("run", expect=1)
    demo.fault(2)

    assert "intercom answered garbage" in failed
    assert "unchanged" in demo.holdfast("run")


def test_the_tables_are_listed_and_their_upkeep_changes_no_row(demo: Demo) -> None:
    listed = rows_listed(demo)

    assert {"customers", "events", "features", "scores", "customers_history"} <= set(listed)
    assert re.fullmatch(r"\d+ tables: .* files deleted that nobody needs\n", demo.holdfast("lake", "maintain"))
    assert rows_listed(demo) == listed


def rows_listed(demo: Demo) -> dict[str, str]:
    lines = demo.holdfast("lake", "status").splitlines()
    assert lines[0].split()[:5] == ["table", "rows", "files", "MB", "snapshots"]
    return {line.split()[0]: line.split()[1] for line in lines[1:]}


def test_the_drift_function_finds_none_on_the_day_of_training(demo: Demo) -> None:
    invoked = demo.client("lambda").invoke(FunctionName=demo.outputs["drift_function"], Payload=b"{}")

    answer = json.loads(invoked["Payload"].read())

    assert "FunctionError" not in invoked, answer
    assert answer["rows"] > 0


def test_a_failing_suite_stops_the_chain_before_the_lake_and_alerts(demo: Demo) -> None:
    tables, bucket = snapshots(demo), demo.outputs["uploads_bucket"]
    lines = [json.dumps({"event_id": f"bad{n}", "user_id": "x" * 600, "ts": "2026-10-30T00:00:00Z"}) for n in range(50)]
    demo.client("s3").put_object(Bucket=bucket, Key="usage/bad.ndjson", Body="\n".join(lines).encode())

    failed = demo.holdfast("run", expect=1)
    demo.client("s3").delete_object(Bucket=bucket, Key="usage/bad.ndjson")

    assert "failed in ValidateAll: SuiteFailed: table usage_events failed its suite" in failed
    assert "usage_events failed its suite" in demo.holdfast("alerts")
    assert snapshots(demo) == tables
    assert "unchanged" in demo.holdfast("run")


def test_a_past_run_comes_out_the_same_although_the_lake_has_gone_on(demo: Demo) -> None:
    first = executions(demo)[-1]["name"]
    lines = [
        json.dumps({"event_id": f"late{n}", "user_id": f"u-{n:06}", "ts": "2026-10-30T00:00:00Z", "event": "login"})
        for n in range(50)
    ]
    demo.client("s3").put_object(
        Bucket=demo.outputs["uploads_bucket"], Key="usage/late.ndjson", Body="\n".join(lines).encode()
    )
    demo.holdfast("run")
    tables, ranking = snapshots(demo), demo.holdfast("top")

    again = demo.holdfast("runs", "again", first)

    assert re.search(r"the same: feature matrix [0-9a-f]{12}, feature set [0-9a-f]{12}, bundle [0-9a-f]{12}", again)
    assert (snapshots(demo), demo.holdfast("top")) == (tables, ranking)
    assert f"made again from {first}" in demo.holdfast("runs", "list")
    shown = json.loads(demo.holdfast("runs", "show", first))
    assert {"uv.lock", "holdfast.toml", "functions/validate/suites/events.yml"} <= set(shown["revision"]["files"])
    assert {"customers", "events"} <= set(shown["snapshots"])


def test_a_rollback_serves_at_once_holds_over_a_night_and_ends_with_the_release(demo: Demo) -> None:
    (version,) = re.findall(r"^([0-9a-f]{12}) .*  serves$", demo.holdfast("features", "list"), re.M)
    customer = re.search(r"k1_[0-9a-f]{32}", demo.holdfast("top"))
    assert customer

    rolled = demo.holdfast("features", "rollback", version[:8])
    answer = json.loads(demo.holdfast("score", "--json", customer.group()))
    night = demo.holdfast("run")
    listed = demo.holdfast("features", "list")
    released = demo.holdfast("features", "release")

    assert re.search(rf"feature set {version} with model [0-9a-f]{{12}} serves [\d,]+ customers", rolled)
    assert answer["feature_set"] == version
    assert f"feature set {version}" in night
    assert re.search(rf"^{version} .*  serves  pinned$", listed, re.M)
    assert f"feature set {version} is released" in released
    assert "no feature set is pinned" in demo.holdfast("features", "release", expect=1)


def test_a_feature_is_shown_and_explained_with_a_customers_value(demo: Demo) -> None:
    customer = re.search(r"k1_[0-9a-f]{32}", demo.holdfast("top"))
    assert customer

    shown = demo.holdfast("features", "show", "--group", "events")
    explained = demo.holdfast("features", "explain", "last_login_delta", "--customer", customer.group())

    assert re.search(r"^events +last_login_delta +duration, days +Days since the last login, less", shown, re.M)
    for part in ("table events", "of all contributions", "customers that it was judged on", f"{customer.group()}: "):
        assert part in explained or "the model does not use it" in explained
    assert "equal to" in demo.holdfast("features", "show", "--dropped")


def test_the_first_night_cost_what_is_predicted_within_a_factor_of_four(demo: Demo) -> None:
    """Seconds of a machine that does something else as well are no others' seconds."""
    first = min(executions(demo), key=lambda each: each["startDate"])["name"]
    store = artifacts_of(Deployment(**demo.outputs))
    measured = cost_of(used_by(store, first), recorded(store, first)["transitions"]).total
    lines = json.loads((demo.state / f"world-{CUSTOMERS}-7" / "truth.json").read_text())["usage"]["lines"]

    predicted = night(Volume(CUSTOMERS, lines, days=1))

    assert measured / 4 < predicted < 4 * measured


def test_a_month_is_priced_as_the_lake_is(demo: Demo) -> None:
    told = json.loads(demo.holdfast("cost", "--json"))

    assert told["customers"] >= CUSTOMERS
    assert 0.5 * CUSTOMERS < told["events"] < 2 * CUSTOMERS
    assert 200 < told["days"] < 600
