"""A deployment of its own on the embedded runtime, by the command line that everybody uses."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.cli.deployment import Deployment

FOR_FEW = {"cutoffs": 2, "minimum_churners": 1, "trees": 20, "features": 20}
"""`[training]` of a model that few customers can carry."""


@dataclass
class Deployed:
    """Where it keeps its state, and its first port of three."""

    state: Path
    port: int

    @property
    def deployment(self) -> Deployment:
        return Deployment(**json.loads((self.state / "outputs.json").read_text()))

    def holdfast(self, *arguments: str, well: bool = True, typed: str = "") -> str:
        """Run a command; `well` says how it has to end. What it printed, and of one that has to fail what it complained of as well."""
        command = [str(Path(sys.executable).with_name("holdfast")), *arguments]
        environment = os.environ | {"HOLDFAST_STATE": str(self.state)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, input=typed)
        if (done.returncode == 0) != well:
            raise SystemExit(f"{' '.join(arguments[:1])} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout if well else done.stdout + done.stderr

    def put(self, key: str, body: bytes) -> None:
        """Upload a file."""
        self.deployment.client("s3").put_object(Bucket=self.deployment.uploads_bucket, Key=key, Body=body)
