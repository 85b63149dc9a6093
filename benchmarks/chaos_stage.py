"""A deployment of its own for chaos: the runtime behind a door, a disk that can be full, clocks that can be wrong."""

import io
import json
import os
import shutil
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import tomli_w

from benchmarks.chaos_door import Door
from benchmarks.chaos_workers import Workers
from benchmarks.deployed import FOR_FEW
from holdfast.settings import load_settings
from infra.cli import secrets
from infra.cli.deployment import Deployment
from infra.local import runtime
from infra.local.processes import Processes
from infra.packaging import ROOT

REGION = "us-east-1"
DISK_MB = 512
"""As large as a function's on AWS."""
_FEW: dict[str, Any] = {
    "windows_days": [7, 30], "long_windows_days": [180], "split_windows_days": [30], "half_lives_days": [14], "weeks": 2,
    "texts": {"kind": 3, "module": 3}, "trends": [{"recent": 7, "before": 23}], "categories": 4,
}  # fmt: skip
_FEW_OF_A_COMPANY = {"statistics": ["mean"], "of": ["events_30d"], "against": ["events_30d"]}
_DEFINITIONS = "features/definitions.toml"
_CLOCK = '''"""The clock of a machine that is wrong: by so many seconds as a file says when the process starts."""
import os
ahead = float(open(os.environ["CHAOS_CLOCK"]).read())
if ahead:
    import datetime, time_machine
    now = datetime.datetime.now(datetime.UTC)
    time_machine.travel(now + datetime.timedelta(seconds=ahead), tick=True).start()
'''


@dataclass
class Stage:
    """Where schedules are played; `ports` are four in a row: the runtime's, two of the sources', the door's."""

    folder: Path
    port: int
    customers: int

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bounded, self.kept = False, self.folder / "kept"
        self.state, self.disk = self.folder / "deployed", self.folder / "disk"
        self.clock, self.config = self.folder / "clock", self.folder / "holdfast.toml"
        self.processes = Processes(self.state)
        self.workers = Workers(f"http://127.0.0.1:{self.port + 3}")
        self.door = Door(self.port + 3, self.port, self.workers.whose)

    def __enter__(self) -> Self:
        with ExitStack() as undone:
            undone.callback(self._end)
            self._deploy()
            undone.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _deploy(self) -> None:
        self._empty()
        self.door.__enter__()
        self.disk.mkdir(exist_ok=True)
        self.bounded = _mounted(self.disk)
        self.tick(0.0)
        _configured(self.config)
        self.start()
        self._holdfast(
            "demo", "--config", str(self.config), "--customers", str(self.customers), "--port", str(self.port)
        )
        self._altered()
        self.tokens = {source: self.standin(source, "token")["token"] for source in SOURCES}

    def _empty(self) -> None:
        """Nothing of an earlier stage that was cut short is left."""
        self._end_all()
        for folder in (self.kept, self.disk):
            shutil.rmtree(folder, ignore_errors=True)

    def _end(self) -> None:
        self._end_all()
        self.door.__exit__()

    def _end_all(self) -> None:
        self.workers.kill()
        self.processes.stop_all()
        if self.disk.is_mount():
            subprocess.run(["/bin/umount", "--lazy", str(self.disk)], check=False)

    @cached_property
    def deployment(self) -> Deployment:
        return Deployment(**json.loads((self.state / "outputs.json").read_text()))

    @cached_property
    def steps(self) -> Any:
        """A client that is asked again and again how a run goes."""
        return self.deployment.client("stepfunctions")

    @cached_property
    def functions(self) -> dict[str, dict[str, Any]]:
        """Configurations of the deployed functions by the state that they serve."""
        pages = self.deployment.client("lambda").get_paginator("list_functions").paginate()
        found = [each for page in pages for each in page["Functions"]]
        states = {each["FunctionName"]: each.get("Environment", {}).get("Variables", {}) for each in found}
        named = "POWERTOOLS_SERVICE_NAME"
        return {states[each["FunctionName"]][named]: each for each in found if named in states[each["FunctionName"]]}

    def start(self) -> None:
        """Start the runtime on what it kept."""
        further = {
            "AWS_ENDPOINT_URL": self.door.url,
            "CHAOS_CLOCK": str(self.clock),
            "PERSIST_STATE": "1",
            "S3_DATA_DIR": str(self.kept / "objects"),
            "S3_PERSIST": "1",
            "STATE_DIR": str(self.kept / "services"),
        }
        if self.bounded:
            further |= {"TMPDIR": str(self.disk)}
        runtime.start(self.processes, self.port, REGION, further=further)

    def restart(self) -> None:
        """Kill everything that computes, and start the runtime on what it kept: AWS's stores lose nothing either."""
        self.workers.kill()
        whole = psutil.Process(json.loads((self.state / "processes.json").read_text())[runtime.NAME]["pid"])
        whole.terminate()
        whole.wait(60)
        self.start()

    def refuse_dead(self) -> None:
        """End where somebody else ended the runtime: nothing would ever answer again."""
        if not self.processes.running(runtime.NAME):
            raise SystemExit(
                "the embedded runtime was killed from outside, perhaps for want of memory (a series takes 3 GB); the same command goes on"
            )

    def standin(self, source: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Move a source by hand, or with no body look at it."""
        url = f"http://127.0.0.1:{self.port + 1 + SOURCES.index(source)}/_standin/{what}"
        answer = httpx.get(url, timeout=60) if body is None else httpx.post(url, json=body, timeout=60)
        return dict(answer.raise_for_status().json())

    def token(self, source: str, value: str) -> None:
        """Keep another token of a source."""
        secrets.put(self.deployment, source, secrets.TOKEN, value)

    def timeout(self, state: str, seconds: int) -> None:
        """Let a function run so long."""
        name = self.functions[state]["FunctionName"]
        self.deployment.client("lambda").update_function_configuration(FunctionName=name, Timeout=seconds)

    def fill(self) -> None:
        """Take the whole disk of the functions."""
        with suppress(OSError), (self.disk / "ballast").open("wb") as ballast:
            while True:
                ballast.write(bytes(1 << 16))

    def clear(self) -> None:
        """Give it back."""
        (self.disk / "ballast").unlink(missing_ok=True)

    def tick(self, ahead: float) -> None:
        """The clock of every process that starts from now on is so many seconds ahead."""
        self.clock.write_text(str(ahead))

    def _altered(self) -> None:
        """Give every function's code a clock that can be wrong, and few features to make."""
        functions = self.deployment.client("lambda")
        for each in self.functions.values():
            where = functions.get_function(FunctionName=each["FunctionName"])["Code"]["Location"]
            with urllib.request.urlopen(where) as answer:  # noqa: S310 - the runtime's own address
                code = _altered(answer.read())
            functions.update_function_code(FunctionName=each["FunctionName"], ZipFile=code)

    def _holdfast(self, *arguments: str) -> None:
        command = [str(Path(sys.executable).with_name("holdfast")), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env=os.environ | {"HOLDFAST_STATE": str(self.state)})  # fmt: skip
        if done.returncode:
            raise SystemExit(f"holdfast {arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


SOURCES = ("hubspot", "intercom")


def _configured(path: Path) -> None:
    """The repository's own configuration with a model that few customers can carry."""
    settings = load_settings(ROOT / "holdfast.toml")
    small = settings.model_copy(
        update={
            "training": settings.training.model_copy(update=FOR_FEW),
            "promotion": settings.promotion.model_copy(update={"minimum_auc": 0.0}),
        }
    )
    path.write_text(tomli_w.dumps(small.model_dump(mode="json", exclude_none=True, by_alias=True)))


def _altered(code: bytes) -> bytes:
    """The archive with the clock, and where it has definitions, with few."""
    altered = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(code)) as before, zipfile.ZipFile(altered, "w", zipfile.ZIP_DEFLATED) as after:
        for each in before.infolist():
            content = before.read(each)
            few = each.filename == _DEFINITIONS
            after.writestr(each, tomli_w.dumps(_few(tomllib.loads(content.decode()))).encode() if few else content)
        after.writestr("sitecustomize.py", _CLOCK)
    return altered.getvalue()


def _few(definitions: dict[str, Any]) -> dict[str, Any]:
    """The same with few features of every entity: which there are is not what a fault can change."""
    entities = {
        name: entity
        | {
            "primitives": entity.get("primitives", [])[:1],
            "by": {column: made[:1] for column, made in entity.get("by", {}).items()},
        }
        for name, entity in definitions["entities"].items()
    }
    return definitions | _FEW | {"entities": entities, "company": definitions["company"] | _FEW_OF_A_COMPANY}


def _mounted(folder: Path) -> bool:
    """Make the folder a disk of its own; only root may."""
    command = ["/bin/mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
