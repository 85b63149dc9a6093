"""The real CDK command line, from the lock, pointed at the embedded runtime."""

import os
import subprocess
import sys
from pathlib import Path

from botocore.exceptions import ClientError

from infra.cli.deployment import STATE, session
from infra.local import runtime
from infra.packaging import ROOT
from infra.trouble import Trouble

LOG = STATE / "deploy.log"


def bootstrap(port: int, region: str, authority: Path | None = None) -> bool:
    """`cdk bootstrap`, unless the runtime has it; returns whether it was needed."""
    endpoint = runtime.endpoint(port, authority)
    cloudformation = session(region, endpoint, str(authority or "")).client("cloudformation", endpoint_url=endpoint)
    try:
        cloudformation.describe_stacks(StackName="CDKToolkit")
    except ClientError:
        _cdk(port, region, authority, "bootstrap", f"aws://{runtime.ACCOUNT}/{region}")
        return True
    return False


def deploy(port: int, region: str, config: Path, authority: Path | None = None) -> None:
    """`cdk deploy` of target `local`.

    Raises:
        Trouble: it failed; the message shows the end of its output.
    """
    _cdk(
        port,
        region,
        authority,
        "deploy",
        "--require-approval",
        "never",
        "--context",
        "target=local",
        "--context",
        f"config={config}",
        "--context",
        f"build={STATE / 'build'}",
        "--output",
        str(STATE / "cdk.out"),
    )


def _cdk(port: int, region: str, authority: Path | None, *arguments: str) -> None:
    environment = runtime.environment(port, region, authority) | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CDK_DISABLE_CLI_TELEMETRY": "1",
    }
    command = [str(Path(sys.executable).with_name("cdk")), *arguments]
    # Bootstrapping needs no app: where there is no cdk.json, none is synthesised for it.
    folder = STATE if arguments[0] == "bootstrap" else ROOT
    with LOG.open("wb") as log:
        result = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if result.returncode:
        said = "\n".join(LOG.read_text(errors="replace").splitlines()[-12:])
        raise Trouble(f"cdk {arguments[0]} failed; the end of {LOG}:\n{said}")
