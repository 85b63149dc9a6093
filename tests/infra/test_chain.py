"""The state machine says what the operator was promised."""

import json
from collections.abc import Iterator
from typing import Any

from aws_cdk.assertions import Template

from holdfast import errors
from infra.lint import definition_of, problems_of
from report.failure import failed_state

CHAIN = [
    "Plan",
    "IngestAll",
    "Reconcile",
    "Scrub",
    "ValidateAll",
    "Transform",
    "Features",
    "Train",
    "Promote",
    "ScoreAll",
    "Report",
]


def states(within: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state, those in Maps and Parallels too."""
    for name, state in within["States"].items():
        yield name, state
        for inner in (*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else ())):
            yield from states(inner)


def tasks(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((name, state) for name, state in states(machine) if state["Type"] == "Task")


def test_the_states_follow_each_other_as_the_design_says(machine: dict[str, Any]) -> None:
    order, name = [], machine["States"]["Resume"]["Default"]
    while name:
        order.append(name)
        name = machine["States"][name].get("Next") or machine["States"][name].get("Default")

    assert [name for name in order if machine["States"][name]["Type"] not in ("Choice", "Pass")] == CHAIN


def test_a_run_for_one_stream_is_planned_from_its_input_and_ends_when_that_is_in_the_lake(
    machine: dict[str, Any],
) -> None:
    states = machine["States"]
    (choice,) = states["WholeNight"]["Choices"]

    assert states["Plan"]["Parameters"] == {"run.$": "$$.Execution.Name", "input.$": "$$.Execution.Input"}
    assert states["Transform"]["Next"] == "WholeNight"
    assert (choice["Variable"], choice["IsPresent"], choice["Next"]) == ("$.stream", True, "Synced")
    assert states["Synced"]["Type"] == "Succeed"
    assert states["WholeNight"]["Default"] in ("Features", "TooMuchForOne")


def test_a_run_lives_longer_than_the_longest_quiet_that_a_source_wants(machine: dict[str, Any]) -> None:
    assert machine["TimeoutSeconds"] > 24 * 3600 + 4 * 3600


def test_every_task_times_out_and_retries_with_backoff_and_full_jitter_up_to_a_longest_delay(
    machine: dict[str, Any],
) -> None:
    for name, task in tasks(machine):
        *_, retry = task["Retry"]

        assert task["TimeoutSeconds"] > 0, name
        assert retry["BackoffRate"] > 1, name
        assert (retry["JitterStrategy"], retry["MaxDelaySeconds"]) == ("FULL", 120), name


def test_exactly_the_transient_errors_and_lambdas_own_are_retried(machine: dict[str, Any]) -> None:
    for name, task in tasks(machine):
        ours = {error for error in task["Retry"][-1]["ErrorEquals"] if not error.startswith("Lambda.")}

        assert ours == set(errors.transient_names()), name
        assert not ours & set(errors.terminal_names()), name


def test_training_that_runs_out_of_memory_is_tried_once_more_and_knows_how_often_it_was_tried(
    machine: dict[str, Any],
) -> None:
    train = machine["States"]["Train"]

    assert train["Retry"][0] == {"ErrorEquals": ["TrainingOutOfMemory"], "MaxAttempts": 1}
    assert train["Parameters"]["Payload"]["attempt.$"] == "$$.State.RetryCount"
    assert all(len(task["Retry"]) == 2 for name, task in tasks(machine) if name not in ("Train", "GroupOnSpark"))


def test_a_function_that_died_without_a_word_is_tried_twice_more(machine: dict[str, Any]) -> None:
    functions = [(name, task) for name, task in tasks(machine) if name != "GroupOnSpark"]
    for name, task in functions:
        *_, died, _transient = task["Retry"]

        assert set(died["ErrorEquals"]) == {
            "Lambda.Unknown",
            "Runtime.ExitError",
            "Sandbox.Timedout",
            "States.HeartbeatTimeout",
        }, name
        assert died["MaxAttempts"] == 2, name


def test_every_state_of_the_chain_is_caught_by_the_one_failure_state(machine: dict[str, Any]) -> None:
    for name in CHAIN:
        (catch,) = machine["States"][name]["Catch"]

        assert catch == {"ErrorEquals": ["States.ALL"], "Next": "Failed", "ResultPath": "$.failure"}, name


def test_ingest_is_invoked_again_until_its_stream_is_done_and_waits_are_the_state_machines(
    machine: dict[str, Any],
) -> None:
    inner = dict(states(machine))["Streams"]["ItemProcessor"]["States"]
    ways = {choice["StringEquals"]: choice["Next"] for choice in inner["AllPulled"]["Choices"]}

    assert inner["Ingest"]["Next"] == "AllPulled"
    assert ways == {"wait": "SourceWantsQuiet", "again": "Ingest"}
    assert inner["AllPulled"]["Default"] == "Landed"
    assert (inner["SourceWantsQuiet"]["TimestampPath"], inner["SourceWantsQuiet"]["Next"]) == ("$.wait_until", "Ingest")
    assert inner["Landed"]["End"]


def test_batches_of_log_files_are_fanned_out_from_the_list_that_plan_wrote(machine: dict[str, Any]) -> None:
    found = dict(states(machine))
    files = found["Files"]

    assert files["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert files["ItemReader"]["Parameters"]["Key.$"] == "$.plan.batches"
    assert "$.plan.run" in files["ResultWriter"]["Parameters"]["Prefix.$"]
    assert (files["ToleratedFailurePercentage"], files["MaxConcurrency"]) == (5, 4)
    assert files["ResultPath"] is None
    assert found["AnyFiles"]["Choices"][0] == {"Variable": "$.plan.batched", "NumericGreaterThan": 0, "Next": "Files"}
    assert found["AnyFiles"]["Default"] == "NoFiles"


def test_the_files_of_a_batch_that_fails_are_read_one_by_one_and_what_fails_then_is_noted(
    machine: dict[str, Any],
) -> None:
    batch = dict(states(machine))["Files"]["ItemProcessor"]["States"]
    alone = batch["OneByOne"]

    assert batch["IngestBatch"]["Catch"][0]["Next"] == "OneByOne"
    assert alone["ItemsPath"] == "$.places"
    assert alone["ItemSelector"]["only.$"] == "$$.Map.Item.Value"
    caught = alone["ItemProcessor"]["States"]["IngestFile"]["Catch"][0]
    assert (caught["Next"], caught["ResultPath"]) == ("NoteFailure", "$.failure")


def test_a_failure_inside_a_map_or_a_parallel_is_one_of_the_state_that_can_be_entered_again(
    machine: dict[str, Any],
) -> None:
    children = {name for name, _ in states(dict(states(machine))["Files"]["ItemProcessor"])}
    inside = {name for name, _ in states(machine)} - set(machine["States"]) - children

    assert {failed_state([{"stateEnteredEventDetails": {"name": name}}]) for name in inside} == {
        "IngestAll",
        "ValidateAll",
    }


def test_a_redriven_run_can_enter_every_state_of_the_chain(machine: dict[str, Any]) -> None:
    resume = machine["States"]["Resume"]
    entered = {choice["And"][1]["StringEquals"]: choice["Next"] for choice in resume["Choices"]}

    assert machine["StartAt"] == "Resume"
    assert machine["States"]["Failed"]["Next"] == "Resume"
    decided = "TooMuchForOne" if "TooMuchForOne" in machine["States"] else "Features"
    assert entered == {name: name for name in CHAIN} | {"Features": decided}


def test_no_fail_state_stands_where_a_redrive_would_only_fail_again(machine: dict[str, Any]) -> None:
    assert not [name for name, state in machine["States"].items() if state["Type"] == "Fail"]


def test_training_waits_for_its_token_with_a_heartbeat(machine: dict[str, Any]) -> None:
    train = machine["States"]["Train"]

    assert train["Resource"].endswith(":lambda:invoke.waitForTaskToken")
    assert train["HeartbeatSeconds"] < train["TimeoutSeconds"]


def test_no_state_relies_on_catching_what_nothing_catches(machine: dict[str, Any]) -> None:
    assert "DataLimitExceeded" not in json.dumps(machine)


def test_the_linter_of_the_states_language_finds_nothing(machine: dict[str, Any]) -> None:
    assert problems_of(json.dumps(machine)) == []


def test_on_aws_spark_groups_activity_from_the_configured_number_of_rows_on(aws: Template) -> None:
    states = json.loads(definition_of(aws.to_json()))["States"]
    (choice,) = states["TooMuchForOne"]["Choices"]
    there, many = choice["And"]

    assert there == {"Variable": "$.transformed.activity_rows", "IsPresent": True}
    assert many == {"Variable": "$.transformed.activity_rows", "NumericGreaterThanEquals": 20_000_000}
    assert (choice["Next"], states["Group"]["Next"], states["GroupOnSpark"]["Next"]) == (
        "Group",
        "GroupOnSpark",
        "Features",
    )
    assert states["Group"]["ResultPath"] == "$.grouped"
    assert (states["AsItIs"]["Result"], states["AsItIs"]["ResultPath"]) == ({"cells": ""}, "$.grouped")
    assert states["TooMuchForOne"]["Default"] == "AsItIs"
    assert states["Features"]["Parameters"]["cells.$"] == "$.grouped.cells"


def test_the_state_machine_waits_for_the_spark_job_and_gives_it_the_request(aws: Template) -> None:
    job = json.loads(definition_of(aws.to_json()))["States"]["GroupOnSpark"]

    submitted = job["Parameters"]["JobDriver"]["SparkSubmit"]
    assert job["Resource"] == "arn:aws:states:::emr-serverless:startJobRun.sync"
    assert submitted["EntryPointArguments.$"] == "States.Array($.grouped.request)"
    assert "timeZone=UTC" in submitted["SparkSubmitParameters"]
    assert job["TimeoutSeconds"] == 60 * job["Parameters"]["ExecutionTimeoutMinutes"]
    assert (job["ResultSelector"], job["ResultPath"]) == ({"by": "Spark"}, "$.spark")
    assert job["Catch"][0]["Next"] == "Failed"


def test_a_run_that_failed_before_its_features_is_resumed_where_it_is_decided_who_groups(
    aws: Template, local: Template
) -> None:
    for template, expected in ((aws, "TooMuchForOne"), (local, "Features")):
        choices = json.loads(definition_of(template.to_json()))["States"]["Resume"]["Choices"]
        ways = {choice["And"][1]["StringEquals"]: choice["Next"] for choice in choices}

        assert ways["Features"] == expected
    assert [failed_state([{"stateEnteredEventDetails": {"name": name}}]) for name in ("Group", "GroupOnSpark")] == [
        "Features"
    ] * 2
