"""Which hosts a source's token may be sent to."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""This machine: nothing that is sent there leaves it, so that it may go unencrypted."""


def is_private(address: str) -> bool:
    """Whether nobody on the way can read or exchange what is got from an address: it is encrypted, or does not leave this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def check_host(base_url: str, vendors: str, allowed: Collection[str] = ()) -> None:
    """Hold an API's address to its vendor's hosts (a regular expression), to this machine, and to hosts that a user allows.

    Raises:
        ValueError: it is none of these, not encrypted, or says more than where the API is.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if host in LOOPBACK and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https":
        raise ValueError(f"base_url {base_url!r} must begin with https://: only this machine may be reached without")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"base_url must be an address alone, like https://{host}")
    if not re.fullmatch(vendors, host) and host not in {each.lower() for each in allowed}:
        raise ValueError(
            f"base_url: {host!r} is no host of this vendor, so it gets no token; if it is a proxy of yours, "
            f'write allowed_hosts = ["{host}"]'
        )
