"""The embedded AWS runtime: every service of the stack on one loopback port."""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from infra.local.processes import Processes, is_listening
from infra.trouble import Trouble

NAME = "runtime"
ACCOUNT = "000000000000"
ACCESS_KEY, SECRET_KEY = "test", "test"
"""The runtime's own root keys: they open nothing anywhere else."""
_NOT_OURS = (
    "PYTHONDONTWRITEBYTECODE",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


def endpoint(port: int) -> str:
    """The address of everything."""
    return f"http://127.0.0.1:{port}"


def environment(port: int, region: str) -> dict[str, str]:
    """This process's environment, turned to the embedded runtime: nothing of a real account is left in it, nor what
    would make every cold start compile its imports again."""
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_OURS}
    nowhere = os.devnull
    return kept | {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL": endpoint(port),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": region,
    }


def start(processes: Processes, port: int, region: str) -> bool:
    """Start the runtime unless ours already runs; returns whether it was started.

    Raises:
        Trouble: another program has the port, or the runtime does not start.
    """
    if processes.running(NAME) and is_healthy(port):
        return False
    processes.stop(NAME)
    if is_listening(port):
        raise Trouble(
            f'port {port} is taken by another program: stop it, or choose another port: make demo ARGS="--port {port + 10}"'
        )
    own = environment(port, region) | {
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",  # it would listen on every interface, whatever BIND_HOST says
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        "MINISTACK_REGION": region,
    }
    ready = lambda: processes.listens(NAME, port) and is_healthy(port)  # noqa: E731
    processes.start(NAME, [str(Path(sys.executable).with_name("ministack"))], own, ready)
    return True


def is_healthy(port: int) -> bool:
    """Whether the runtime answers."""
    try:
        with urllib.request.urlopen(f"{endpoint(port)}/_ministack/health", timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
