"""A certificate that who is told of its authority trusts, and nobody else."""

import ssl
import stat
from pathlib import Path

import pytest

from infra.local.certificate import certificate, trusted


def shaken_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str:
    """Both sides in memory; the name of what they agree on."""
    there, here = ssl.MemoryBIO(), ssl.MemoryBIO()
    answering = server.wrap_bio(there, here, server_side=True)
    asking = client.wrap_bio(here, there, server_hostname=name)
    for _ in range(3):
        for side in (asking, answering):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return str(asking.version())


@pytest.fixture
def server(tmp_path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path).server)
    return context


def test_who_is_told_of_the_authority_trusts_the_server(server: ssl.SSLContext, tmp_path: Path) -> None:
    client = ssl.create_default_context(cafile=tmp_path / "authority.pem")

    assert shaken_hands(server, client, "127.0.0.1").startswith("TLS")
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(server, client, "127.0.0.2")


def test_nobody_else_does(server: ssl.SSLContext) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(server, ssl.create_default_context(), "127.0.0.1")


def test_only_its_owner_reads_the_servers_key(tmp_path: Path) -> None:
    made = certificate(tmp_path)

    assert stat.S_IMODE(made.server.stat().st_mode) == 0o600
    assert set(trusted(made.authority).values()) == {str(made.authority)}
