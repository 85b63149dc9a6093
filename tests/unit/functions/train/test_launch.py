"""How the job is started."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.contracts import TrainingWanted
from holdfast.environment import Environment
from holdfast.errors import ConfigurationInvalid
from train.launch import REQUEST, launch, task_request

WANTED = TrainingWanted("run-7", "fs", 1, "2026-06-01", "token")
TARGET = {"cluster": "c", "task_definition": "t", "subnets": ["s"], "security_groups": ["g"], "container": "train",
          "larger": {"cpu": "8192", "memory": "61440"}}  # fmt: skip


def test_a_task_gets_the_request_in_its_environment_and_a_token_of_its_own() -> None:
    request = task_request(WANTED, TARGET)

    [override] = request["overrides"]["containerOverrides"]  # type: ignore[index]
    [variable] = override["environment"]
    assert (override["name"], variable["name"]) == ("train", REQUEST)
    assert TrainingWanted.parse(json.loads(variable["value"])) == WANTED
    assert request["clientToken"] == task_request(WANTED, TARGET)["clientToken"]
    assert request["clientToken"] != task_request(replace(WANTED, task_token="other"), TARGET)["clientToken"]
    assert len(str(request["clientToken"])) <= 64


def test_the_first_try_is_on_a_spot_machine_and_any_other_on_a_larger_one_that_stays() -> None:
    first, second = (task_request(replace(WANTED, attempt=attempt), TARGET) for attempt in (0, 1))

    assert [each["capacityProviderStrategy"][0]["capacityProvider"] for each in (first, second)] == [  # type: ignore[index]
        "FARGATE_SPOT", "FARGATE",
    ]  # fmt: skip
    assert "memory" not in first["overrides"]  # type: ignore[operator]
    assert second["overrides"]["memory"] == "61440"  # type: ignore[index]


def test_a_launcher_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigurationInvalid, match="'pigeon'; allowed are"):
        launch(WANTED, Environment("holdfast.toml", train_launcher="pigeon"))


def test_a_process_is_started_apart_and_writes_its_own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_CONFIG_PATH", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    target = json.dumps({"log_dir": str(tmp_path)})

    launched = launch(WANTED, Environment("holdfast.toml", train_launcher="process", train_target=target))

    assert int(launched) > 0
    log = tmp_path / "holdfast-train-run-7.log"
    for _ in range(200):
        if log.read_bytes():
            break
        time.sleep(0.1)
    assert b"training failed" in log.read_bytes()
