"""The embedded AWS runtime: every service of the stack on one loopback port."""

import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from infra.local.certificate import certificate, trusted
from infra.local.processes import Processes, is_listening
from infra.trouble import Trouble

NAME = "runtime"
PORT = 4566
"""Unless another is asked for; the stand-ins take the next two."""
PLAIN, ENFORCING = "infra.local.checksums", "infra.local.enforcing"
"""Modules that run it."""
ACCOUNT = "000000000000"
ACCESS_KEY, SECRET_KEY = "test", "test"
"""The runtime's own root keys: they open nothing anywhere else."""
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NOT_OURS = (
    "PYTHONDONTWRITEBYTECODE",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


def endpoint(port: int, authority: Path | None = None) -> str:
    """The address of everything; with TLS where somebody vouches for the runtime."""
    return f"{'https' if authority else 'http'}://127.0.0.1:{port}"


def environment(port: int, region: str, authority: Path | None = None) -> dict[str, str]:
    """This process's environment, turned to the embedded runtime: nothing of a real account is left in it, nor what
    would make every cold start compile its imports again."""
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_OURS}
    nowhere = os.devnull
    return (
        kept
        | (trusted(authority) if authority else {})
        | {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL": endpoint(port, authority),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DEFAULT_ACCOUNT": ACCOUNT,
            "CDK_DEFAULT_REGION": region,
        }
    )


def start(
    processes: Processes,
    port: int,
    region: str,
    authority: Path | None = None,
    *,
    further: Mapping[str, str] = _NOTHING,
) -> bool:
    """Start the runtime unless ours already runs so, with `further` variables of its environment; returns whether it was started.

    With an authority it is asked over TLS and enforces IAM: it verifies signatures, and evaluates the policies of roles and of
    resources. Those of the buckets deny what comes without TLS, so that the one is not to be had without the other.

    Raises:
        Trouble: another program has the port, or the runtime does not start.
    """
    if processes.running(NAME) and is_healthy(port, authority):
        return False
    processes.stop(NAME)
    if is_listening(port):
        raise Trouble(
            f'port {port} is taken by another program: stop it, or choose another port: make demo ARGS="--port {port + 10}"'
        )
    enforcing = _enforcing(authority) if authority else {"AUTH": "false", "USE_SSL": "0"}
    own = (
        environment(port, region, authority)
        | enforcing
        | {
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",  # it would listen on every interface, whatever BIND_HOST says
            "GATEWAY_PORT": str(port),
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
            "MINISTACK_REGION": region,
        }
        | dict(further)
    )
    ready = lambda: processes.listens(NAME, port) and is_healthy(port, authority)  # noqa: E731
    processes.start(NAME, [sys.executable, "-m", ENFORCING if authority else PLAIN], own, ready)
    return True


def _enforcing(authority: Path) -> dict[str, str]:
    server = str(certificate(authority.parent).server)
    return {"AUTH": "true", "USE_SSL": "1", "MINISTACK_SSL_CERT": server, "MINISTACK_SSL_KEY": server}


def is_healthy(port: int, authority: Path | None = None) -> bool:
    """Whether the runtime answers."""
    url = f"{endpoint(port, authority)}/_ministack/health"
    try:
        vouched = ssl.create_default_context(cafile=authority) if authority else None
        with urllib.request.urlopen(url, timeout=2, context=vouched) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
