"""The certificate of an embedded runtime that is asked over TLS: made on this machine, trusted by who is told of it and nobody else."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """Where its two files lie."""

    authority: Path
    """Who vouches for the server: callers are told of it."""
    server: Path
    """The server's key and its certificate, in one file that only its owner reads."""


def certificate(folder: Path) -> Certificate:
    """A new one for 127.0.0.1, in files of `folder`; the authority's own key is kept nowhere."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate((folder / "authority.pem").resolve(), (folder / "server.pem").resolve())
    authority = trustme.CA(organization_name="Holdfast, embedded runtime")
    authority.cert_pem.write_to_path(made.authority)
    made.server.touch(mode=0o600)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(made.server)
    return made


def trusted(authority: Path | str) -> dict[str, str]:
    """The variables by which the AWS SDK, OpenSSL (Arrow's S3 client and httpx ask it) and Node learn of an authority."""
    return dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), str(authority))
